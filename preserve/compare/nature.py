"""Nature of a change: what kind of thing became another, and how much it matters.

Owns the labels of single changes and their weights. Word lists are closed classes of the language (negations, number
words, months), never topics.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

from preserve.compare.reading import Reading
from preserve.model import Nature
from preserve.text import fold, han_share, is_number, is_unspaced, tokens

_NEGATION_WORDS = frozenset(
    [
        "not",
        "no",
        "never",
        "none",
        "nobody",
        "nothing",
        "nowhere",
        "neither",
        "nor",
        "without",
        "cannot",
        "cant",
        "wont",
        "dont",
        "doesnt",
        "didnt",
        "isnt",
        "arent",
        "wasnt",
        "werent",
        "hasnt",
        "havent",
        "hadnt",
        "wouldnt",
        "shouldnt",
        "couldnt",
        "mustnt",
        "nicht",
        "kein",
        "keine",
        "keinen",
        "keinem",
        "keiner",
        "keines",
        "nie",
        "niemals",
        "nichts",
        "niemand",
        "weder",
        "ohne",
        "ne",
        "pas",
        "jamais",
        "rien",
        "aucun",
        "aucune",
        "sans",
        "ni",
        "no",
        "nunca",
        "nada",
        "nadie",
        "ningún",
        "ninguna",
        "ninguno",
        "sin",
        "tampoco",
        "non",
        "mai",
        "nessun",
        "nessuno",
        "niente",
        "senza",
        "não",
        "nunca",
        "nenhum",
        "nenhuma",
        "sem",
        "не",
        "нет",
        "ни",
        "никогда",
        "никто",
        "ничего",
        "без",
        "нельзя",
        "ليس",
        "لا",
        "لم",
        "لن",
        "geen",
        "niet",
        "nooit",
        "zonder",
    ]
)
_NEGATION_SIGNS = re.compile(
    "[不没沒未無无非莫勿毋否別别]|ない|ません|なかった|なく|ず(?=に|、|。|$)|ぬ$|未だ"
)
_NUMERALS = re.compile(
    "^[第]?[〇零一二三四五六七八九十百千万萬亿億兆两兩几幾壹贰叁肆伍陆柒捌玖拾佰仟半]+[年月日号號个個名人次%成倍岁歲元]*$"
)
_NUMBER_WORDS = frozenset(
    [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
        "thirty",
        "forty",
        "fifty",
        "sixty",
        "seventy",
        "eighty",
        "ninety",
        "hundred",
        "thousand",
        "million",
        "billion",
        "trillion",
        "half",
        "dozen",
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
        "sixth",
        "seventh",
        "eighth",
        "ninth",
        "tenth",
        "twice",
        "double",
        "triple",
        "null",
        "eins",
        "zwei",
        "drei",
        "vier",
        "fünf",
        "sechs",
        "sieben",
        "acht",
        "neun",
        "zehn",
        "elf",
        "zwölf",
        "hundert",
        "tausend",
        "million",
        "millionen",
        "milliarde",
        "milliarden",
        "hälfte",
        "erste",
        "zweite",
        "dritte",
        "erster",
        "zweiter",
        "dritter",
        "un",
        "deux",
        "trois",
        "quatre",
        "cinq",
        "sept",
        "huit",
        "neuf",
        "dix",
        "cent",
        "mille",
        "milliard",
        "milliards",
        "uno",
        "dos",
        "tres",
        "cuatro",
        "cinco",
        "seis",
        "siete",
        "ocho",
        "nueve",
        "diez",
        "cien",
        "mil",
        "millón",
        "millones",
        "один",
        "два",
        "три",
        "четыре",
        "пять",
        "шесть",
        "семь",
        "восемь",
        "девять",
        "десять",
        "сто",
        "тысяча",
        "миллион",
    ]
)
_MONTHS = frozenset(
    [
        "january",
        "february",
        "march",
        "april",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "januar",
        "februar",
        "märz",
        "mai",
        "juni",
        "juli",
        "oktober",
        "dezember",
        "jänner",
        "janvier",
        "février",
        "mars",
        "avril",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
        "января",
        "февраля",
        "марта",
        "апреля",
        "мая",
        "июня",
        "июля",
        "августа",
        "сентября",
        "октября",
        "ноября",
        "декабря",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "montag",
        "dienstag",
        "mittwoch",
        "donnerstag",
        "freitag",
        "samstag",
        "sonntag",
    ]
)
_MONTHS_FOLDED = _MONTHS
_DATE = re.compile(
    r"(?:19|20)\d\d\s*[年\-/.]|\d{1,2}\s*[月日号號]|[\-/.](?:19|20)\d\d\b|\b\d{4}-\d\d-\d\d\b|\d{1,2}:\d\d"
)
_YEAR = re.compile(r"^(?:1[5-9]|20)\d\d$")
_QUOTED = re.compile(
    r"“[^”]{2,}”|„[^“”]{2,}[“”]|«[^»]{2,}»|»[^«]{2,}«|「[^」]{2,}」|『[^』]{2,}』|\"[^\"]{2,}\""
)
_NAME_TRAIL = "省市县縣州区區国國镇鎮村路街岛島山河湖江海港湾灣府道"

_WEIGHTS = {
    Nature.NEGATION: 0.95,
    Nature.NUMBER: 0.9,
    Nature.PARAGRAPH_REMOVED: 0.88,
    Nature.NAME: 0.85,
    Nature.REWRITTEN: 0.8,
    Nature.SENTENCE_REMOVED: 0.8,
    Nature.DATE: 0.75,
    Nature.HEADLINE: 0.75,
    Nature.QUOTE: 0.7,
    Nature.PARAGRAPH_ADDED: 0.6,
    Nature.SENTENCE_ADDED: 0.55,
    Nature.REORDERED: 0.4,
    Nature.BYLINE: 0.35,
    Nature.TYPO: 0.3,
}


def weight(natures: tuple[Nature, ...]) -> float:
    """How much a change of these natures matters, 0..1: the heaviest counts."""
    return max((_WEIGHTS.get(nature, 0.2) for nature in natures), default=0.2)


def word_natures(
    old: str, new: str, old_sentence: str, new_sentence: str, names: AbstractSet[str]
) -> tuple[Nature, ...]:
    """The natures of a difference inside one sentence.

    Args:
        old, new: the words that differ; either may be empty.
        old_sentence, new_sentence: the sentences around them.
        names: folded strings known as names from title, byline, bold type and repetition.
    """
    found: list[Nature] = []
    if _negations(old) != _negations(new):
        found.append(Nature.NEGATION)
    if _numbers(old) != _numbers(new):
        found.append(Nature.NUMBER)
        if _is_date(old, old_sentence) or _is_date(new, new_sentence):
            found.append(Nature.DATE)
    elif _has_month(old) or _has_month(new):
        found.append(Nature.DATE)
    if not found and (_is_name(old, old_sentence, names) or _is_name(new, new_sentence, names)):
        found.append(Nature.NAME)
    if not found:
        found.append(Nature.TYPO if _is_slip(old, new) else Nature.REWRITTEN)
    if _inside_quote(old, old_sentence) or _inside_quote(new, new_sentence):
        found.append(Nature.QUOTE)
    return tuple(sorted(dict.fromkeys(found), key=lambda nature: -_WEIGHTS.get(nature, 0.0)))


def _negations(text: str) -> int:
    words = sum(
        1
        for token in tokens(text)
        if token.key in _NEGATION_WORDS
        or (
            token.key.endswith("nt")
            and "n" in text[token.start : token.end]
            and any(mark in text[token.start : token.end] for mark in "'’")
        )
    )
    return words + len(_NEGATION_SIGNS.findall(text))


def _numbers(text: str) -> list[str]:
    found = [
        token.key
        for token in tokens(text)
        if is_number(token.key) or token.key in _NUMBER_WORDS or token.key in "%‰$€£¥"
    ]
    if han_share(text) > 0.5 and _NUMERALS.match(text.strip()):
        found.append(fold(text))
    return found


def _has_month(text: str) -> bool:
    return any(token.key in _MONTHS_FOLDED for token in tokens(text))


def _is_date(text: str, sentence: str) -> bool:
    if _has_month(text) or any(_YEAR.match(token.key) for token in tokens(text)):
        return True
    at = sentence.find(text) if text else -1
    if at < 0:
        return False
    around = sentence[max(0, at - 12) : at + len(text) + 12]
    return bool(_DATE.search(around)) or _has_month(around)


def _is_name(text: str, sentence: str, names: AbstractSet[str]) -> bool:
    """Whether the words are a name: capitalised inside a sentence, or known as one."""
    if not text:
        return False
    if fold(text) in names:
        return True
    for token in tokens(text):
        raw = text[token.start : token.end]
        if is_unspaced(raw) or is_number(raw):
            continue
        if raw[0].isupper() and len(raw) > 1:
            return True
    stripped = text.strip()
    return (
        bool(stripped)
        and han_share(stripped) > 0.9
        and 2 <= len(stripped) <= 12
        and (stripped[-1] in _NAME_TRAIL or _is_katakana(stripped))
    )


def _is_katakana(text: str) -> bool:
    return all("\u30a0" <= character <= "\u30ff" for character in text)


def _is_slip(old: str, new: str) -> bool:
    """Whether it looks like a slip of the pen: few letters of a short word, or one character."""
    left, right = fold(old), fold(new)
    if is_unspaced(left or right):
        return len(left) <= 2 and len(right) <= 2
    if len(tokens(old)) > 1 or len(tokens(new)) > 1:
        return False
    return bool(left or right)


def _inside_quote(text: str, sentence: str) -> bool:
    if not text:
        return False
    return any(text in match.group() for match in _QUOTED.finditer(sentence))


def known_names(reading: Reading, byline: str) -> frozenset[str]:
    """Folded strings of a text that are names by how they are set: the byline, and what stands in bold or brackets."""
    texts = [byline, *(mark for block in reading.blocks for mark in block.emphasis if len(mark) <= 30)]
    return frozenset(key for text in texts if (key := fold(text)))
