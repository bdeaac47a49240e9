"""How far a long work has come: a bar on a terminal, a line now and then elsewhere. On standard error."""

from __future__ import annotations

from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

LINES: Final = 20  # where there is no terminal, of a work of any size
FEW: Final = 100  # and none more often than this


class Counting:
    """Counts. A context manager: the bar lives inside it.

    Args:
        err: where it goes.
        total: how many there are.
    """

    def __init__(self, err: Console, total: int) -> None:
        self._err, self._total, self._done = err, total, 0
        self._every = max(FEW, total // LINES)
        columns = (
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[said]}"),
        )
        self._bar = Progress(*columns, console=err, transient=True, disable=not err.is_terminal)
        self._task = self._bar.add_task("", total=total, said="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def count(self, said: str) -> None:
        """One more is done; `said` is what came of it so far."""
        self._done += 1
        if self._err.is_terminal:
            self._bar.update(self._task, completed=self._done, said=said)
        elif self._done % self._every == 0 or self._done == self._total:
            self._err.print(f"{self._done}/{self._total}  {said}", soft_wrap=True)
