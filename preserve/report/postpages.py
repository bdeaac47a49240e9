"""Owns what a post's page says: its differences marked, its history in spells, its copies, how to cite it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from preserve.cite import Format, PageSays, PostSays, cited_check, refer, with_keys, write
from preserve.ledger import Ledger, Round
from preserve.model import Change, Check, StoredCopy
from preserve.report.facts import FactsReader
from preserve.report.gathering import Seen, page_name
from preserve.report.marking import mark
from preserve.report.tongues import tongue
from preserve.report.values import OtherCopy, PostPage, Spell

_SAMPLE: Final = 2000
_LONGEST_LINE: Final = 4000
# Those that need no citation style: a style costs more than the rest of the page.
_CITED_AS: Final = (Format.BIBLATEX, Format.RIS, Format.ROBUST_LINK)


class PostPages:
    """Makes post pages.

    Args:
        ledger: open for reading.
        facts: reads stored copies.
        replay_url: where archived copies can be looked at, a template; "" where nowhere.
    """

    def __init__(self, ledger: Ledger, facts: FactsReader, replay_url: str = "") -> None:
        self._ledger, self._facts, self._replay_url = ledger, facts, replay_url
        self._several = {_bare(kept.source) for kept in ledger.sources_kept_several_times()}

    def page(self, seen: Seen) -> PostPage:
        """What the page of a post says."""
        check, changes = seen.check, seen.check.judgement.changes
        copy = self._facts.copy(check) if changes else None
        since = _other_changes(check)
        return PostPage(
            line=seen.line,
            check=check,
            standing=seen.standing,
            marked=mark(changes, copy),
            since_last=mark(since, None),
            spells=spells(seen.rounds),
            copies=self._copies(check),
            citations=self._citations(check),
            language=language_of(seen, copy),
        )

    def _copies(self, check: Check) -> tuple[OtherCopy, ...]:
        source = check.source or ""
        if not source or _bare(source) not in self._several:
            return ()
        return tuple(
            OtherCopy(
                page_name(other.post),
                other.post,
                other.judgement.verdict,
                bool(other.post_digest) and other.post_digest == check.post_digest,
            )
            for other in self._ledger.checks_of_source(source)
            if other.post != check.post
        )

    def _citations(self, check: Check) -> tuple[tuple[str, tuple[str, ...]], ...]:
        if not check.source:
            return ()
        history = [check] if cited_check([check]) is check else self._ledger.history(check.post)
        facts = self._facts.facts(check)
        said = PostSays(facts.title, facts.author, facts.date)
        cited = with_keys([refer(history, said, PageSays(), self._replay_url)])
        return tuple((form.value, _lines(write(cited, form, ""))) for form in _CITED_AS)


def _lines(citation: str) -> tuple[str, ...]:
    """The lines of a citation, as far as a page has room for them."""
    return tuple(line[:_LONGEST_LINE] for line in citation.strip().split("\n"))


def spells(rounds: Sequence[Round]) -> tuple[Spell, ...]:
    """The history, newest first, in spells of checks that came out alike and found the text unchanged."""
    found: list[list[Round]] = []
    for one in rounds:
        before = found[-1][-1] if found else None
        alike = before is not None and (before.verdict, before.reason) == (one.verdict, one.reason)
        if alike and not one.changed:
            found[-1].append(one)
        else:
            found.append([one])
    return tuple(Spell(tuple(one)) for one in reversed(found))


def language_of(seen: Seen, copy: StoredCopy | None) -> str:
    """The tag of a post's language, as far as its script tells."""
    changes = seen.check.judgement.changes[:8]
    text = seen.line.title + "".join(change.old + change.old_context + change.new for change in changes)
    if copy is not None:
        text += "".join(block.text for block in copy.blocks[:6])
    return tongue(text[:_SAMPLE])


def _other_changes(check: Check) -> tuple[Change, ...]:
    """What changed since the earlier capture, unless it is what differs from the stored copy."""
    if check.since_last is None or not check.since_last.changes:
        return ()
    told = {(change.old, change.new) for change in check.judgement.changes}
    changes = check.since_last.changes
    return () if {(change.old, change.new) for change in changes} == told else changes


def _bare(source: str) -> str:
    return re.sub(r"^[^:]*://", "", source).rstrip("/")
