"""Nature of a change: what kind of thing became another, and how much it matters.

Owns the labels of single changes and their weights. The words stand in `words`. What a label rests on is looked for
in the words that differ and, for scripts without spaces, in the characters next to them: ます became ません.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from preserve.compare import words
from preserve.compare.reading import Reading
from preserve.model import Nature
from preserve.text import fold, is_number, is_unspaced, tokens

_QUOTED = re.compile(r"“[^”]{2,}”|„[^“”]{2,}[“”]|«[^»]{2,}»|»[^«]{2,}«|「[^」]{2,}」|『[^』]{2,}』|\"[^\"]{2,}\"")
_SENTENCE_END = re.compile(r"[.!?。！？][”’\"'」』）)]*\s*$")
_SIGNS = "%‰$€£¥₩₽₹"
_NEAR = 3
_SENTENCE_LEAST = 20

WEIGHTS = {
    Nature.NEGATION: 0.95,
    Nature.NUMBER: 0.9,
    Nature.PARAGRAPH_REMOVED: 0.88,
    Nature.NAME: 0.85,
    Nature.SENTENCE_REMOVED: 0.8,
    Nature.DATE: 0.75,
    Nature.HEADLINE: 0.75,
    Nature.QUOTE: 0.7,
    Nature.REWRITTEN: 0.65,
    Nature.PARAGRAPH_ADDED: 0.6,
    Nature.SENTENCE_ADDED: 0.55,
    Nature.REORDERED: 0.4,
    Nature.BYLINE: 0.35,
    Nature.TYPO: 0.3,
}
_LIGHT = 0.2


def weight(natures: tuple[Nature, ...]) -> float:
    """How much a change of these natures matters, 0..1: the heaviest counts."""
    return max((WEIGHTS.get(nature, _LIGHT) for nature in natures), default=_LIGHT)


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a difference.

    Attributes:
        text: the words that differ; may be empty.
        sentence: the sentence around them.
        start: where `text` stands in `sentence`; -1 where it is not one stretch of it.
    """

    text: str
    sentence: str
    start: int

    @property
    def near(self) -> str:
        """The words with the next characters on both sides."""
        if self.start < 0:
            return self.text
        return self.sentence[max(0, self.start - _NEAR) : self.start + len(self.text) + _NEAR]


def word_natures(old: Side, new: Side, names: AbstractSet[str]) -> tuple[Nature, ...]:
    """The natures of a difference inside one sentence, heaviest first.

    Args:
        old, new: the two sides.
        names: folded strings known as names from byline and bold type.
    """
    found: list[Nature] = []
    if whole := _whole_sentence(old, new):
        return (whole,)
    if _negations(old) != _negations(new):
        found.append(Nature.NEGATION)
    if _number_changed(old.text, new.text):
        found.append(Nature.NUMBER)
        if _is_date(old) or _is_date(new):
            found.append(Nature.DATE)
    elif _has_month(old.text) or _has_month(new.text):
        found.append(Nature.DATE)
    if not found and (_is_name(old, names) or _is_name(new, names)):
        found.append(Nature.NAME)
    if not found:
        found.append(Nature.TYPO if _is_slip(old.text, new.text) else Nature.REWRITTEN)
    if _in_quote(old) or _in_quote(new):
        found.append(Nature.QUOTE)
    return tuple(sorted(found, key=lambda nature: -WEIGHTS[nature]))


def _whole_sentence(old: Side, new: Side) -> Nature | None:
    """Whether a sentence came or went inside a longer stretch without another boundary."""
    text = old.text or new.text
    if (old.text and new.text) or len(text) < _SENTENCE_LEAST:
        return None
    side = old if old.text else new
    rest = side.sentence[side.start + len(text) :][:3] if side.start >= 0 else ""
    if not _SENTENCE_END.search(text + rest.partition(" ")[0]):
        return None
    return Nature.SENTENCE_REMOVED if old.text else Nature.SENTENCE_ADDED


def _negations(side: Side) -> int:
    """Negations in the words, and in scripts without spaces around them."""
    if side.text and not is_unspaced(side.text):
        count = 0
        for token in tokens(side.text):
            raw = side.text[token.start : token.end]
            if words.NEGATION.fullmatch(token.key):
                count += not token.key.endswith("nt") or bool(words.CONTRACTION.search(raw)) or token.key == "cannot"
        return count + len(words.NEGATION_SIGN.findall(side.text))
    return len(words.NEGATION_SIGN.findall(side.near))


def _number_changed(old: str, new: str) -> bool:
    left, right = _numbers(old), _numbers(new)
    if left == right:
        return False
    if any(is_number(key) or key in _SIGNS for key in (*left, *right)):
        return True
    return bool(left) == bool(right) or not old or not new  # a number word that became another word says little


def _numbers(text: str) -> list[str]:
    found = [
        token.key
        for token in tokens(text)
        if is_number(token.key) or token.key in _SIGNS or words.NUMBER.fullmatch(token.key)
    ]
    if words.NUMERAL.fullmatch(text.strip()):
        found.append(fold(text))
    return found


def _has_month(text: str) -> bool:
    return any(words.MONTH.fullmatch(token.key) for token in tokens(text))


def _is_date(side: Side) -> bool:
    if _has_month(side.text) or any(words.YEAR.fullmatch(token.key) for token in tokens(side.text)):
        return True
    if not side.text or side.start < 0:
        return False
    around = side.sentence[max(0, side.start - 12) : side.start + len(side.text) + 12]
    return bool(words.DATE.search(around)) or _has_month(around)


def _is_name(side: Side, names: AbstractSet[str]) -> bool:
    """Whether the words are a name: capitalised inside a sentence, a known one, or shaped like one."""
    text = side.text.strip()
    if not text:
        return False
    if fold(text) in names:
        return True
    if is_unspaced(text):
        person = 2 <= len(text) <= 4 and text[0] in words.FAMILY_NAMES
        return person or bool(words.PLACE.search(text)) or _inside(words.PLACE, side)
    for token in tokens(text):
        raw = text[token.start : token.end]
        if len(raw) > 1 and raw[0].isupper() and not (side.start == 0 and token.start == 0):
            return True
    return False


def _inside(pattern: re.Pattern[str], side: Side) -> bool:
    """Whether the words lie within a match of `pattern` in the text next to them."""
    at = side.near.find(side.text)
    return any(found.start() <= at and at + len(side.text) <= found.end() for found in pattern.finditer(side.near))


def _is_slip(old: str, new: str) -> bool:
    """Whether it may be a slip of the pen: one word, or one or two characters where words are not written apart."""
    left, right = fold(old), fold(new)
    if is_unspaced(left or right):
        return len(left) <= 2 and len(right) <= 2
    return len(tokens(old)) <= 1 and len(tokens(new)) <= 1


def _in_quote(side: Side) -> bool:
    if not side.text or side.start < 0:
        return False
    end = side.start + len(side.text)
    return any(found.start() < side.start and end < found.end() for found in _QUOTED.finditer(side.sentence))


def known_names(reading: Reading, byline: str) -> frozenset[str]:
    """Folded strings of a text that are names by how they are set: the byline, and what stands in bold."""
    texts = [byline, *(mark for block in reading.blocks for mark in block.emphasis if len(mark) <= 30)]
    return frozenset(key for text in texts if (key := fold(text)))
