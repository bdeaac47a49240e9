"""The part of judging on Dask that runs on a Dask worker: judging processes, kept from one chunk to the next.

A page is never read in the Dask worker itself, whose threads share one interpreter: a page that ends its parser costs
that page. Who is given which chunk is the `panel`'s.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from threading import Timer
from typing import Any

from preserve.errors import ArchiveError, PreserveError
from preserve.judges import Judges
from preserve.model import RecordRef
from preserve.tasks import Judged, JudgeTask
from preserve.warc import read_block
from preserve.work.versions import unlike, versions

IDLE_SECONDS = 5.0


class UnfitError(PreserveError):
    """This Dask worker can't judge for that coordinator; the message says why, its subject left out."""


class Bench:
    """As many judging processes as chunks are judged here at once; each ends when it had nothing to do for a while.

    So none outlives the work by much, whatever became of the coordinator. A bench that Dask copies is a new one.
    """

    def __init__(self) -> None:
        self._idle: dict[Judges, Timer] = {}

    def __reduce__(self) -> tuple[type[Bench], tuple[()]]:
        return Bench, ()

    def judge(self, tasks: tuple[JudgeTask, ...]) -> tuple[Judged | str, ...]:
        """What each task came to, or why it could not be judged; all by one process, so that it extracts a page once.

        Raises:
            JudgingError: no page can be judged here.
        """
        judges = self._taken() or Judges(replace(tasks[0].settings.judge, workers=1))
        try:
            return tuple(map(_outcome, [judges.submit(task) for task in tasks]))
        finally:
            timer = Timer(IDLE_SECONDS, self._end, (judges,))
            timer.daemon = True
            self._idle[judges] = timer
            timer.start()

    def _taken(self) -> Judges | None:
        with suppress(KeyError):  # none is idle
            judges, timer = self._idle.popitem()
            timer.cancel()
            return judges
        return None

    def _end(self, judges: Judges) -> None:
        if self._idle.pop(judges, None) is not None:  # else it was taken in the same moment
            judges.close()


def begin(asked: Mapping[str, Any]) -> Bench:
    """The task that looks whether this Dask worker is fit, and makes its bench.

    Args:
        asked: in plain values that any version can read: the coordinator's `versions`, its `archive`, and a `record`
            that it could read there (the fields of a `RecordRef`; None where there is none).

    Raises:
        UnfitError: of other versions, or without that archive before it.
    """
    wrong = unlike(asked["versions"], versions())
    if not wrong and asked["record"] is not None:
        try:
            read_block(asked["archive"], RecordRef(*asked["record"]))
        except ArchiveError as error:
            wrong = [f"does not see this archive at {asked['archive']}: {error}"]
    if wrong:
        raise UnfitError("it " + "; it ".join(wrong))
    return Bench()


def judge_chunk(bench: Bench, tasks: bytes) -> bytes:
    """The task that judges a chunk: pickled tasks in, what `Bench.judge` says of them out."""
    return pickle.dumps(bench.judge(pickle.loads(tasks)))  # noqa: S301 - the cluster's own: Dask does no less


def _outcome(future: Future[Judged]) -> Judged | str:
    try:
        return future.result()
    except ArchiveError as error:
        return str(error)
