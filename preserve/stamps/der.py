"""Reading and writing DER (X.690, section 10), as far as a time stamp token needs it. Pure.

What a token's parts mean is `preserve.stamps.tokens`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

INTEGER = 0x02
OCTET_STRING = 0x04
OBJECT_IDENTIFIER = 0x06
SEQUENCE = 0x30
SET = 0x31
CONTEXT_0 = 0xA0
_LONG = 0x80
_MOST_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class Item:
    """One value: its tag byte, its content, and all of it with tag and length."""

    tag: int
    content: bytes
    whole: bytes

    def parts(self) -> tuple[Item, ...]:
        """What stands in it, in order.

        Raises:
            ValueError: it is not made of DER values.
        """
        return tuple(_items(self.content))

    def part(self, index: int, tag: int) -> Item:
        """One of its parts, which must have this tag.

        Raises:
            ValueError: there is none.
        """
        parts = self.parts()
        if index >= len(parts) or parts[index].tag != tag:
            raise ValueError(f"part {index} of a value is not there, or is of another type")
        return parts[index]


def parse(data: bytes) -> Item:
    """The one value that `data` is.

    Raises:
        ValueError: it is none, or something stands behind it.
    """
    items = tuple(_items(data))
    if len(items) != 1:
        raise ValueError(f"{len(items)} values where one was expected")
    return items[0]


def encode(tag: int, content: bytes) -> bytes:
    """A value with this tag."""
    size = len(content)
    if size < _LONG:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, _LONG | len(length)]) + length + content


def oid(item: Item) -> str:
    """An object identifier as people write it (X.690, section 8.19).

    Raises:
        ValueError: it is none.
    """
    if item.tag != OBJECT_IDENTIFIER or not item.content or item.content[-1] & _LONG:
        raise ValueError("no object identifier where one was expected")
    arcs, value = [], 0
    for byte in item.content:
        value = value << 7 | byte & 0x7F
        if not byte & _LONG:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def _items(data: bytes) -> Iterator[Item]:
    start = 0
    while start < len(data):
        if start + 2 > len(data) or data[start] & 0x1F == 0x1F:
            raise ValueError(f"no DER value at byte {start}")
        begin, length = start + 2, data[start + 1]
        if length & _LONG:
            digits = length & 0x7F
            length = int.from_bytes(data[begin : begin + digits], "big")
            begin += digits
            if not 1 <= digits <= _MOST_LENGTH_BYTES or length < _LONG or length.bit_length() <= 8 * (digits - 1):
                raise ValueError(f"a length that is not DER at byte {start}")
        end = begin + length
        if end > len(data):
            raise ValueError(f"the value at byte {start} breaks off")
        yield Item(data[start], data[begin:end], data[start:end])
        start = end
