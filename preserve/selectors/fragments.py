"""Text fragments: a URL that makes a browser scroll to a passage and mark it.

    https://news.example/a#:~:text=[prefix-,]textStart[,textEnd][,-suffix]

After the WICG's "URL Fragment Text Directives" (https://wicg.github.io/scroll-to-text-fragment/), section 3. A browser
goes to the first place that fits, compares without case and accents, and wants whole words; no term but a range may
reach across the edge of a block. So a long passage, or one of several blocks, is named by its first and last words, and
words before and after are added until no earlier place fits.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final
from urllib.parse import quote

from preserve.text import is_unspaced

BETWEEN: Final = "\n\n"
"""Stands between two blocks of a page's text."""
LONGEST: Final = 200
"""A longer passage, in characters, is named by its beginning and its end."""

_MARK = ":~:"
_WORD = re.compile(r"\S+")
_CLAUSE_END = re.compile(r"[。！？；，、：,.!?;:]")
_CONTEXT_WORDS = (2, 4, 7, 12, 20)
_RANGE_WORDS = (4, 7, 12)
_UNSPACED_PER_WORD = 3  # characters that stand for a word, where words are not written apart


@dataclass(frozen=True, slots=True)
class Directive:
    """A text directive.

    Attributes:
        text: its value, percent-encoded: what follows `text=`.
        unique: whether the first place of the page that fits it is the passage.
    """

    text: str
    unique: bool


@dataclass(frozen=True, slots=True)
class _Terms:
    start: str
    end: str = ""
    prefix: str = ""
    suffix: str = ""


def fragment_url(url: str, directive: Directive) -> str:
    """`url` with a text directive; a fragment of its own is kept, directives it had are replaced."""
    base, _, fragment = url.partition("#")
    fragment = fragment.partition(_MARK)[0]
    return f"{base}#{fragment}{_MARK}text={directive.text}"


def directive_for(blocks: Sequence[str], start: int, end: int) -> Directive:
    """A directive for a passage.

    Args:
        blocks: what a reader sees of the page, block by block, in order.
        start, end: of the passage, in code points of the blocks joined by `BETWEEN`; not empty.
    """
    page = _Page(blocks)
    first = None
    for terms in page.terms(start, end):
        first = terms
        if page.first_place(terms) == start:
            return Directive(_spelled(terms), True)
    assert first is not None  # noqa: S101 - there is always the passage itself
    return Directive(_spelled(first), False)


def _spelled(terms: _Terms) -> str:
    """Terms as a directive's value; a dash, a comma and an ampersand would be read as its syntax (section 3.3)."""
    parts = [_encoded(terms.start)]
    if terms.prefix:
        parts.insert(0, _encoded(terms.prefix) + "-")
    if terms.end:
        parts.append(_encoded(terms.end))
    if terms.suffix:
        parts.append("-" + _encoded(terms.suffix))
    return ",".join(parts)


def _encoded(term: str) -> str:
    return quote(term.encode("utf-8", "replace"), safe="").replace("-", "%2D")


class _Page:
    """A page's blocks as a browser searches them."""

    def __init__(self, blocks: Sequence[str]) -> None:
        self._blocks = [_spaces_alike(block) for block in blocks]
        self._text = BETWEEN.join(self._blocks)
        self._begins = list(accumulate((len(block) + len(BETWEEN) for block in blocks), initial=0))[:-1]
        self._bare = _bare(self._text)

    def terms(self, start: int, end: int) -> Iterator[_Terms]:
        """Ways to name the passage, the shortest first."""
        passage = self._text[start:end]
        for base in self._bases(passage):
            yield base
            for words in _CONTEXT_WORDS:
                prefix, suffix = self._before(start, words), self._after(end, words)
                if prefix:
                    yield _Terms(base.start, base.end, prefix)
                if suffix:
                    yield _Terms(base.start, base.end, "", suffix)
                if prefix and suffix:
                    yield _Terms(base.start, base.end, prefix, suffix)

    def _bases(self, passage: str) -> Iterator[_Terms]:
        pieces = [piece for piece in passage.split(BETWEEN) if piece.strip()]
        if len(pieces) == 1 and len(passage) <= LONGEST:
            yield _Terms(passage.strip())
            return
        for words in _RANGE_WORDS:
            yield _Terms(_head(pieces[0].strip(), words), _tail(pieces[-1].strip(), words))

    def _before(self, at: int, words: int) -> str:
        """The words before a place, from its own block or, at its beginning, from the one before."""
        before = self._text[:at].rstrip()
        return _tail(before.rpartition(BETWEEN)[2], words) if before else ""

    def _after(self, at: int, words: int) -> str:
        after = self._text[at:].lstrip()
        return _head(after.partition(BETWEEN)[0], words) if after else ""

    def first_place(self, terms: _Terms) -> int:
        """Where the first passage begins that the terms fit; -1 without one."""
        for at in self._found(terms.start, 0):
            if terms.prefix and not self._ends_before(terms.prefix, at):
                continue
            stop = at + len(terms.start)
            if terms.end:
                stop = next((place + len(terms.end) for place in self._found(terms.end, stop)), -1)
            if stop >= 0 and (not terms.suffix or self._begins_after(terms.suffix, stop)):
                return at
        return -1

    def _found(self, term: str, start: int) -> Iterator[int]:
        """Where a term stands as whole words, within one block."""
        wanted = _bare(term)
        at = self._bare.find(wanted, start)
        while at >= 0:
            if not (_in_word(self._bare, at) or _in_word(self._bare, at + len(wanted))):
                yield at
            at = self._bare.find(wanted, at + 1)

    def _ends_before(self, prefix: str, at: int) -> bool:
        return self._bare[:at].rstrip().endswith(_bare(prefix))

    def _begins_after(self, suffix: str, at: int) -> bool:
        return self._bare[at:].lstrip().startswith(_bare(suffix))


def _spaces_alike(text: str) -> str:
    """Every white space as a blank, and none that would look like the end of a block; as long as before."""
    return "".join(" " if character.isspace() else character for character in text)


def _bare(text: str) -> str:
    """Without case and accents; as long as before."""
    return text.lower() if text.isascii() else "".join(_bare_character(character) for character in text)


def _bare_character(character: str) -> str:
    base = unicodedata.normalize("NFKD", character)[:1].lower()
    return base if len(base) == 1 else character


def _in_word(text: str, at: int) -> bool:
    """Whether the place before the character `at` lies inside a word."""
    return 0 < at < len(text) and all(one.isalnum() and not is_unspaced(one) for one in text[at - 1 : at + 1])


def _head(text: str, words: int) -> str:
    """The first words of a text; where they are not written apart, up to the next sign between clauses."""
    found = [match.end() for match in _WORD.finditer(text)][:words]
    end = found[-1] if found else len(text)
    least = words * _UNSPACED_PER_WORD
    if end - least > least and any(is_unspaced(one) for one in text[:end]):
        sign = _CLAUSE_END.search(text, least)
        end = min(end, sign.start() if sign else end)
    return text[:end]


def _tail(text: str, words: int) -> str:
    """The last words of a text, as `_head`."""
    found = [match.start() for match in _WORD.finditer(text)][-words:]
    start = found[0] if found else 0
    least = words * _UNSPACED_PER_WORD
    if len(text) - start > 2 * least and any(is_unspaced(one) for one in text[start:]):
        signs = [sign.end() for sign in _CLAUSE_END.finditer(text, start, len(text) - least)]
        start = max(start, signs[-1] if signs else start)
    return text[start:]
