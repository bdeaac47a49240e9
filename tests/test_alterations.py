"""When a stored copy was altered, and by which commit: over the sightings of one post."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preserve.alterations import How, Sighting, alterations, telling, version_told
from preserve.model import CommitState, PostVersion

START = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
C1, C2 = "1" * 40, "2" * 40
COMMITTED, CONVERTED, MODIFIED, UNCOMMITTED = CommitState


def at(week: int) -> datetime:
    return START + timedelta(weeks=week)


def seen(week: int, content: str, version: PostVersion | None = None) -> Sighting:
    return Sighting(at(week), f"sha256:{content}", version)


def test_the_same_bytes_are_no_alteration() -> None:
    assert alterations([]) == ()
    assert alterations([seen(0, "a"), seen(1, "a"), seen(2, "a")]) == ()


@pytest.mark.parametrize(
    ("old", "new", "how", "told"),
    [
        (
            PostVersion(COMMITTED, C1, at(-9)),
            PostVersion(COMMITTED, C2, at(1)),
            How.COMMIT,
            "altered on 2026-03-08 06:00 UTC (commit 222222222222 by the collection's git history), first seen"
            " 2026-03-15 06:00 UTC",
        ),
        (
            PostVersion(COMMITTED, C2, at(-1)),
            PostVersion(CONVERTED, C1, at(-9)),  # an older version was checked out
            How.COMMIT,
            "altered between 2026-03-01 06:00 UTC and 2026-03-15 06:00 UTC (to what commit 111111111111 of 2025-12-28"
            " 06:00 UTC has, by the collection's git history)",
        ),
        (
            PostVersion(COMMITTED, C1, at(-9)),
            PostVersion(MODIFIED, C1, at(-9)),
            How.NO_COMMIT,
            "altered between 2026-03-01 06:00 UTC and 2026-03-15 06:00 UTC (by no commit: git had these bytes in none"
            " when they were first seen)",
        ),
        (PostVersion(UNCOMMITTED), PostVersion(UNCOMMITTED), How.NO_COMMIT, "by no commit"),
        (
            PostVersion(MODIFIED, C1, at(-9)),
            PostVersion(COMMITTED, C1, at(-9)),
            How.RESTORE,
            "an uncommitted change was taken back to commit 111111111111",
        ),
        (PostVersion(MODIFIED, C1, at(-9)), PostVersion(COMMITTED, C2, at(1)), How.COMMIT, "commit 222222222222"),
        (PostVersion(COMMITTED), PostVersion(COMMITTED), How.UNKNOWN, "by which commit is not known"),
        (None, None, How.UNKNOWN, "by which commit is not known"),
        (None, PostVersion(COMMITTED, C2, None), How.COMMIT, "to what commit 222222222222 has"),
    ],
)
def test_what_git_said_tells_how(old: PostVersion | None, new: PostVersion | None, how: How, told: str) -> None:
    (found,) = alterations([seen(-1, "a", old), seen(0, "a", old), seen(2, "b", new), seen(3, "b", new)])
    assert (found.before.at, found.after.at, found.how) == (at(0), at(2), how)
    assert found.commit == (new.commit if how is How.COMMIT and new else "")
    assert told in telling(found)


def test_bytes_that_come_back_are_of_no_new_commit() -> None:
    first = PostVersion(COMMITTED, C1, at(-9))
    _, back = alterations([seen(0, "a", first), seen(1, "b", PostVersion(COMMITTED, C2, at(1))), seen(2, "a", first)])
    assert (back.how, back.commit) == (How.RETURN, "")
    assert "back to bytes that were witnessed before" in telling(back)


@pytest.mark.parametrize(
    ("version", "told"),
    [
        (PostVersion(UNCOMMITTED), "in no commit"),
        (PostVersion(COMMITTED), "a commit that the history lacks"),
        (PostVersion(COMMITTED, C1, START), "commit 111111111111 of 2026-03-01 06:00 UTC"),
        (
            PostVersion(MODIFIED, C1, START),
            "commit 111111111111 of 2026-03-01 06:00 UTC, changed since without a commit",
        ),
    ],
)
def test_a_version_in_words(version: PostVersion, told: str) -> None:
    assert version_told(version) == told


@given(st.lists(st.sampled_from("abc"), max_size=12))
def test_there_is_one_alteration_for_each_change(contents: list[str]) -> None:
    sightings = [seen(week, content) for week, content in enumerate(contents)]
    found = alterations(sightings)
    assert len(found) == sum(one != other for one, other in pairwise(contents))
    assert all(one.before.digest != one.after.digest and one.before.at < one.after.at for one in found)
    assert {one.how for one in found} <= {How.RETURN, How.UNKNOWN}
