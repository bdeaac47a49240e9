"""The gzip libraries, chosen in one place: ISA-L unpacks and zlib-ng packs where they were built for this machine.

ISA-L unpacks what WARC files hold in half of zlib's time; zlib-ng packs in less than half. zlib stands in for either.
Which it was changes no byte of what is read: all check a member's CRC-32 and size (RFC 1952, section 2.3.1). The
members differ by a percent or two in size; every reader of gzip reads them.
"""

from __future__ import annotations

import zlib
from typing import Protocol

try:
    from isal import isal_zlib as _engine
except ImportError:  # no build for this machine: pyproject.toml asks for it only where there is one
    import zlib as _engine  # type: ignore[no-redef]

try:
    from zlib_ng import zlib_ng as _packer
except ImportError:
    import zlib as _packer  # type: ignore[no-redef]

# Over pages of 186 KB, size and time against zlib's level 6: its level 9 0.99 and 1.8, zlib-ng's level 5 1.01 and 0.46,
# ISA-L's level 3 1.10 and 0.18. What is archived stays for good, and is packed once.
LEVEL = 6 if _packer is zlib else 5
PLAIN_LEVEL = 6
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


def plain_deflater() -> Deflater:
    """For the next member, packed by zlib: on every machine the same bytes give the same member."""
    return zlib.compressobj(PLAIN_LEVEL, zlib.DEFLATED, WINDOW)


def deflater() -> Deflater:
    """For the next member, packed quickly."""
    return _packer.compressobj(LEVEL, zlib.DEFLATED, WINDOW)
