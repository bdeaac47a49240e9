"""Whether a stored copy was altered after it was first witnessed: pure, over what each check of a post saw.

Keepers may correct their posts: an alteration is no fault. What git said of the bytes tells by which commit it was
made, or that no commit has it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from preserve.model import CommitState, PostVersion

COMMIT_DIGITS: Final = 12
_OF_A_COMMIT: Final = (CommitState.COMMITTED, CommitState.CONVERTED)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A post's bytes as one check saw them.

    Attributes:
        at: when the check was concluded.
        digest: labelled digest of the bytes.
        version: what git said when these bytes were first witnessed; None where it said nothing.
    """

    at: datetime
    digest: str
    version: PostVersion | None = None


class How(StrEnum):
    """What is known of an alteration's making."""

    COMMIT = "commit"  # the new bytes are those of a commit
    NO_COMMIT = "no-commit"  # git said that no commit had them when they were first seen
    RETURN = "return"  # they were seen before, and came back
    RESTORE = "restore"  # an uncommitted change was taken back: the commit is the one it was made on
    UNKNOWN = "unknown"  # git said nothing, or its history does not reach the commit


@dataclass(frozen=True, slots=True)
class Alteration:
    """A post's bytes changed between two checks.

    Attributes:
        before: the last sighting of the old bytes.
        after: the first of the new.
        how: what is known of its making.
    """

    before: Sighting
    after: Sighting
    how: How

    @property
    def commit(self) -> str:
        """The commit that the new bytes are of, where git said so and they are new; "" otherwise."""
        return self.after.version.commit if self.how is How.COMMIT and self.after.version is not None else ""


def alterations(seen: Iterable[Sighting]) -> tuple[Alteration, ...]:
    """The alterations of one post, oldest first.

    Args:
        seen: its sightings, oldest first.
    """
    found: list[Alteration] = []
    earlier: set[str] = set()
    last: Sighting | None = None
    for one in seen:
        if last is not None and one.digest != last.digest:
            how = How.RETURN if one.digest in earlier else _how(last.version, one.version)
            found.append(Alteration(last, one, how))
        earlier.add(one.digest)
        last = one
    return tuple(found)


def telling(alteration: Alteration) -> str:
    """An alteration in a phrase: when, and by which commit; on which day exactly, where a commit's time fits."""
    before, after = alteration.before, alteration.after
    made = after.version.committed_at if alteration.commit and after.version is not None else None
    if made is not None and before.at <= made <= after.at:
        commit = alteration.commit[:COMMIT_DIGITS]
        return f"altered on {_day(made)} (commit {commit} by the collection's git history), first seen {_day(after.at)}"
    return f"altered between {_day(before.at)} and {_day(after.at)} ({_why(alteration)})"


def version_told(version: PostVersion) -> str:
    """What git said of a post's bytes, in a phrase."""
    if version.state is CommitState.UNCOMMITTED:
        return "in no commit"
    commit = f"commit {version.commit[:COMMIT_DIGITS]}" if version.commit else "a commit that the history lacks"
    if version.committed_at is not None:
        commit += f" of {_day(version.committed_at)}"
    if version.state is CommitState.MODIFIED:
        return f"{commit}, changed since without a commit"
    return commit


def _how(old: PostVersion | None, new: PostVersion | None) -> How:
    if new is None:
        return How.UNKNOWN
    if new.state not in _OF_A_COMMIT:
        return How.NO_COMMIT
    if not new.commit:
        return How.UNKNOWN
    return How.RESTORE if old is not None and old.commit == new.commit else How.COMMIT


def _why(alteration: Alteration) -> str:
    version = alteration.after.version
    if alteration.how is How.RETURN:
        return "back to bytes that were witnessed before"
    if alteration.how is How.NO_COMMIT:
        return "by no commit: git had these bytes in none when they were first seen"
    if alteration.how is How.RESTORE and version is not None:
        return f"an uncommitted change was taken back to {version_told(version)}"
    if alteration.how is How.COMMIT and version is not None:
        return f"to what {version_told(version)} has, by the collection's git history"
    return "by which commit is not known"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
