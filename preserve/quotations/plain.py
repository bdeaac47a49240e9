"""A manuscript without its markup, every character in its old place.

Owns which parts of Markdown are no prose: front matter, code, HTML, comments, the targets of links, notes. They are
overwritten, so that offsets and lines stay those of the file.
"""

from __future__ import annotations

import re

NOTHING = "\x00"
"""Stands where a mark was that is no part of the text around it: taken out, what is left and right of it joins."""

_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\n.*?^(?:---|\.\.\.)[ \t]*$", re.DOTALL | re.MULTILINE)
_FENCE = re.compile(
    r"^[ \t]*(?:>[ \t]*)*(?P<mark>`{3,}|~{3,})[^\n]*\n.*?"
    r"(?:^[ \t]*(?:>[ \t]*)*(?P=mark)[`~]*[ \t]*$|\Z)",
    re.DOTALL | re.MULTILINE,
)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_CODE = re.compile(r"(?<!`)(?P<ticks>`+)(?!`)[^\n]*?(?<!`)(?P=ticks)(?!`)")
_AUTOLINK = re.compile(r"<(?:https?|mailto):[^<>\s]{1,2000}>")
_TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,1000}>")
_NOTE = re.compile(r"\[\^[^\]\n]{1,100}\]:?")
_DEFINITION = re.compile(r"^ {0,3}\[[^\]\n]{1,200}\]:[ \t]+\S+[^\n]*$", re.MULTILINE)
_LINK_TARGET = re.compile(r"\]\((?:[^()\n]|\([^()\n]*\)){0,3000}\)|\]\[[^\]\n]{0,200}\]")
_EMPHASIS = re.compile(r"(?<![^\W_])[*_]{1,3}(?=\S)|(?<=\S)[*_]{1,3}(?![^\W_])|\*{2,3}")
_NOT_LINE_END = re.compile(r"[^\n]")
_LABEL_LONGEST = 2000


def without_markup(text: str) -> str:
    """`text` with what is no prose in Markdown overwritten; as long as before, with the same lines."""
    for pattern in (_FRONT_MATTER, _FENCE, _COMMENT, _CODE, _AUTOLINK, _TAG, _DEFINITION):
        text = pattern.sub(lambda found: _NOT_LINE_END.sub(" ", found.group()), text)
    for pattern in (_NOTE, _EMPHASIS):
        text = pattern.sub(lambda found: NOTHING * len(found.group()), text)
    return _without_links(text)


def _without_links(text: str) -> str:
    """The labels of links alone; the brackets of other bracketed words stay, for they mean something in a quotation."""
    characters = list(text)
    for target in _LINK_TARGET.finditer(text):
        start = _label_start(text, target.start())
        if start < 0:
            continue
        characters[start] = NOTHING
        characters[target.start() : target.end()] = NOTHING * (target.end() - target.start())
    return "".join(characters)


def _label_start(text: str, end: int) -> int:
    """Where the bracket stands that `end` closes; -1 without one in the same paragraph."""
    depth = 0
    for at in range(end - 1, max(-1, end - _LABEL_LONGEST), -1):
        character = text[at]
        if character == "\n" and at and text[at - 1] == "\n":
            return -1
        if character == "]":
            depth += 1
        elif character == "[":
            if depth == 0:
                return at
            depth -= 1
    return -1
