"""What a post's front matter says of it: from the bytes that were witnessed, else from the file.

Bytes are named by their digest, so what was read once is kept for the next report; a post that can't be read or
understood has no facts, and the report goes on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any, Final

from preserve.errors import PostError
from preserve.model import Check, Post, StoredCopy
from preserve.posts import parse_post
from preserve.posts.body import stored_copy
from preserve.report.values import PostFacts
from preserve.settings import Settings
from preserve.witnessed import witnessed_bytes, witnessed_post

_DATED_NAME: Final = re.compile(r"(?:^|/)(\d{4}-\d{2}-\d{2})-[^/]*$")
_DAY: Final = re.compile(r"\s*(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_LONGEST: Final = 400  # of a title or category that is kept
_MOST_CATEGORIES: Final = 20
_NOTHING: Final = PostFacts()


class FactsReader:
    """Reads facts, and remembers them by the digest of the post's bytes.

    Args:
        settings: where the archive is and how posts are read.
        known: lines that `lines` gave for an earlier report; what can't be read of them is read anew.
    """

    def __init__(self, settings: Settings, known: Iterable[str] = ()) -> None:
        self._settings = settings
        self._known: dict[str, str] = dict(filter(None, map(_keyed, known)))
        self._used: dict[str, str] = {}

    def facts(self, check: Check) -> PostFacts:
        """The facts of the post as it was when it was checked."""
        digest = check.post_digest
        line = self._known.get(digest) if digest else None
        found = _facts_of_line(line) if line is not None else None
        if found is None or line is None:
            found = self._read(check)
            line = _line_of_facts(digest, found)
        if digest:
            self._used[digest] = line
        return _dated(found, check.post)

    def copy(self, check: Check) -> StoredCopy | None:
        """The stored copy that was compared; None where it can't be read."""
        data = witnessed_bytes(check, self._settings)
        if data is None:
            return None
        try:
            return stored_copy(parse_post(check.post, data, self._settings.posts), data, self._settings.posts)
        except PostError:
            return None

    def lines(self) -> Iterator[str]:
        """What was read or used, one line a post's bytes, for the next report."""
        for digest in sorted(self._used):
            yield self._used[digest]

    def _read(self, check: Check) -> PostFacts:
        post = witnessed_post(check, self._settings)
        return _NOTHING if post is None else _facts_of_post(post)


def day_of(text: str) -> date | None:
    """The calendar day that a front matter's date names, as written there; None where it names none."""
    found = _DAY.match(text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def _facts_of_post(post: Post) -> PostFacts:
    categories = (post.categories or post.tags)[:_MOST_CATEGORIES]
    return PostFacts(
        post.title[:_LONGEST],
        post.date[:_LONGEST],
        day_of(post.date),
        tuple(dict.fromkeys(name[:_LONGEST] for name in categories)),
        post.author[:_LONGEST],
    )


def _dated(facts: PostFacts, post: str) -> PostFacts:
    """With the date of the file's name where the front matter has none."""
    if facts.day is not None:
        return facts
    named = _DATED_NAME.search(post)
    return replace(facts, date=facts.date or named[1], day=day_of(named[1])) if named else facts


def _line_of_facts(digest: str, facts: PostFacts) -> str:
    values = [digest, facts.title, facts.date, list(facts.categories), facts.author]
    return json.dumps(values, ensure_ascii=True, separators=(",", ":"))


def _keyed(line: str) -> tuple[str, str] | None:
    """A remembered line by the digest it begins with; it is read whole only when it is wanted."""
    head = line[2 : line.find('"', 2)]
    return (head, line.rstrip("\n")) if line.startswith('["') and head else None


def _facts_of_line(line: str) -> PostFacts | None:
    try:
        values: Any = json.loads(line)
    except ValueError:
        return None
    match values:
        case [str(), str(title), str(written), [*categories], str(author)] if all(
            isinstance(one, str) for one in categories
        ):
            return PostFacts(title, written, day_of(written), tuple(categories), author)
    return None


def titles(facts: PostFacts, post: str) -> str:
    """A title to show: the front matter's, else the file's name."""
    return facts.title.strip() or post.rstrip("/").rpartition("/")[2] or post
