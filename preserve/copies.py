"""The same source kept several times: its stored copies as dated witnesses, and how each differs from the next.

Works from the ledger and the archive's `resource` records alone: no network, and no post file is read, so that
what is compared is what was witnessed. Copies are compared by the core that compares captures of a page; what a
difference is belongs to `preserve.compare`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

from preserve.compare import compare_pages
from preserve.errors import PostError
from preserve.model import Change, Check, Extraction, Nature, PageFacts, PostVersion, RecordRef, StoredCopy
from preserve.posts import parse_post
from preserve.posts.body import stored_copy
from preserve.settings import Settings
from preserve.warc import read_block

RELATED: Final = 0.3
"""Two copies that share less of their text than this are not versions of one text."""

_DATED_NAME = re.compile(r"(?:^|/)(\d{4}-\d{2}-\d{2})-[^/]*$")


@dataclass(frozen=True, slots=True)
class Witness:
    """One post's stored copy of a source, as it was witnessed in the post's latest check.

    Attributes:
        post: its path.
        source: the source URL exactly as the post has it.
        title, author: from its front matter; "" where absent or unreadable.
        date: the front matter's, as written; else the file name's; "" where neither has one.
        digest: of the post's bytes.
        record: the `resource` record that holds them; None where the post could not be read.
        characters: how long the stored text is.
        problem: why there is no stored text; "" where there is.
        version: what git said of the bytes; None where it said nothing.
    """

    post: str
    source: str
    title: str
    author: str
    date: str
    digest: str
    record: RecordRef | None
    characters: int
    problem: str = ""
    version: PostVersion | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """From one stored copy to the next.

    Attributes:
        older, newer: indexes of two witnesses with a text; those between them have none.
        changes: how the newer differs, weightiest first; empty where they say the same, and where they are not
            `related`.
        natures: their labels, and what only looks different.
        shared: 0..1, how much of the older text the newer has.
        same_bytes: the posts are the same file, byte for byte.
    """

    older: int
    newer: int
    changes: tuple[Change, ...]
    natures: tuple[Nature, ...]
    shared: float
    same_bytes: bool

    @property
    def related(self) -> bool:
        """Whether the two are versions of one text; their changes say nothing otherwise."""
        return self.shared >= RELATED


@dataclass(frozen=True, slots=True)
class Timeline:
    """The stored copies of one source.

    Attributes:
        source: the URL, as the oldest witness has it.
        witnesses: by date; those without one last.
        steps: between each and the next that has a text.
    """

    source: str
    witnesses: tuple[Witness, ...]
    steps: tuple[Step, ...]


def timeline(checks: Iterable[Check], settings: Settings) -> Timeline:
    """The stored copies of a source and their differences.

    Args:
        checks: the latest check of each post that names the source; at least one.
        settings: where the archive is and how posts are read.

    Raises:
        ArchiveError: a record is missing or damaged.
    """
    pairs = [_witness(check, settings) for check in checks]
    pairs.sort(key=lambda pair: (not pair[0].date, _moment(pair[0].date), pair[0].post))
    witnesses = tuple(witness for witness, _ in pairs)
    pages = [(index, _as_page(copy)) for index, (_, copy) in enumerate(pairs) if copy is not None]
    steps = tuple(_step(witnesses, older, newer) for older, newer in pairwise(pages))
    return Timeline(witnesses[0].source, witnesses, steps)


def witness(check: Check, settings: Settings) -> Witness:
    """A post's stored copy as a check witnessed it.

    Raises:
        ArchiveError: its record is missing or damaged.
    """
    return _witness(check, settings)[0]


def _witness(check: Check, settings: Settings) -> tuple[Witness, StoredCopy | None]:
    path, source, version = check.post, check.source or "", check.post_version
    named = _DATED_NAME.search(path)
    from_name = named[1] if named else ""
    if check.stored_record is None:
        problem = check.error or "the post could not be read when it was checked"
        return Witness(path, source, "", "", from_name, check.post_digest, None, 0, problem), None
    data = read_block(Path(settings.archive.directory), check.stored_record)
    try:
        post = parse_post(path, data, settings.posts)
        copy = stored_copy(post, data, settings.posts)
    except PostError as error:  # witnessed under other settings
        return Witness(
            path, source, "", "", from_name, check.post_digest, check.stored_record, 0, str(error), version
        ), None
    witness = Witness(
        post=path,
        source=source,
        title=post.title,
        author=post.author,
        date=post.date or from_name,
        digest=check.post_digest,
        record=check.stored_record,
        characters=sum(len(block.text) for block in copy.blocks),
        problem="" if copy.blocks else "the post has no text of its own",
        version=version,
    )
    return witness, copy if copy.blocks else None


def _moment(date: str) -> datetime:
    """When a front matter's date is, for the order; without a zone it is taken as UTC.

    A date that can't be understood comes last.
    """
    text = re.sub(r"\s+(?=[+-]\d\d:?\d\d$)", "", date.strip())
    for attempt in (text, text[:10]):
        try:
            found = datetime.fromisoformat(attempt)
        except ValueError:
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return datetime.max.replace(tzinfo=UTC)


def _as_page(copy: StoredCopy) -> Extraction:
    """A stored copy in the form the core compares: a page that is nothing but the article."""
    return Extraction(
        headline=copy.title,
        headlines=(copy.title,) if copy.title else (),
        byline=copy.author,
        published="",
        modified="",
        language="",
        charset="",
        charset_source="",
        main=copy.blocks,
        visible=copy.blocks,
        structured=(),
        facts=PageFacts(title=copy.title),
        extractor="",
    )


def _step(witnesses: Sequence[Witness], older: tuple[int, Extraction], newer: tuple[int, Extraction]) -> Step:
    (first, old), (second, new) = older, newer
    same_bytes = witnesses[first].digest == witnesses[second].digest
    if same_bytes:
        return Step(first, second, (), (), 1.0, same_bytes)
    comparison = compare_pages(old, new)
    changes = comparison.changes if comparison.coverage >= RELATED else ()
    natures = comparison.natures if comparison.coverage >= RELATED else ()
    return Step(first, second, changes, natures, comparison.coverage, same_bytes)
