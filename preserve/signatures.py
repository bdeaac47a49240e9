"""First bytes of files that are no pages, whatever content type they are sent with."""

from __future__ import annotations

from typing import Final

WITHIN: Final = 24  # bytes from the beginning in which a signature counts
_SIGNATURES: Final = (
    (b"%PDF-", "a PDF"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"PK\x03\x04", "a zip archive"),
    (b"RIFF", "a RIFF file"),
    (b"ID3", "an MP3 file"),
    (b"OggS", "an Ogg file"),
    (b"wOFF", "a font"),
)


def signed(data: bytes) -> str:
    """What kind of file begins as `data` does, in words; "" where none is known that does."""
    first = data[:WITHIN]
    return next((name for signature, name in _SIGNATURES if signature in first), "")
