"""From a source to the order a worker gets: the posts' bytes, and all that ledger and run know that it may need."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from preserve.ledger import Background, Ledger
from preserve.model import Reason
from preserve.times import Clock
from preserve.verify.conclusions import ProbeTask
from preserve.verify.hosts import HostState
from preserve.verify.plan import SourceTask, unchecked
from preserve.verify.recording import Recorder
from preserve.verify.witness import read_posts
from preserve.work.values import Kind, Order


class Orders:
    """Makes orders, each with a number of its own.

    Args:
        ledger: knows earlier captures and checks.
        recorder: takes the checks of posts that can't be read any more.
        clock: for the time of these.
    """

    def __init__(self, ledger: Ledger, recorder: Recorder, clock: Clock) -> None:
        self._ledger, self._recorder, self._clock = ledger, recorder, clock
        self._numbers = itertools.count(1)
        self._looked_up: dict[str, Background] = {}

    def look_up(self, tasks: Iterable[object]) -> None:
        """Ask the ledger for what orders need to know of several sources at once; what is no source is passed over."""
        sources = [task for task in tasks if isinstance(task, SourceTask)]
        visits = [(task.source, [post.path for post in task.posts]) for task in sources]
        found = self._ledger.precedents.backgrounds(visits) if visits else []
        self._looked_up = {task.source: known for task, known in zip(sources, found, strict=True)}

    def of(self, task: SourceTask | ProbeTask, state: HostState) -> Order | None:
        """To ask a random path, or to check a source; None, with their checks concluded, when its posts can't be read.

        Args:
            task: what is to be asked.
            state: what is known of its host.
        """
        if isinstance(task, ProbeTask):
            return Order(next(self._numbers), Kind.PROBE, task.url)
        posts, vanished = read_posts(task.posts)
        for post, why in vanished:
            now = self._clock.now()
            self._recorder.add(unchecked(post.path, post.source, now, (Reason.UNREADABLE_POST, why)))
        if not posts:
            state.pending -= 1
            return None
        if task.source not in self._looked_up:
            self.look_up((task,))
        known = self._looked_up.pop(task.source)
        return Order(
            number=next(self._numbers),
            kind=Kind.SOURCE,
            source=task.source,
            posts=posts,
            last=known.last,
            not_modified=known.not_modified,
            probe=state.probe,
            template=state.template,
            precedents={post.path: known.precedents[post.path] for post in posts if post.path in known.precedents},
        )
