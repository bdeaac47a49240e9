"""Sentences: where they end, in the scripts posts are written in.

Owns the boundaries only; spans are code points into the given text. A sentence ends after 。！？；… or ．and whatever
closing quotes and brackets follow, and after . ! ? … in scripts that put a space there, unless the point belongs to
an abbreviation, an initial or an ordinal. Too few cuts are better than wrong ones: what is compared is found by its
text, and a long sentence is only a coarser place.
"""

from __future__ import annotations

import re

_CLOSERS = "”’」』）】》〉)\\]"
_SPACED_CLOSERS = _CLOSERS + "\"'›»“"  # in German the closing quote is what opens one elsewhere
_UNSPACED = "\u3040-\u30ff\u3400-\u9fff"
_WIDE_END = re.compile(
    f"[。！？；｡]+[。！？；…‥{_CLOSERS}]*|[…‥]{{2,}}[{_CLOSERS}]*"
    f"|(?<=[{_UNSPACED}{_CLOSERS}])[!?;]+[{_CLOSERS}]*(?=[“「『（(]?[{_UNSPACED}])"  # half-width in Chinese text
)
_SPACED_END = re.compile(f"[.!?…؟۔।]+[{_SPACED_CLOSERS}]*(?=\\s)")
_END = re.compile(f"{_WIDE_END.pattern}|{_SPACED_END.pattern}")
_LAST_WORD = re.compile(r"[^\W_](?:[\w.’'\-])*$")
# Abbreviations before a name or a number, after which a capital proves nothing: titles and references, in the
# languages that write them with a point. Single letters, "z.B.", "U.S." and the like are recognised by their shape.
_ABBREVIATION = re.compile(
    "mrs?|ms|drs?|prof|st|sr|jr|rev|gen|col|lt|sgt|capt|gov|sen|rep|hon|pres|adm|maj|vs|nos?|vol|pp|figs?|eds?|inc|ltd"
    "|co|corp|dept|approx|ca|cf|etc|al|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|mt|ft"
    "|bzw|usw|evtl|ggf|inkl|exkl|nr|str|abs|art|bd|hrsg|vgl|sog|zzgl|dipl|ing|mag|tel|min|mio|mrd|std|jh|geb|gest"
    "|mme|mlle|av|env|chap|sra|dra|uds?|pág|núm|lic|arq|гг?|ул|стр|им|др|проф|тыс|млн|млрд|руб|см"
)
_LOWER_START = re.compile(r"\s+[\"'“‘«(\[]*([^\W\d_])")


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """The sentences of one block of text, in order, as (start, end); white space around them belongs to none."""
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _END.finditer(text):
        end = match.end()
        if match.group()[0] in ".!?…" and not _ends_sentence(text, match.start(), end, start):
            continue
        start = _append(text, start, end, spans)
    _append(text, start, len(text), spans)
    return spans


def _append(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> int:
    while start < end and text[start].isspace():
        start += 1
    stop = end
    while stop > start and text[stop - 1].isspace():
        stop -= 1
    if stop > start:
        spans.append((start, stop))
    return end


def _ends_sentence(text: str, stop: int, end: int, start: int) -> bool:
    """Whether the stop at `stop` (with its closers up to `end`) ends the sentence begun at `start`."""
    following = _LOWER_START.match(text, end)
    if following and following.group(1).islower():
        return False  # "etc. and so on", "„Ja!“ sagte er"
    if text[stop] != "." or text[stop : stop + 2] == "..":
        return True
    word = _LAST_WORD.search(text, max(start, stop - 30), stop)
    return word is None or not _takes_point(word.group(), bool(following))


def _takes_point(word: str, before_letter: bool) -> bool:
    """Whether a word is written with a point that ends nothing."""
    if len(word) == 1 and word.isalpha():
        return True  # an initial
    if "." in word and not word[-1].isdigit():
        return True  # z.B., U.S., i.e.
    if word.isdigit() and len(word) <= 2:
        return before_letter  # an ordinal: der 3. Oktober
    return bool(_ABBREVIATION.fullmatch(word.casefold()))
