"""How a record's block begins, for those who need a response's head and not its page.

Owns reading no more of a gzip member than that. Nothing is checked against a digest: who concludes something from
what is read must take a damaged file into account, or read the whole record (`preserve.warc.reader`).
"""

from __future__ import annotations

from pathlib import Path

from preserve.errors import ArchiveError
from preserve.model import RecordRef
from preserve.warc.deflate import InflateError, inflater
from preserve.warc.places import located

_PACKED = 8 * 1024  # bytes read; a head of ordinary size is in the first two thousand
_UNPACKED = 16 * 1024
_AFTER_HEAD = b"\r\n\r\n"


def read_beginning(directory: str | Path, ref: RecordRef) -> bytes:
    """The first bytes of a record's block, some thousands as a rule; b"" where the record can't be read so.

    Args:
        directory: the archive.
        ref: the record; another that lies in its place is not read.
    """
    try:
        with located(directory, ref) as stream:
            stream.seek(ref.offset)
            packed = stream.read(min(ref.length, _PACKED))
        data = inflater().decompress(packed, _UNPACKED)
    except (ArchiveError, InflateError, OSError):
        return b""
    head, _, block = data.partition(_AFTER_HEAD)
    named = f"\r\nWARC-Record-ID: <{ref.record_id}>\r\n".encode()
    return block if named in head + b"\r\n" else b""
