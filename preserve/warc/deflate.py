"""The gzip library, chosen in one place: ISA-L where it was built for this machine, else zlib.

ISA-L unpacks what WARC files hold in half of zlib's time. Which of the two it was changes no byte of what is read:
both check a member's CRC-32 and size (RFC 1952, section 2.3.1). Packing is zlib's, whose files stay the same.
"""

from __future__ import annotations

import zlib
from typing import Protocol

try:
    from isal import isal_zlib as _engine
except ImportError:  # no build for this machine: pyproject.toml asks for it only where there is one
    import zlib as _engine  # type: ignore[no-redef]

# Level 9 takes twice the time of level 6 for 1 % less (docs/formats.md); the files are the same to every
# reader.
LEVEL = 6
WINDOW = 31  # 2^15 bytes, in a gzip wrapper

InflateError: type[Exception] = _engine.error  # type: ignore[assignment] # the stub shows it as an instance


class Inflater(Protocol):
    """Unpacks one gzip member."""

    @property
    def eof(self) -> bool:
        """Whether its end was seen, and its checksum and size hold."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What of the last piece lay behind its end."""
        ...

    def decompress(self, data: bytes | memoryview, max_length: int = ..., /) -> bytes:
        """What the next piece unpacks to, at most so many bytes.

        Raises:
            InflateError: it is no gzip member.
        """
        ...


def inflater() -> Inflater:
    """For the next member."""
    return _engine.decompressobj(WINDOW)


class Deflater(Protocol):
    """Packs one gzip member."""

    def compress(self, data: bytes, /) -> bytes:
        """Take the next bytes; what is ready."""
        ...

    def flush(self) -> bytes:
        """The rest, when all is taken."""
        ...


def deflater() -> Deflater:
    """For the next member; the same bytes give the same member."""
    return zlib.compressobj(LEVEL, zlib.DEFLATED, WINDOW)
