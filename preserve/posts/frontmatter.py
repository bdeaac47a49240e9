"""Front matter: where it begins and ends, and what its keys say.

Owns the dialects (YAML between `---` lines as Jekyll, Hugo and Hexo have it, TOML between `+++` lines, JSON
in braces or between `;;;` lines), their bounds, and the mending of broken quoting. Values come out as
written: every scalar is text, no date, number or boolean is guessed. Does not know which key means what.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import yaml

MAX_FRONT_MATTER = 256 * 1024

Value = str | list["Value"] | dict[str, "Value"]


class Dialect(StrEnum):
    """What the front matter is written in."""

    YAML = "YAML"
    TOML = "TOML"
    JSON = "JSON"


@dataclass(frozen=True, slots=True)
class Span:
    """Where front matter stands in a text.

    Attributes:
        dialect: what it is written in.
        start, end: its text without the fences, as offsets.
        body: offset of the first character after the closing fence's line.
        fenced: False for Hexo's form without an opening fence, which may as well be no front matter at all.
    """

    dialect: Dialect
    start: int
    end: int
    body: int
    fenced: bool = True


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The keys of a post.

    Attributes:
        keys: values as written; a key that stands twice has its last value, as in Jekyll.
        repaired: what had to be mended to read them; "" when nothing.
    """

    keys: Mapping[str, Value]
    repaired: str = ""


class FrontMatterError(ValueError):
    """Front matter that can't be read.

    Args:
        line: 0-based line of the fault, counted from the text's beginning.
        why: what is wrong, and what to do.
    """

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line, self.why = line, why


_OPENING = re.compile(
    r"\ufeff?(?:[ \t]*\n)*(-{3,}|\+{3}|;{3,})[ \t]*\n"  # fenced
    r"|\ufeff?\s*(?=\{\s*[\"}])"  # a JSON object
    r"|\ufeff?(?=[A-Za-z_][\w.-]{0,60}[ \t]*:(?:[ \t]|\n))",  # Hexo: keys at once
    re.M,
)
_CLOSING = {
    "-": re.compile(r"^(?:-{3,}|\.\.\.)[ \t]*(?:\n|\Z)", re.M),
    "+": re.compile(r"^\+{3}[ \t]*(?:\n|\Z)", re.M),
    ";": re.compile(r"^;{3,}[ \t]*(?:\n|\Z)", re.M),
}
_BARE_CLOSING = re.compile(r"^-{3,}[ \t]*(?:\n|\Z)", re.M)
_FENCES = {"-": Dialect.YAML, "+": Dialect.TOML, ";": Dialect.JSON}


def find_front_matter(text: str) -> Span | None:
    """Where the front matter of `text` stands, or None when there is none.

    `text` has `\\n` line ends only. Raises FrontMatterError when front matter begins and does not end, or is
    larger than MAX_FRONT_MATTER characters.
    """
    opening = _OPENING.match(text)
    if opening is None:
        return None
    start = opening.end()
    if opening[1]:
        mark = opening[1][0]
        closing = _CLOSING[mark].search(text, start, start + MAX_FRONT_MATTER)
        if closing is None:
            raise FrontMatterError(text.count("\n", 0, opening.start(1)), _unclosed(text, start, opening[1]))
        return Span(_FENCES[mark], start, closing.start(), closing.end())
    if text.startswith("{", start):
        return _json_object(text, start)
    closing = _BARE_CLOSING.search(text, start, start + MAX_FRONT_MATTER)
    return closing and Span(Dialect.YAML, start, closing.start(), closing.end(), fenced=False)


def _unclosed(text: str, start: int, fence: str) -> str:
    if len(text) - start > MAX_FRONT_MATTER:
        limit = f"{MAX_FRONT_MATTER // 1024} KiB"
        return f"front matter is longer than {limit}: is its closing {fence} line missing?"
    return f"front matter is not closed: add a line {fence} after its last key"


def _json_object(text: str, start: int) -> Span:
    try:
        _, length = json.JSONDecoder().raw_decode(text[start : start + MAX_FRONT_MATTER])
    except (ValueError, RecursionError) as error:
        raise _json_fault(error, text.count("\n", 0, start)) from error
    end = start + length
    newline = text.find("\n", end)
    rest = text[end : newline if newline >= 0 else len(text)]
    return Span(Dialect.JSON, start, end, end if rest.strip() else end + len(rest) + (newline >= 0))


def parse_front_matter(text: str, span: Span) -> FrontMatter:
    """The keys of the front matter at `span`.

    Raises FrontMatterError with the line and the reason, except where only the quoting of a value on one line
    is broken: then the value is what stands there literally, and `repaired` says so.
    """
    inner = text[span.start : span.end]
    first_line = text.count("\n", 0, span.start)
    nul = inner.find("\0")
    if nul >= 0:
        raise FrontMatterError(
            first_line + inner.count("\n", 0, nul),
            "front matter has a NUL byte: remove it, or restore the file",
        )
    if span.dialect is Dialect.TOML:
        return FrontMatter(_parse_toml(inner, first_line))
    if span.dialect is Dialect.JSON:
        return FrontMatter(_parse_json(inner, first_line))
    return _parse_yaml(inner, first_line)


# ---------------------------------------------------------------- YAML


_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_MARKS = 200
_MAX_DEPTH = 100


class _TooDeepError(ValueError):
    """YAML nested so deep that the C composer, which recurses, would end the process."""


def _load_yaml(text: str) -> object:
    """Every scalar as text: the base constructor knows neither tags nor types, so nothing can be built.

    An alias yields the one object its anchor made, and nobody walks nested values, so a bomb of aliases stays
    as small as it was written. Raises _TooDeepError before libyaml's composer would overflow the C stack.
    """
    if any(text.count(mark) > _MARKS for mark in ("[", "{", "- ", "? ")) and _depth(text) > _MAX_DEPTH:
        raise _TooDeepError
    loader = _LOADER(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


def _depth(text: str) -> int:
    """How deep a YAML text is nested, as far as that matters; the parser itself does not recurse."""
    depth = deepest = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            deepest = max(deepest, depth)
            if deepest > _MAX_DEPTH:
                break
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return deepest


def _parse_yaml(inner: str, first_line: int) -> FrontMatter:
    try:
        keys = _load_yaml(inner)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mended = _mend(inner)
        if mended is None:
            raise _yaml_fault(error, inner, first_line) from error
        return mended
    if keys is None or keys == "":
        return FrontMatter({})
    if not isinstance(keys, dict):
        raise FrontMatterError(first_line, "front matter is not a list of `key: value` lines")
    return FrontMatter(_text_keys(keys))


def _text_keys(keys: dict[object, Value]) -> dict[str, Value]:
    return {key: value for key, value in keys.items() if isinstance(key, str)}


def _yaml_fault(error: Exception, inner: str, first_line: int) -> FrontMatterError:
    # From 6.0.4 on PyYAML bounds the nesting itself, at a place of its own.
    if isinstance(error, (RecursionError, _TooDeepError)) or "nesting depth" in str(getattr(error, "problem", "")):
        return FrontMatterError(first_line, "front matter is nested too deep")
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        line = min(error.problem_mark.line, inner.count("\n"))
        return FrontMatterError(first_line + line, f"front matter is not valid YAML: {error.problem}")
    if isinstance(error, yaml.reader.ReaderError):
        bad = re.search(r"[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", inner)
        line = inner.count("\n", 0, bad.start()) if bad else 0
        what = f"U+{ord(bad[0]):04X}" if bad else str(error.character)
        return FrontMatterError(first_line + line, f"front matter has a character YAML forbids ({what}): remove it")
    return FrontMatterError(first_line, f"front matter is not valid YAML: {str(error).splitlines()[0]}")


_SCALAR_LINE = re.compile(r"([A-Za-z_][\w.-]*)[ \t]*:[ \t]+(\S.*?)[ \t]*")


def _mend(inner: str) -> FrontMatter | None:
    """Quote anew the one-line values that are not valid YAML by themselves; None when that does not help."""
    lines = inner.split("\n")
    mended = []
    for index, line in enumerate(lines):
        match = _SCALAR_LINE.fullmatch(line)
        if match is None or _continues(lines, index) or _is_valid(line):
            continue
        lines[index] = f"{match[1]}: {json.dumps(_literal(match[2]), ensure_ascii=False)}"
        mended.append(match[1])
    if not mended:
        return None
    try:
        keys = _load_yaml("\n".join(lines))
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    if not isinstance(keys, dict):
        return None
    return FrontMatter(_text_keys(keys), "read literally, the quoting is broken: " + ", ".join(mended))


def _continues(lines: list[str], index: int) -> bool:
    following = lines[index + 1] if index + 1 < len(lines) else ""
    return following[:1] in {" ", "\t"} and bool(following.strip())


def _is_valid(line: str) -> bool:
    try:
        return isinstance(_load_yaml(line), dict)
    except (yaml.YAMLError, RecursionError, ValueError):
        return False


def _literal(value: str) -> str:
    """What the writer of a badly quoted value meant: the text between the quotes, quotes unescaped."""
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    if len(value) >= 2 and value[0] == value[-1] == "'":
        return value[1:-1].replace("''", "'")
    return value


# ---------------------------------------------------------------- TOML and JSON


def _parse_toml(inner: str, first_line: int) -> dict[str, Value]:
    try:
        return {key: _as_text(value) for key, value in tomllib.loads(inner, parse_float=str).items()}
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) - 1 if found else 0
        raise FrontMatterError(first_line + line, f"front matter is not valid TOML: {error}") from error


def _parse_json(inner: str, first_line: int) -> dict[str, Value]:
    braced = inner if inner.lstrip().startswith("{") else "{" + inner + "}"
    try:
        keys = json.loads(braced, parse_float=str, parse_int=str, parse_constant=str)
        return {key: _as_text(value) for key, value in keys.items()}
    except (ValueError, RecursionError) as error:
        raise _json_fault(error, first_line) from error


def _json_fault(error: Exception, first_line: int) -> FrontMatterError:
    if isinstance(error, json.JSONDecodeError):
        return FrontMatterError(first_line + error.lineno - 1, f"front matter is not valid JSON: {error.msg}")
    return FrontMatterError(first_line, "front matter is not valid JSON: nested too deep")


def _as_text(value: object) -> Value:
    """A TOML or JSON value with every scalar as text; dates in ISO 8601."""
    if isinstance(value, dict):
        return {str(key): _as_text(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_text(inner) for inner in value]
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return ""
    isoformat = getattr(value, "isoformat", None)
    return isoformat() if isoformat is not None else str(value)
