"""What a run will do: which posts, from which sources, on which hosts, and which can't be asked at all.

Reads front matter only; bodies are read when a post is judged. Asks nothing of the network.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import overload

from preserve.ledger import Ledger
from preserve.model import Check, Evidence, Judgement, Reason, Verdict
from preserve.posts import find_posts, read_post
from preserve.settings import RunSettings, Settings
from preserve.urls import host_of
from preserve.verify.readings import NoPost, PostReader, Unasked


@dataclass(frozen=True, slots=True)
class PlannedPost:
    """A post that waits for its source.

    Attributes:
        path: as given.
        source: the source URL exactly as the post has it.
    """

    path: str
    source: str


@dataclass(frozen=True, slots=True)
class SourceTask:
    """One source URL and every post that names it: asked once, judged each.

    Attributes:
        url: the URL to ask.
        host: its host name, the unit of politeness.
        posts: at least one.
    """

    url: str
    host: str
    posts: tuple[PlannedPost, ...]

    @property
    def source(self) -> str:
        """The source as the first of the posts writes it."""
        return self.posts[0].source


class Unchecked(Sequence[Check]):
    """Checks that are concluded before anything is asked; made when they are looked at, since one is large.

    Args:
        posts: their paths, and why they can't be asked.
        now: when that was concluded.
    """

    def __init__(self, posts: Iterable[tuple[str, Unasked]], now: datetime) -> None:
        self._posts, self._now = tuple(posts), now

    @property
    def paths(self) -> Iterator[str]:
        """Of the posts."""
        return (path for path, _ in self._posts)

    def __len__(self) -> int:
        return len(self._posts)

    @overload
    def __getitem__(self, index: int) -> Check: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Check, ...]: ...

    def __getitem__(self, index: int | slice) -> Check | tuple[Check, ...]:
        if isinstance(index, slice):
            return tuple(self._check(one) for one in self._posts[index])
        return self._check(self._posts[index])

    def _check(self, one: tuple[str, Unasked]) -> Check:
        path, why = one
        return unchecked(path, why.source, self._now, (why.reason, why.saw))


@dataclass(frozen=True, slots=True)
class Plan:
    """A run's work.

    Attributes:
        tasks: sources to ask.
        unchecked: checks that are concluded already: no source, no valid URL, not a readable post.
        done: posts of the arguments that this (resumed) run has checked before.
        not_due: posts left out because their last check is younger than `older_than`.
        over_limit: posts left out because of `limit`.
        not_posts: files met in directories that have no front matter, a README for instance.
    """

    tasks: tuple[SourceTask, ...]
    unchecked: Unchecked
    done: int = 0
    not_due: int = 0
    over_limit: int = 0
    not_posts: tuple[str, ...] = ()

    @property
    def posts(self) -> int:
        """How many posts will get a verdict."""
        return len(self.unchecked) + sum(len(task.posts) for task in self.tasks)

    @property
    def paths(self) -> tuple[str, ...]:
        """Their paths."""
        return (*self.unchecked.paths, *(post.path for task in self.tasks for post in task.posts))

    def by_host(self) -> dict[str, list[SourceTask]]:
        """The sources to ask, by host."""
        found: dict[str, list[SourceTask]] = {}
        for task in self.tasks:
            found.setdefault(task.host, []).append(task)
        return found


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows that a plan depends on.

    Attributes:
        not_due: posts whose last check is too young for another.
        done: posts this run has checked before it was interrupted.
    """

    not_due: Collection[str] = frozenset()
    done: Collection[str] = frozenset()


def known_of(ledger: Ledger, settings: RunSettings, now: datetime, done: Collection[str] = frozenset()) -> Known:
    """What `ledger` knows.

    Args:
        ledger: open.
        settings: `older_than` says which checks are too young.
        now: the time it counts back from.
        done: posts that the run has checked already.
    """
    if not settings.older_than:
        return Known(done=done)
    # A check dated in the future tells that the clock was set back; one far ahead must not put a post off for good.
    age = timedelta(seconds=settings.older_than)
    return Known(ledger.checked_between(now - age, now + age), done)


def make_plan(arguments: Sequence[str], settings: Settings, known: Known, now: datetime, reader: PostReader) -> Plan:
    """Read the front matter of every post, or remember it, and group what is due by source.

    Args:
        arguments: files and directories as the caller gave them.
        settings: `run.limit` selects, `posts` says how to read.
        known: from the ledger.
        now: when posts that can't be asked are concluded.
        reader: reads the posts.

    Raises:
        PostError: an argument does not exist, or is a file without front matter.
    """
    by_url: dict[str, PlannedPost | list[PlannedPost]] = {}
    unasked: list[tuple[str, Unasked]] = []
    not_posts: list[str] = []
    taken = done = not_due = over_limit = 0
    for path in find_posts(arguments, settings.posts):
        if path in known.done:
            done += 1
            continue
        if path in known.not_due:
            not_due += 1
            continue
        if settings.run.limit and taken >= settings.run.limit:
            over_limit += 1
            continue
        reading = reader.read(path)
        if isinstance(reading, NoPost):
            if path in arguments:
                read_post(path, settings.posts)  # which says what it is wanting
            not_posts.append(path)
            continue
        taken += 1
        if isinstance(reading, Unasked):
            unasked.append((path, reading))
        else:
            _add(by_url, reading.url, PlannedPost(path, reading.source))
    return Plan(tuple(_tasks(by_url)), Unchecked(unasked, now), done, not_due, over_limit, tuple(not_posts))


def _add(by_url: dict[str, PlannedPost | list[PlannedPost]], url: str, post: PlannedPost) -> None:
    """Few sources have more than one post: a list for each would be most of what a plan takes."""
    there = by_url.setdefault(url, post)
    if isinstance(there, list):
        there.append(post)
    elif there is not post:
        by_url[url] = [there, post]


def _tasks(by_url: dict[str, PlannedPost | list[PlannedPost]]) -> Iterator[SourceTask]:
    for url, posts in by_url.items():
        yield SourceTask(url, sys.intern(host_of(url)), tuple(posts) if isinstance(posts, list) else (posts,))


def unchecked(post: str, source: str | None, now: datetime, why: tuple[Reason, str]) -> Check:
    """The check of a post whose source is not asked; `why` is the reason and what was seen."""
    reason, saw = why
    judgement = Judgement(Verdict.UNCHECKED, reason, evidence=(Evidence(reason.value, True, saw),))
    error = saw if reason in (Reason.UNREADABLE_POST, Reason.INVALID_SOURCE) else ""
    return Check(post=post, source=source, checked_at=now, judgement=judgement, error=error)
