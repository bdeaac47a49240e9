"""What a run will do: which posts, from which sources, on which hosts, and which can't be asked at all.

Reads front matter only; bodies are read when a post is judged. Asks nothing of the network.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from preserve.errors import PostError
from preserve.model import Check, Evidence, Judgement, Reason, Verdict
from preserve.posts import NotAPostError, find_posts, read_post
from preserve.settings import Settings
from preserve.urls import host_of, wire_url


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
    unchecked: tuple[Check, ...]
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
        unasked = (check.post for check in self.unchecked)
        return (*unasked, *(post.path for task in self.tasks for post in task.posts))


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows that a plan depends on.

    Attributes:
        last_checked: when each post was last checked.
        done: posts this run has checked before it was interrupted.
    """

    last_checked: Mapping[str, datetime]
    done: Collection[str]


def make_plan(arguments: Sequence[str], settings: Settings, known: Known, now: datetime) -> Plan:
    """Read the front matter of every post and group what is due by source.

    Args:
        arguments: files and directories as the caller gave them.
        settings: `run.older_than` and `run.limit` select, `posts` says how to read.
        known: from the ledger.
        now: the time `older_than` counts back from.

    Raises:
        PostError: an argument does not exist, or is a file without front matter.
    """
    age = timedelta(seconds=settings.run.older_than)
    by_url: dict[str, list[PlannedPost]] = {}
    unchecked: list[Check] = []
    not_posts: list[str] = []
    taken = done = not_due = over_limit = 0
    for path in find_posts(arguments, settings.posts):
        if path in known.done:
            done += 1
            continue
        last = known.last_checked.get(path)
        # A check dated in the future tells that the clock was set back; one far ahead must not put a post off for good.
        if age and last is not None and abs(now - last) < age:
            not_due += 1
            continue
        if settings.run.limit and taken >= settings.run.limit:
            over_limit += 1
            continue
        try:
            planned = _plan_post(path, settings, now)
        except NotAPostError:
            if path in arguments:
                raise
            not_posts.append(path)
            continue
        taken += 1
        if isinstance(planned, Check):
            unchecked.append(planned)
        else:
            url, post = planned
            by_url.setdefault(url, []).append(post)
    return Plan(tuple(_tasks(by_url)), tuple(unchecked), done, not_due, over_limit, tuple(not_posts))


def _tasks(by_url: Mapping[str, Iterable[PlannedPost]]) -> Iterable[SourceTask]:
    for url, posts in by_url.items():
        yield SourceTask(url, host_of(url), tuple(posts))


def _plan_post(path: str, settings: Settings, now: datetime) -> tuple[str, PlannedPost] | Check:
    try:
        post = read_post(path, settings.posts)
    except NotAPostError:
        raise
    except PostError as error:
        return unchecked(path, None, now, (Reason.UNREADABLE_POST, str(error)))
    if post.source is None:
        keys = ", ".join(settings.posts.source_keys)
        return unchecked(path, None, now, (Reason.NO_SOURCE, f"none of the keys {keys} has a value"))
    try:
        url = wire_url(post.source)
    except ValueError as error:
        saw = f"{path}:{post.source_line}: {post.source_key}: {error}"
        return unchecked(path, post.source, now, (Reason.INVALID_SOURCE, saw))
    return url, PlannedPost(path, post.source)


def unchecked(post: str, source: str | None, now: datetime, why: tuple[Reason, str]) -> Check:
    """The check of a post whose source is not asked; `why` is the reason and what was seen."""
    reason, saw = why
    judgement = Judgement(Verdict.UNCHECKED, reason, evidence=(Evidence(reason.value, True, saw),))
    error = saw if reason in (Reason.UNREADABLE_POST, Reason.INVALID_SOURCE) else ""
    return Check(post=post, source=source, checked_at=now, judgement=judgement, error=error)
