"""Owns XML as it is written: everything foreign escaped, and what XML 1.0 forbids made visible."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOBase
from typing import Final, TextIO, cast
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from preserve.visible import visible

# XML 1.0, section 2.2: no character of these, not even as a reference. `visible` has dealt with the others.
_FORBIDDEN: Final = re.compile("[\ufffe\uffff]")


class XmlStream:
    """Writes elements, one line each unless they hold text.

    Args:
        stream: UTF-8 text.
    """

    def __init__(self, stream: TextIO) -> None:
        self._out = XMLGenerator(cast(TextIOBase, stream), "utf-8", short_empty_elements=True)

    def begin(self) -> None:
        """Write the XML declaration."""
        self._out.startDocument()

    @contextmanager
    def inside(self, name: str, /, **attributes: str) -> Iterator[None]:
        """An element around what is written in the block."""
        self._start(name, attributes)
        self.line()
        yield
        self._out.endElement(name)
        self.line()

    def element(self, name: str, text: str = "", /, **attributes: str) -> None:
        """A whole element on one line; line ends in `text` are kept."""
        self.inline(name, text, **attributes)
        self.line()

    def inline(self, name: str, text: str = "", /, **attributes: str) -> None:
        """A whole element amid text."""
        self._start(name, attributes)
        if text:
            self.text(text)
        self._out.endElement(name)

    def text(self, text: str) -> None:
        """Text; its line ends are kept."""
        self._out.characters("\n".join(map(harmless, text.split("\n"))))

    def line(self) -> None:
        """End the line, between elements."""
        self._out.ignorableWhitespace("\n")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        named = {key: harmless(value) for key, value in attributes.items()}
        self._out.startElement(name, AttributesImpl(named))


def harmless(text: str) -> str:
    """`text` on one line, with every character that XML 1.0 does not allow shown as what it is."""
    return _FORBIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", visible(text))
