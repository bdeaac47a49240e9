"""`index-<digest>.files`: the WARC files that lines of the index point to, so that it need not be unpacked to know.

    preserve-files 1 <SHA-256 of index.idx>
    <a file's name, as JSON>
    <SHA-256 of all of the above>

Lies beside the data file of the same digest, and is there before `index.idx` names that: whoever opens an index finds
its own list or none. Where there is none, or none that holds, the index itself tells (`files_of`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

from preserve.warc.zipnum import DATA_SUFFIX, ZipIndex

SUFFIX = ".files"
NEW_LIST = "index.files.new"
_FIELD = b'"filename": '  # a line's last field; nothing in a field before it can look so: quotes there are escaped
_END = b"}\n"
_HEADER = b"preserve-files 1 %b\n"


def list_name(data: str) -> str:
    """The name of the list that belongs to a data file."""
    return data.removesuffix(DATA_SUFFIX) + SUFFIX


def data_of(name: str) -> str:
    """The name of the data file that a list belongs to; another name as it is."""
    return name.removesuffix(SUFFIX) + DATA_SUFFIX if name.endswith(SUFFIX) else name


def file_of(line: bytes) -> bytes:
    """The name of the file that a line points to, as JSON; empty where it names none."""
    start = line.rfind(_FIELD)
    return line[start + len(_FIELD) : -len(_END)] if start >= 0 and line.endswith(b'"' + _END) else b""


class Noted:
    """Lines on their way, and the files that they point to.

    Args:
        names: of files that are known already, as JSON.
    """

    def __init__(self, names: Iterable[bytes] = ()) -> None:
        self.names = set(names)

    def passing(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """The same lines."""
        last = b""
        for line in lines:
            if not last or not line.endswith(last):
                name = file_of(line)
                last = _FIELD + name + _END
                self.names.add(name)
            yield line


def files_of(index: ZipIndex) -> frozenset[bytes]:
    """The names of the files that lines of the index point to, as JSON; all of it is unpacked.

    Raises:
        DamagedIndexError: it can't be read, or a line names no file.
    """
    noted = Noted()
    for block in index.blocks():
        for _ in noted.passing(index.lines(block)):
            pass
    if b"" in noted.names:
        raise index.damaged("a line of it names no file")
    return frozenset(noted.names)


def listed(index: ZipIndex) -> frozenset[bytes] | None:
    """The same as its list has it; None where there is no list of this very index that holds."""
    try:
        text = (index.path.parent / list_name(index.data)).read_bytes()
    except OSError:
        return None
    lines = text.splitlines(keepends=True)
    told = b"".join(lines[:-1])
    if not told.startswith(_HEADER % index.summary_digest().encode()) or lines[-1] != _sealed(told):
        return None
    return frozenset(line[:-1] for line in lines[1:-1])


def names_in(written: Iterable[bytes]) -> frozenset[str]:
    """Names out of JSON.

    Raises:
        ValueError: it is none.
    """
    return frozenset(str(json.loads(name)) for name in written)


def write_list(directory: Path, data: str, summary: str, names: Iterable[bytes]) -> None:
    """Put a list in its place; the directory is not synced.

    Args:
        directory: the archive.
        data: name of the data file it belongs to.
        summary: SHA-256 of `index.idx`, in hex.
        names: as JSON.

    Raises:
        OSError: it can't be written.
    """
    told = _HEADER % summary.encode() + b"".join(b"%b\n" % name for name in sorted(names))
    path = directory / NEW_LIST
    with path.open("wb") as target:
        target.write(told + _sealed(told))
        target.flush()
        os.fsync(target.fileno())
    path.replace(directory / list_name(data))


def _sealed(told: bytes) -> bytes:
    return sha256(told).hexdigest().encode() + b"\n"
