"""Owns the directory a report is written to: nothing foreign is touched, and only what changed is written.

state.json   marks the directory as a report, and says what the last one was of
SHA256SUMS   every file of the report with its digest, as `sha256sum -c` reads it
facts.jsonl  what was read of posts, so that the next report need not read it again
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from preserve.errors import ConfigError

STATE: Final = "state.json"
SUMS: Final = "SHA256SUMS"
FACTS: Final = "facts.jsonl"
FORMAT: Final = "preserve-report"
_OUR_NAME: Final = re.compile(r"(?:[a-z0-9][a-z0-9._-]*/)*[A-Za-z0-9.][A-Za-z0-9._-]*")
_SUM: Final = re.compile(r"([0-9a-f]{64})  (\S+)\n?")


class Site:
    """A report's directory, open to be written anew.

    Args:
        directory: made where it is missing.

    Raises:
        ConfigError: it holds something else, or can't be used.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.state: Mapping[str, Any] = _state_in(directory)
        self._before = _sums_in(directory)
        self._now: dict[str, str] = {}
        self._folders: set[Path] = set()
        self.written = 0

    @property
    def files(self) -> int:
        """How many files the report has so far."""
        return len(self._now)

    def remembered(self) -> Iterator[str]:
        """The lines of `facts.jsonl`, as far as they are there."""
        try:
            with (self.directory / FACTS).open(encoding="ascii", errors="replace") as lines:
                yield from lines
        except OSError:
            return

    def write(self, name: str, content: str | bytes) -> None:
        """Put a file in place, whole or not at all; one that has these bytes already is left alone.

        Args:
            name: relative, with `/`; made of our own words and hexadecimal digits.
            content: text is written as UTF-8.
        """
        if not _OUR_NAME.fullmatch(name) or name in self._now:
            raise ValueError(f"{name!r} is no name for a file of a report")
        data = content.encode("utf-8") if isinstance(content, str) else content
        digest = sha256(data).hexdigest()
        self._now[name] = digest
        path = self.directory / name
        if self._before.get(name) == digest and _has(path, data):
            return
        self._put(path, data)
        self.written += 1

    def finish(self, state: Mapping[str, Any], facts: Iterable[str]) -> int:
        """Remove what the last report had and this one has not, and note what this one is.

        Returns:
            How many files were removed. A file that was changed by somebody is left where it is.
        """
        gone = [name for name in self._before if name not in self._now]
        removed = sum(self._remove(name, self._before[name]) for name in gone)
        self._put_if_new(FACTS, "".join(f"{line}\n" for line in facts))
        self._put_if_new(SUMS, "".join(f"{digest}  {name}\n" for name, digest in sorted(self._now.items())))
        self._put_if_new(STATE, json.dumps({"format": FORMAT, **state}, indent=1) + "\n")
        return removed

    def begin(self) -> None:
        """Mark the directory as ours before anything is in it, so that a report that was broken off can be repeated."""
        if not (self.directory / STATE).exists():
            self._put(self.directory / STATE, json.dumps({"format": FORMAT}).encode() + b"\n")

    def _put_if_new(self, name: str, text: str) -> None:
        data, path = text.encode("utf-8"), self.directory / name
        if not _has(path, data):
            self._put(path, data)

    def _put(self, path: Path, data: bytes) -> None:
        try:
            if path.parent not in self._folders:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._folders.add(path.parent)
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".preserve-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                os.chmod(temporary, 0o644)  # noqa: PTH101 - mkstemp's own is for the owner alone; it is to be published
                os.replace(temporary, path)  # noqa: PTH105
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise ConfigError(
                f"{path}: can't be written: {error.strerror}. Name another directory with -o, or make room"
            ) from error

    def _remove(self, name: str, digest: str) -> bool:
        path = self.directory / name
        try:
            if path.is_symlink() or sha256(path.read_bytes()).hexdigest() != digest:
                return False
            path.unlink()
            for parent in Path(name).parents:
                if parent == Path():
                    break
                (self.directory / parent).rmdir()  # only when it is empty
        except OSError:
            return not path.exists()
        return True


def _state_in(directory: Path) -> Mapping[str, Any]:
    try:
        if not directory.exists() or not any(directory.iterdir()):
            return {}
        state = json.loads((directory / STATE).read_text("utf-8"))
    except FileNotFoundError:
        state = None
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{directory}: can't be used for a report: {error}. Name another directory with -o"
        ) from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise ConfigError(
            f"{directory} holds something that is not a report of preserve, and is left as it is: name an empty or"
            " a new directory with -o"
        )
    return state


def _sums_in(directory: Path) -> dict[str, str]:
    """What the last report wrote; a line that we can't have written is passed over."""
    try:
        with (directory / SUMS).open(encoding="ascii", errors="replace") as lines:
            found = (_SUM.fullmatch(line) for line in lines)
            return {one[2]: one[1] for one in found if one and _OUR_NAME.fullmatch(one[2])}
    except OSError:
        return {}


def _has(path: Path, data: bytes) -> bool:
    """Whether the file holds these bytes."""
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except OSError:
        return False
