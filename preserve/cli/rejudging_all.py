"""What `preserve rejudge --all` does: every check judged again, reported, and accepted where that is asked for."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from preserve import __version__
from preserve.cli.app import EXIT_FOUND, EXIT_INTERRUPTED
from preserve.cli.counting import Counting
from preserve.cli.look import console
from preserve.cli.opening import ledger_file, open_ledger, settings_for_reading, with_signing_key
from preserve.cli.rejudge_report import print_report, tally_object
from preserve.cli.safe import safe
from preserve.editions import RULES, installed_extractor, judging_software
from preserve.errors import ArchiveError
from preserve.jsonlines import check_object
from preserve.ledger import Ledger
from preserve.rejudge import Acceptance, Backend, Rejudged, Tally, begin, in_chunks, judge_locally, rejudge_all
from preserve.sealing import seal
from preserve.settings import Settings
from preserve.times import SystemClock
from preserve.verify.run import settings_text
from preserve.warc import ArchiveLock

SOFTWARE = f"preserve/{__version__}"


def run_all(archive: str | None, config: Path | None, dask: str | None, *, accept: bool, as_json: bool) -> int:
    """Judge every check again; the exit code.

    Args:
        archive, config: as given.
        dask: judge there; None judges on this machine.
        accept: let what is found stand.
        as_json: print JSON Lines.

    Raises:
        ArchiveError: no ledger, or it can't be read; when accepting, a run is writing to it.
        ConfigError: `dask` is no address, or Dask is not installed.
        SchedulerError: there is no Dask scheduler, or none any more, or no worker of it can be used.
    """
    settings = settings_for_reading(archive, config)
    with _backend(dask) as backend:
        if accept:
            return _accept(with_signing_key(settings, os.environ), backend, as_json=as_json)
        return _report(settings, backend, as_json=as_json)


@contextmanager
def _backend(dask: str | None) -> Iterator[Backend]:
    """Who judges, for as long as the block lasts."""
    if dask is None:
        yield judge_locally
        return
    from preserve.work.panel import Panel  # noqa: PLC0415 - an extra

    err = console(stderr=True)
    with Panel(dask, lambda text: err.print(Text(safe(text)), soft_wrap=True)) as panel:
        yield in_chunks(panel)


def _report(settings: Settings, backend: Backend, *, as_json: bool) -> int:
    with open_ledger(settings) as ledger:
        work = _Work(ledger, settings, backend, as_json=as_json)
        finished = work.go(0, None)
    if not finished:
        stopped = f"Stopped after {work.tally.checks} of {work.total} checks; nothing was written."
        console(stderr=True).print(stopped, soft_wrap=True)
        return EXIT_INTERRUPTED
    if as_json:
        work.write({"summary": {**tally_object(work.tally), "accepted": None}})
    else:
        out = console()
        print_report(out, work.tally)
        out.print("Nothing was written. `preserve rejudge --all --accept` lets these judgements stand.", soft_wrap=True)
    return EXIT_FOUND if work.tally.different or work.tally.problems else 0


def _accept(settings: Settings, backend: Backend, *, as_json: bool) -> int:
    path, directory = ledger_file(settings), Path(settings.archive.directory)
    err = console(stderr=True)
    with ArchiveLock(directory), Ledger.create_or_open(path) as ledger:
        software = judging_software(SOFTWARE, RULES, installed_extractor())  # an interrupted run goes on by the same
        acceptance = begin(ledger, SystemClock(), settings_text(settings), software)
        if acceptance.done:
            err.print(f"Going on with run {acceptance.run}: {acceptance.done} judgements are accepted already.")
        work = _Work(ledger, settings, backend, as_json=as_json)
        finished = work.go(acceptance.run, acceptance)
        if finished:
            acceptance.finish()
        _seal(directory, ledger, settings, err)
    if not finished:
        err.print(
            f"Stopped before all of {work.total} checks were judged again: {acceptance.done} judgements are accepted in"
            f" run {acceptance.run}; the same command goes on from there.",
            soft_wrap=True,
        )
        return EXIT_INTERRUPTED
    if as_json:
        work.write({"summary": {**tally_object(work.tally), "accepted": acceptance.done, "run": acceptance.run}})
    else:
        out = console()
        print_report(out, work.tally)
        out.print(
            f"Accepted in run {acceptance.run}: {acceptance.done} judgements were added, no check was changed and no"
            " source was visited.",
            soft_wrap=True,
        )
    return EXIT_FOUND if work.tally.different or work.tally.problems else 0


class _Work:
    """The checks of a ledger, judged again one after another.

    Attributes:
        tally: what came of them so far.
        total: how many there are.
    """

    def __init__(self, ledger: Ledger, settings: Settings, backend: Backend, *, as_json: bool) -> None:
        self._ledger, self._settings, self._backend, self._as_json = ledger, settings, backend, as_json
        self.tally, self.total = Tally(), 0

    def go(self, but_in: int, acceptance: Acceptance | None) -> bool:
        """Judge them, or as many as there is time for until Ctrl-C; whether that was all."""
        self.total = self._ledger.rejudging.count(but_in=but_in)
        found = rejudge_all(self._ledger.rejudging.checks(but_in=but_in), self._settings, self._backend)
        with closing(found), Counting(console(stderr=True), self.total) as counting:
            try:
                for result in self._taken(found, acceptance):
                    self.tally.add(result)
                    if self._as_json and not result.same:
                        self.write(_object(result))
                    counting.count(self._so_far())
            except KeyboardInterrupt:
                return False
        return True

    def write(self, line: dict[str, Any]) -> None:
        """Print a line of JSON."""
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    def _taken(self, found: Iterable[Rejudged], acceptance: Acceptance | None) -> Iterator[Rejudged]:
        return iter(found) if acceptance is None else acceptance.taken(found)

    def _so_far(self) -> str:
        tally = self.tally
        return f"{tally.different} different" + (f", {tally.problems} not to be judged" if tally.problems else "")


def _object(result: Rejudged) -> dict[str, Any]:
    """A check that comes out otherwise: as it would stand, and as it stands."""
    return {
        "run": result.run,
        "latest": result.latest,
        "cause": result.cause.value,
        **check_object(result.now),
        "stands": check_object(result.check),
    }


def _seal(directory: Path, ledger: Ledger, settings: Settings, err: Console) -> None:
    """Sign the log as it stands; without a checkpoint what was accepted stays, and the next run makes one."""
    try:
        made = seal(directory, ledger, Path(settings.archive.signing_key))
    except ArchiveError as error:
        err.print(Text(safe(f"No checkpoint was made: {error}")), soft_wrap=True)
        return
    if made is not None and made.new_key:
        line = f"Checkpoints are signed by {made.new_key} (note it down outside the archive)"
        err.print(Text(safe(line)), soft_wrap=True)
