"""What a post says that a plan needs to know: read from its front matter, or remembered from when that was done.

Owns when a remembered reading holds: the file has the size, times and inode that it had, and they can't be those of
two contents.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from preserve.errors import PostError
from preserve.model import Reason
from preserve.posts import NotAPostError, parse_post, read_bytes, reading_version
from preserve.settings import Settings
from preserve.urls import host_of, wire_url
from preserve.verify.remembered import LONGEST_LINE, Remembered, remember
from preserve.warc.sorting import SortedLines

# The coarsest times that a file system in use keeps (FAT: 2 s). A file that was changed so lately may be changed once
# more without a trace in them ("racy git": Documentation/technical/racy-git.txt of git).
COARSEST_NS: Final = 2_000_000_000
HELD_LINES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A post whose source can be asked.

    Attributes:
        source: the source URL exactly as the post has it.
        url: the URL to ask.
    """

    source: str
    url: str


@dataclass(frozen=True, slots=True)
class Unasked:
    """A post that has no source to ask.

    Attributes:
        reason: why.
        saw: what was seen, for people.
        source: as the post has it, if it has any.
    """

    reason: Reason
    saw: str
    source: str | None = None


@dataclass(frozen=True, slots=True)
class NoPost:
    """A file without front matter: no post, if nobody said that it is one."""


Reading = Asked | Unasked | NoPost


class PostReader:
    """Reads posts for a plan, and remembers what they said beside the archive.

    Args:
        settings: `archive.directory` has the cache, `posts` says how to read.
        clock: the time in nanoseconds since 1970, as the file system's times are.

    Attributes:
        anew: how many posts were read and not remembered.
    """

    def __init__(self, settings: Settings, clock: Callable[[], int] = time.time_ns) -> None:
        self.anew = 0
        self._posts, self._directory = settings.posts, Path(settings.archive.directory)
        self._fresh = SortedLines(self._directory, HELD_LINES)
        self._settled = clock() - COARSEST_NS
        self._version: str | None = None
        self._remembered: Remembered | None = None
        with suppress(OSError):
            told = f"{reading_version(sys.modules[__name__])} {json.dumps(self._posts.source_keys)}"
            self._version = sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]
            self._remembered = Remembered(self._directory, self._version)

    def __enter__(self) -> Self:
        """The reader itself; leaving the block closes it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._fresh.close()
        if self._remembered is not None:
            self._remembered.close()

    def read(self, path: str) -> Reading:
        """What the post at `path` says."""
        if self._remembered is None:
            return self._read(path)[0]
        try:
            status = os.stat(path)  # noqa: PTH116 - before it is read: a change meanwhile makes it another
        except (OSError, ValueError):
            return self._read(path)[0]
        key = os.fsencode(path).replace(b"/", b"\0")  # so that the walk's order is that of the keys
        state = b"%x %x %x %x" % (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        found = self._remembered.get(key)
        if found is not None:
            then, _, said = found.partition(b"\t")
            reading = _unpacked(said) if then == state else None
            if reading is not None:
                return reading
        reading, lasts = self._read(path)
        if lasts and max(status.st_mtime_ns, status.st_ctime_ns) < self._settled:
            self._note(key, state, reading)
        return reading

    def keep(self) -> None:
        """Write down what was read; of what was known, that of files which are gone is dropped.

        Only who holds the archive's lock may. Where it can't be written, posts are read again the next time.
        """
        if not self._fresh or self._remembered is None or self._version is None:
            return
        known = (pair for pair in self._remembered if os.path.lexists(pair[0].replace(b"\0", b"/")))
        with suppress(OSError), closing(self._fresh):
            remember(self._directory, self._version, known, self._fresh)

    def _note(self, key: bytes, state: bytes, reading: Reading) -> None:
        try:
            line = b"%b\t%b\t%b\n" % (key, state, _packed(reading))
        except UnicodeEncodeError:  # what is not Unicode is rare, and read each time
            return
        if len(line) <= LONGEST_LINE and b"\n" not in key and b"\t" not in key:
            self._fresh.add(line)

    def _read(self, path: str) -> tuple[Reading, bool]:
        """What the post says, and whether that rests on its bytes and our own code alone."""
        self.anew += 1
        try:
            data = read_bytes(path)
        except PostError as error:
            return Unasked(Reason.UNREADABLE_POST, str(error)), False
        try:
            post = parse_post(path, data, self._posts)
        except NotAPostError:
            return NoPost(), True
        except PostError as error:
            return Unasked(Reason.UNREADABLE_POST, str(error)), True
        if post.source is None:
            keys = ", ".join(self._posts.source_keys)
            return Unasked(Reason.NO_SOURCE, f"none of the keys {keys} has a value"), True
        try:
            url = wire_url(post.source)
        except ValueError as error:
            saw = f"{path}:{post.source_line}: {post.source_key}: {error}"
            return Unasked(Reason.INVALID_SOURCE, saw, post.source), post.source.isascii() and "%" not in post.source
        # How other host names are written a library knows, and its next version may know better.
        lasts = "xn--" not in url or "xn--" not in host_of(url)
        return Asked(post.source, post.source if url == post.source else url), lasts


def _packed(reading: Reading) -> bytes:
    """A reading as it is remembered.

    Raises:
        UnicodeEncodeError: a text of it is not Unicode.
    """
    if isinstance(reading, NoPost):
        said: list[str | None] = []
    elif isinstance(reading, Asked):
        said = [reading.source] if reading.url == reading.source else [reading.source, reading.url]
    else:
        said = [reading.source, reading.reason.value, reading.saw]
    return json.dumps(said, ensure_ascii=False).encode()


def _unpacked(packed: bytes) -> Reading | None:
    """The reading that was packed; None where it is none."""
    try:
        said = json.loads(packed.decode())
        if len(said) == 1:
            return Asked(said[0], said[0])
        if len(said) == 2:
            return Asked(said[0], said[1])
        return Unasked(Reason(said[1]), said[2], said[0]) if said else NoPost()
    except (ValueError, TypeError, KeyError, IndexError):
        return None
