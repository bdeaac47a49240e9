"""Work for the processes of an audit; in a module of its own, which a process that is started anew can import."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from preserve.audit.processes import Bench
from preserve.errors import ArchiveError


@dataclass(frozen=True)
class Doubling(Bench[int, int]):
    """Doubles numbers; 13 can't be read, and 17 ends the process."""

    @contextmanager
    def opened(self) -> Iterator[Callable[[int], int]]:
        """See `Bench.opened`."""
        yield self.double

    @staticmethod
    def double(task: int) -> int:
        """Twice the task."""
        if task == 13:
            raise ArchiveError("13 can't be read")
        if task == 17:
            os._exit(3)
        return 2 * task
