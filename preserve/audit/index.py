"""The index against the WARC files: made again from their records, and compared line by line.

Owns what is wrong with an index. It is derived, so nothing rests on it: deleting it mends whatever is found.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Set
from contextlib import closing
from pathlib import Path

from preserve.warc.cdxj import entry_of
from preserve.warc.entered import Noted, list_name, listed
from preserve.warc.sorting import SortedLines
from preserve.warc.zipnum import MEMBER_HEADER, SUMMARY, DamagedIndexError, ZipIndex, data_name, open_index
from preserve.warc.zipwriting import summary_line

HENCE = f"nothing rests on it: delete {SUMMARY}, the next run makes it anew"


class IndexCheck:
    """Takes the line of each record of the closed WARC files, in any order, and holds the index against them.

    Few lines are in memory at a time; what is put aside goes to the system's temporary directory.

    Args:
        directory: the archive.

    Attributes:
        lines: how many were taken.
        notes: what is worth knowing and no fault; complete once `finish` was read to its end.
    """

    def __init__(self, directory: Path) -> None:
        self.lines = 0
        self.notes: list[str] = []
        self._directory = directory
        self._wanted = SortedLines(tempfile.gettempdir())
        self._of: Counter[str] = Counter()

    def take(self, line: bytes | None) -> None:
        """Take the line that a record should have; None for a record that is not indexed."""
        if line is None:
            return
        self.lines += 1
        self._wanted.add(line)
        self._of[_file(line)] += 1

    def finish(self) -> Iterator[str]:
        """What is wrong with the index, a sentence each; nothing where all is well."""
        with closing(self._wanted):
            try:
                index = open_index(self._directory)
            except DamagedIndexError as error:
                yield f"can't be read: {error.why}"
                return
            if index is None:
                if self.lines:
                    yield f"is missing, and should have {self.lines} lines"
                return
            with index:
                yield from self._compared(index)

    def _compared(self, index: ZipIndex) -> Iterator[str]:
        said: list[str] = []
        lacking, strange, noted = _Counted(), _Counted(), Noted()
        try:
            for line, wanted in _differences(iter(self._wanted), noted.passing(_lines(index, said))):
                (lacking if wanted else strange).take(line)
        except DamagedIndexError as error:
            yield from said
            yield f"{error.why}; what lies behind was not compared"
            return
        yield from said
        yield from self._list_compared(index, noted.names)
        for file, count in sorted(strange.of.items()):
            yield f"has {_lines_of(count)} that no record of {file} should have, the first {strange.first[file]}"
        for file, count in sorted(lacking.of.items()):
            if count == self._of[file] and not strange.of:
                self.notes.append(
                    f"{SUMMARY} does not have the {_lines_of(count)} of {file} yet; the next run adds them"
                )
            else:
                yield f"lacks {_lines_of(count)} of {file}, the first {lacking.first[file]}"

    def _list_compared(self, index: ZipIndex, there: Set[bytes]) -> Iterator[str]:
        """What is wrong with the list of the files that are entered."""
        names, name = listed(index), list_name(index.data)
        if names is None and (index.path.parent / name).exists():
            yield f"has a list of its files, {name}, that is not its own; the next run writes it anew"
        elif names is None:
            self.notes.append(f"{name}, the list of the files in the index, is missing; the next run writes it anew")
        elif names != there:
            yield f"has lines of other files than {list_name(index.data)} says"


class _Counted:
    """Lines by the file they name: how many, and where the first points."""

    def __init__(self) -> None:
        self.of: Counter[str] = Counter()
        self.first: dict[str, str] = {}

    def take(self, line: bytes) -> None:
        file = _file(line)
        self.of[file] += 1
        if file not in self.first:
            self.first[file] = _place(line)


def _lines(index: ZipIndex, said: list[str]) -> Iterator[bytes]:
    """Every line of the index; `said` takes what is wrong with how they are kept.

    Raises:
        DamagedIndexError: a block can't be read.
    """
    hasher, end = hashlib.sha256(), 0
    for number, block in enumerate(index.blocks(), 1):
        raw = index.raw(block)
        hasher.update(raw)
        lines = index.lines(block)
        key = b" ".join(lines[0].split(b" ", 2)[:2])
        if summary_line(key, index.data, end, len(raw), number) != block.line + b"\n":
            said.append(f"line {number} of it is not what the block at offset {end} of {index.data} calls for")
        if not raw.startswith(MEMBER_HEADER):
            said.append(f"{index.data}, offset {end}: the block has another gzip header than we write")
        end += len(raw)
        yield from lines
    if data_name(hasher.hexdigest()) != index.data:
        said.append(f"the bytes of {index.data} are not those that it is named for")


def _differences(wanted: Iterator[bytes], found: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The lines that only one side has, each with whether it is the wanted one; both sides are sorted.

    Where `found` is not, or has a line twice, some line of it differs.
    """
    ahead = next(wanted, None)
    for line in found:
        while ahead is not None and ahead < line:
            yield ahead, True
            ahead = next(wanted, None)
        if ahead == line:
            ahead = next(wanted, None)
        else:
            yield line, False
    while ahead is not None:
        yield ahead, True
        ahead = next(wanted, None)


def _file(line: bytes) -> str:
    """The file that a line points to: its last field."""
    return line[line.rfind(b': "') + 3 : -3].decode("utf-8", "replace")


def _place(line: bytes) -> str:
    try:
        entry = entry_of(line)
    except (ValueError, KeyError, TypeError):
        return "no line of an index at all"
    return f"for offset {entry.offset}, {entry.url}"


def _lines_of(count: int) -> str:
    return "1 line" if count == 1 else f"{count} lines"
