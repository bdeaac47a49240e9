"""What git prints, as values. Pure: bytes go in, as `-z` has them, so that no file name needs unquoting.

Paths are bytes relative to the top of the working tree, exactly as git has them: whatever the file system's encoding
says of them is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha1, sha256

LOG_FORMAT = "tformat:%x01%H %ct"
"""What `touches` reads: a byte that begins no raw line, the commit's id, and its committer's time."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHA1_DIGITS = 40


@dataclass(frozen=True, slots=True)
class Touch:
    """A commit that changed a file.

    Attributes:
        path: of the file.
        blob: id of what it was changed to; all zeros where it was removed.
        commit: id of the commit.
        at: when it was committed, by the committer's clock; None where that is no time.
    """

    path: bytes
    blob: str
    commit: str
    at: datetime | None


def blob_id(data: bytes, like: str) -> str:
    """The id that git gives a file of these bytes (`git hash-object` without filters).

    Args:
        data: the bytes.
        like: any id of the repository: its length tells SHA-1 from SHA-256.
    """
    hasher = sha1 if len(like) == _SHA1_DIGITS else sha256
    return hasher(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def tree_blobs(output: bytes) -> Iterator[tuple[bytes, str]]:
    """Path and blob id of each file, of `git ls-tree -r -z`.

    Raises:
        ValueError: something else was printed.
    """
    for entry in _entries(output):
        said, tab, path = entry.partition(b"\t")
        fields = said.split(b" ")
        if not tab or len(fields) != 3:
            raise ValueError(f"ls-tree printed {entry[:80]!r}")
        if fields[1] == b"blob":
            yield path, fields[2].decode("ascii")


def changed_paths(output: bytes) -> frozenset[bytes]:
    """The paths that differ from HEAD, in the index or in the working tree, of `git status --porcelain -z`.

    Raises:
        ValueError: something else was printed.
    """
    entries = iter(output.split(b"\0")[:-1])
    found = set()
    for entry in entries:
        if len(entry) < 4 or entry[2:3] != b" ":
            raise ValueError(f"status printed {entry[:80]!r}")
        found.add(entry[3:])
        if entry[:1] in b"RC":  # of a renamed or copied file the old path stands in an entry of its own
            found.add(next(entries, b""))
    return frozenset(found)


def touches(chunks: Iterable[bytes]) -> Iterator[Touch]:
    """What each commit did to which files, of `git log -z --raw -c --format=LOG_FORMAT`, as it comes in.

    Raises:
        ValueError: something else was printed, or it ends within an entry.
    """
    commit, at = "", None
    tokens = _tokens(chunks)
    for token in tokens:
        said = token.removeprefix(b"\n")
        if said.startswith(b"\x01"):
            name, _, seconds = said[1:].decode("ascii").partition(" ")
            commit, at = name, _moment(seconds)
        elif said.startswith(b":"):
            path = next(tokens, None)
            if path is None or not commit:
                raise ValueError("log printed half an entry")
            yield Touch(path, _new_blob(said), commit, at)
        elif said:
            raise ValueError(f"log printed {said[:80]!r}")


def _new_blob(said: bytes) -> str:
    """The id after the change; a merge of n parents has n colons, n + 1 modes and n + 1 ids, then letters."""
    parents = len(said) - len(said.lstrip(b":"))
    fields = said[parents:].split(b" ")
    if len(fields) != 2 * (parents + 1) + 1:
        raise ValueError(f"log printed {said[:80]!r}")
    return fields[-2].decode("ascii")


def _moment(seconds: str) -> datetime | None:
    try:
        return _EPOCH + timedelta(seconds=int(seconds))
    except (ValueError, OverflowError):
        return None


def _entries(output: bytes) -> Iterator[bytes]:
    """What ends in a NUL each, one at a time: a list of all would take more than the output."""
    start = 0
    while (end := output.find(b"\0", start)) >= 0:
        yield output[start:end]
        start = end + 1


def _tokens(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
    if rest:
        raise ValueError(f"log ended within {rest[:80]!r}")
