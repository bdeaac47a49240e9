"""Work spread over processes, where there is enough of it to pay for starting them."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Final, TypeVar

from preserve.errors import JudgingError

WORTH: Final = 24
"""With fewer small tasks than this, one process is done before others have started."""

Task = TypeVar("Task")
Result = TypeVar("Result")


def spread(
    work: Callable[[Task], Result], tasks: Iterable[Task], workers: int, worth: int | None = None
) -> Iterator[tuple[Task, Result]]:
    """Each task with its result, as they are done; few are in flight at a time, so that memory is bounded.

    Args:
        work: a function of a module, that a process can be sent.
        tasks: picklable.
        workers: processes; 0 means one per processor.
        worth: with fewer tasks, all is done in this process; None for `WORTH`.

    Raises:
        JudgingError: a process died, on a page that its parser can't stand.
    """
    count = workers or len(os.sched_getaffinity(0))
    worth = WORTH if worth is None else worth
    waiting = iter(tasks)
    first = list(islice(waiting, worth))
    if len(first) < worth or count < 2:
        for task in (*first, *waiting):
            yield task, work(task)
        return
    with ProcessPoolExecutor(count, multiprocessing.get_context("spawn")) as pool:
        flying: list[tuple[Task, Future[Result]]] = [(task, pool.submit(work, task)) for task in first]
        try:
            while flying:
                task, future = flying.pop(0)
                for more in islice(waiting, 1):
                    flying.append((more, pool.submit(work, more)))
                yield task, future.result()
        except BrokenProcessPool as error:
            raise JudgingError(
                "a process that reads pages died. Name single posts with --post to find out which page it was."
            ) from error
        finally:
            for _, future in flying:
                future.cancel()
