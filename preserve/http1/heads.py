"""Status lines and header fields (RFC 9112, sections 3 to 5)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

Headers = Sequence[tuple[str, str]]

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS_LINE = re.compile(rb"HTTP/(\d(?:\.\d)?)[ \t]+(\d{3})(?:[ \t](.*))?", re.S)
_BARE = re.compile(rb"[\r\x00]")
_BLANK = " \t\n\r\x0b\x0c"  # what bytes.strip takes away


class HttpError(ValueError):
    """Bytes that are not an HTTP/1.x message, or framing that can't be followed; the message says why."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a response.

    Attributes:
        status: the status code, 100 to 999.
        reason: the reason phrase, Latin-1; "" where there is none.
        headers: the fields in order, decoded as Latin-1; a fold is one space.
        head_end: offset at which the body begins, interim responses before the head included.
        version: `1.0` or `1.1`, as the status line says.
    """

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    head_end: int
    version: str

    @property
    def is_interim(self) -> bool:
        """Whether another response follows; 101 is final, for we never ask to switch protocols."""
        return self.status < 200 and self.status != 101


def head_end(data: bytes | bytearray, start: int = 0, searched: int = 0) -> int:
    """Offset just past the head that begins at `start`; 0 while its empty line is not there yet.

    Bytes before `searched` were looked through before, so that a head which drips in costs no square.
    """
    while start < len(data) and data[start] in b"\r\n":
        start += 1  # stray line breaks before a status line, as some servers send after an interim response
    match = _HEAD_END.search(data, max(start, searched - 3))
    return match.end() if match else 0


def parse_head(raw: bytes | bytearray) -> Head:
    """Read the head of the final response in `raw`; interim (1xx) responses before it are skipped (RFC
    9110, 15.2).

    Raises:
        HttpError: when the bytes are not HTTP/1.x or the head is not whole.
    """
    head = read_head(raw)
    while head.is_interim:
        head = read_head(raw, head.head_end)
    return head


def read_head(raw: bytes | bytearray, start: int = 0) -> Head:
    """Read the one head that begins at `start`, be it interim or final.

    Raises:
        HttpError: as for `parse_head`.
    """
    end = head_end(raw, start)
    if not end:
        check_start(raw, start)
        raise HttpError("the response ends before its header fields do")
    return _one_head(bytes(raw[start:end]), end)


def check_start(raw: bytes | bytearray, start: int = 0) -> None:
    """Raise `HttpError` as soon as the bytes at `start` can't become a status line any more."""
    begun = bytes(raw[start : start + 64]).lstrip(b"\r\n")[:5]
    if not b"HTTP/".startswith(begun):
        raise HttpError(f"not an HTTP/1.x response: it begins with {begun!r}")


def _one_head(block: bytes, end: int) -> Head:
    lines = [line.removesuffix(b"\r") for line in block.lstrip(b"\r\n").split(b"\n")]
    match = _STATUS_LINE.fullmatch(lines[0])
    if match is None or int(match[2]) < 100:
        raise HttpError(f"not an HTTP/1.x status line: {lines[0][:80]!r}")
    version, status, reason = match.groups()
    return Head(int(status), _text(reason or b""), _fields(lines[1:]), end, version.decode("ascii"))


def _fields(lines: list[bytes]) -> tuple[tuple[str, str], ...]:
    """Field lines (RFC 9112, section 5); a line that is neither a field nor a fold is skipped, as browsers
    do."""
    whole = b"\n".join(lines)
    if _BARE.search(whole) or b"\n " in whole or b"\n\t" in whole or whole[:1] in (b" ", b"\t"):
        return _odd_fields(lines)
    # As nearly every head is, and each capture's head is read several times over: no folds, nothing to mend.
    split = [line.partition(":") for line in whole.decode("latin-1").split("\n")]
    kept = [(name, value) for name, colon, value in split if colon and name.strip(_BLANK)]
    return tuple([(name.strip(" \t"), value.strip(" \t")) for name, value in kept])


def _odd_fields(lines: list[bytes]) -> tuple[tuple[str, str], ...]:
    fields: list[tuple[str, list[str]]] = []
    for line in lines:
        if line[:1] in (b" ", b"\t"):
            if fields and line.strip():
                fields[-1][1].append(_text(line))
            continue
        name, colon, value = line.partition(b":")
        if colon and name.strip():
            fields.append((_text(name), [_text(value)]))
    return tuple((name, " ".join(part for part in parts if part)) for name, parts in fields)


def _text(raw: bytes) -> str:
    """Latin-1, with bare CR and NUL as spaces (RFC 9110, section 5.5)."""
    return _BARE.sub(b" ", raw).strip(b" \t").decode("latin-1")


def field_values(headers: Headers, name: str) -> list[str]:
    """The comma-separated members of every field called `name` (any case), in order, in lowercase."""
    members = (part for key, value in headers if key.lower() == name for part in value.split(","))
    return [member.strip().lower() for member in members if member.strip()]
