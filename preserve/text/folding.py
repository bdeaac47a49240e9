"""Folding: the form of a text that two readings of the same article share.

Owns what counts as cosmetic: compatibility forms and width (NFKC, Unicode Standard Annex 15), case (full case
folding, Unicode 3.13), white space, zero-width and control characters, soft hyphens, ligatures, left-over character
references, and punctuation that carries no value. What is kept is what says something: letters, marks that are part
of a letter, digits, signs of value (% $ € + = < > °), and the points, commas, colons and hyphens inside a number.

A folded text is only ever compared, never shown. `fold` is fast and has no offsets; `fold_with_offsets` gives the
same text and, for each of its characters, where it came from.
"""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

_SIGNS = ".,:/-"
_LONGEST_COMPOSED = 4
"""No character is composed of more than four (Unicode Standard Annex 15, canonical decompositions)."""
_SEPARATOR = "\x1e"
"""Stands between texts that are folded in one go; where a text has it itself, it is noise and taken out first."""

# Everything that is dropped wherever it stands. Spelled out instead of "not \w" because combining vowel signs
# (Devanagari, Thai, ...) are not \w and must stay, while some modifier letters are \w and are used as quotes.
_NOISE = (
    "\\x00-\\x18\\x1b !\"#&'()*;?@\\[\\\\\\]\\^_`{|}~\\x7f-\\xa1\\xa6-\\xaf\\xb4\\xb6-\\xb8\\xbb\\xbf"
    "\u02b9-\u02df\u0559-\u055f\u0589\u058a\u0591-\u05c7\u05f3\u05f4\u0600-\u061f\u0640\u064b-\u065f\u066c-\u066d"
    "\u0670\u06d4\u06d6-\u06ed\u0964\u0965\u0970\u0e2f\u0e4f\u0e5a\u0e5b\u104a-\u104f\u1361-\u1368\u17d4-\u17da"
    "\u180b-\u180e\u2000-\u202f\u2032-\u206f\u20d0-\u20ff\u2190-\u2211\u2213-\u22ff\u2300-\u245f\u2500-\u27bf"
    "\u27c0-\u27ff\u2900-\u297f\u2b00-\u2bff\u2e00-\u2e7f\u2ff0-\u3004\u3008-\u3020\u302a-\u3030\u3036-\u3037"
    "\u303b-\u303f\u3099-\u309c\u30a0\u30fb\u31c0-\u31ef\ue000-\uf8ff\ufe00-\ufe0f\ufeff\ufff0-\uffff"
    "\U0001f000-\U0001faff\U000e0000-\U000e0fff\U000f0000-\U0010ffff"
)
_DROP = re.compile(f"[{_NOISE}.,:/\\-]+")
_DROPPED_ASCII = bytes(code for code in range(0x80) if _DROP.match(chr(code)))
# Inside a number these carry value: 2.5, 10:30, 3-1, 1/2. Anywhere else they are punctuation. They are put out of
# reach of _DROP for a moment; that is three times as fast as looking around every character.
_IN_NUMBER = re.compile(r"(\d)(?:,(?=\d{3}(?!\d))|([.,:/\-])(?=\d))")
_IN_FOLDED_NUMBER = re.compile(r"(\d)([.,:/\-])(?=\d)")  # a comma that is still there is not one of thousands
_PROTECTED = {".": "\x1c", ",": "\x1d", ":": "\x1f", "/": "\x1a", "-": "\x19"}
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212~\u301c"
# The commonest compatibility characters; with them out of the way most texts need no NFKC at all, which otherwise is
# two thirds of the cost.
_WIDE = tuple(zip("，：．（）；！？…\u3000\xa0～／％－｜＜＞\u200a\u2009\u202f", ",:.();!?.  ~/%-|<>   ", strict=True))
# What must be gone before normalisation, or it keeps a base letter and its accent apart.
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]+")
_REFERENCE = re.compile(r"&(?:#\d{2,7}|#[xX][0-9a-fA-F]{2,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def fold(text: str) -> str:
    """The comparable form of `text`.

    Folding a folded text changes nothing but a comma that has come to stand before three digits: "2,5 30" folds to
    "2,530", which read as it stands is 2530.
    """
    return _fold(text.replace(_SEPARATOR, ""))


def block_digest(folded: str) -> str:
    """How a block is named in template sets: the first 16 hex digits of the SHA-256 of its folded text."""
    return sha256(folded.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def fold_all(texts: Iterable[str]) -> list[str]:
    """The comparable form of each of `texts`, as `fold` gives it, at the price of one."""
    cleaned = [text.replace(_SEPARATOR, "") for text in texts]
    # Apart, because one that is not ASCII makes all it is folded with several times as dear.
    plain = iter(_fold_joined([text for text in cleaned if text.isascii()]))
    other = iter(_fold_joined([text for text in cleaned if not text.isascii()]))
    return [next(plain if text.isascii() else other) for text in cleaned]


def join_folded(folded: Sequence[str], texts: Sequence[str]) -> str:
    """The comparable form of `texts` with line breaks between them, each of which was `folded` already."""
    whole = "".join(folded)
    # Across a line break nothing merges, but once that is dropped, an accent may stand behind a letter.
    return whole if unicodedata.is_normalized("NFKC", whole) else fold("\n".join(texts))


def _fold_joined(texts: Sequence[str]) -> list[str]:
    return _fold(_SEPARATOR.join(texts)).split(_SEPARATOR) if texts else []


def _fold(text: str) -> str:
    """Fold `text` and keep the separators; what lies between two of them must fold as if it stood alone."""
    if "&" in text:
        text = _unescape(text)
    if text.isascii():
        return _drop(text.lower().replace("~", "-"), _IN_NUMBER)
    folded = _step(text, _IN_NUMBER)
    while not unicodedata.is_normalized("NFKC", folded):
        # Dropping what stood between a letter and an accent can bring them together; rare, and it settles at once.
        folded = _step(folded, _IN_FOLDED_NUMBER)
    return folded


def _unescape(text: str) -> str:
    """Resolve character references that were escaped once or twice too often somewhere on the way."""
    return html.unescape(html.unescape(text))


def _step(text: str, in_number: re.Pattern[str]) -> str:
    text = _INVISIBLE.sub("", text)
    for wide, narrow in _WIDE:
        if wide in text:
            text = text.replace(wide, narrow)
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    text = text.casefold()
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    for dash in _DASHES:
        if dash in text:
            text = text.replace(dash, "-")
    return _drop(text, in_number)


def _drop(text: str, in_number: re.Pattern[str]) -> str:
    for stand_in in _PROTECTED.values():
        text = text.replace(stand_in, "")
    text = _drop_noise(in_number.sub(_protect, text))
    for sign, stand_in in _PROTECTED.items():
        text = text.replace(stand_in, sign)
    return text


def _drop_noise(text: str) -> str:
    # ASCII first, by a table of bytes: spaces are most of the noise, and a pattern takes many times as long for each.
    data = text.encode("utf-8", "surrogatepass").translate(None, _DROPPED_ASCII)
    rest = data.decode("utf-8", "surrogatepass")
    return rest if rest.isascii() else _DROP.sub("", rest)


def _protect(match: re.Match[str]) -> str:
    sign = match.group(2)
    return match.group(1) + (_PROTECTED[sign] if sign else "")


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text that knows where it came from.

    Attributes:
        text: the folded text.
        starts: for each character of `text`, the offset in the original at which its source begins; not falling.
        ends: the same for where its source ends (exclusive).
    """

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The range of the original from which `text[start:end]` came; empty ranges lie before their successor."""
        if start >= end:
            at = self.starts[start] if start < len(self.starts) else (self.ends[-1] if self.ends else 0)
            return at, at
        return self.starts[start], self.ends[end - 1]

    def folded(self, offset: int) -> int:
        """The index in `text` of the first character whose source begins at or after `offset`."""
        return bisect_left(self.starts, offset)


def fold_with_offsets(text: str) -> Folded:
    """Fold `text`, keeping offsets (code points of the original).

    The text is cut where folding cannot reach across: before every character that neither is, nor begins with, a
    combining mark. Each piece is folded by itself; signs that count only between digits are taken along and then
    fitted to the fold of the whole.
    """
    pieces = [(_fold_cluster(text[start:end]), start, end) for start, end in _clusters(text)]
    characters = [character for piece, _, _ in pieces for character in piece]
    starts = [start for piece, start, _ in pieces for _ in piece]
    ends = [end for piece, _, end in pieces for _ in piece]
    return _settle(fold(text), characters, starts, ends)


@lru_cache(maxsize=4096)
def _fold_cluster(cluster: str) -> str:
    """The fold of what folds by itself; most texts are made of a few hundred of these."""
    if cluster <= "\x7f" or "\u4e00" <= cluster <= "\u9fff":
        return cluster.lower() if cluster.isalnum() or cluster in _SIGNS else fold(cluster)
    return fold(cluster) or fold(f"0{cluster}0")[1:-1]


def _settle(whole: str, characters: list[str], starts: list[int], ends: list[int]) -> Folded:
    """Fit the piecewise characters to the whole folded text: skip what only the whole could know is dropped."""
    if "".join(characters) == whole:
        return Folded(whole, tuple(starts), tuple(ends))
    kept: list[tuple[int, int]] = []
    at = 0
    for character in whole:
        there = at < len(characters) and characters[at] == character
        first, last = (at, at) if there else _place(character, characters, at)
        kept.append((first, last))
        at = max(at, last + 1)
    return Folded(whole, tuple(starts[first] for first, _ in kept), tuple(ends[last] for _, last in kept))


def _place(character: str, characters: list[str], at: int) -> tuple[int, int]:
    """The first and the last of the piecewise characters, from `at` on, that make `character` of the whole."""
    for last in range(at, min(at + _LONGEST_COMPOSED, len(characters))):
        if unicodedata.normalize("NFKC", "".join(characters[at : last + 1])) == character:
            return at, last
    try:
        found = characters.index(character, at)
    except ValueError:  # composed with something dropped in between: it belongs where the last one was found
        found = max(at - 1, 0)
    return found, found


def _clusters(text: str) -> list[tuple[int, int]]:
    """Cut `text` into ranges that fold independently of each other."""
    if "&" not in text and not any(map(_joins, set(text))):
        return [(at, at + 1) for at in range(len(text))]
    ranges: list[tuple[int, int]] = []
    at = 0
    length = len(text)
    while at < length:
        end = at + 1
        if text[at] == "&" and (match := _REFERENCE.match(text, at)):
            end = match.end()
        while end < length and _joins(text[end]):
            end += 1
        ranges.append((at, end))
        at = end
    return ranges


@lru_cache(maxsize=4096)
def _joins(character: str) -> bool:
    """Whether a character can merge with what stands before it under normalisation."""
    if character <= "\xa7" or "\u4e00" <= character <= "\u9fff":
        return False
    if _INVISIBLE.match(character):
        return True
    first = unicodedata.normalize("NFKD", character).lstrip(" ")[:1]
    return bool(first) and (unicodedata.category(first)[0] == "M" or "\u1160" <= first <= "\u11ff")
