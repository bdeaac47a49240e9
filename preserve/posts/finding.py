"""Finding posts: what the user named, files and directories, to paths in a fixed order.

Owns which files of a directory are posts and the walk over directories. Opens no file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from preserve.errors import PostError
from preserve.settings import PostSettings

SKIPPED_DIRECTORIES = frozenset({"_site", "_layouts", "_includes", "node_modules"})


def find_posts(arguments: Sequence[str], settings: PostSettings) -> Iterator[str]:
    """The paths of the posts that `arguments` name, each file once.

    A file is taken as it is. A directory is walked, sorted by name, for files with one of
    `settings.suffixes`; names beginning with a dot and the directories of SKIPPED_DIRECTORIES are passed
    over, links to directories followed once. Paths are the argument joined with what is below it; names that
    are not valid in the file system's encoding come as `os.fsdecode` gives them. A directory that can't be
    listed, and a link that leads nowhere, is given as a path itself: reading it as a post then says what is
    wrong, so that nothing is skipped in silence.

    Raises PostError at once, before the first path, for an argument that does not exist.
    """
    for argument in arguments:
        _check(argument)
    return _Walk(settings).over(arguments)


def _check(argument: str) -> None:
    try:
        os.lstat(argument)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise PostError(argument, 0, f"{reason}: name a post or a directory of posts") from error


_DIRECTORY, _LINK = "directory", "link"


@dataclass(frozen=True, slots=True)
class _Below:
    """What is in a directory: sorted paths, and those among them that are no plain files.

    The listing tells it of each; asking the file system once more would cost as much as the walk.
    """

    paths: list[str]
    others: dict[str, str]


class _Walk:
    """One walk over all arguments; remembers directories and single files, not every file of a directory."""

    def __init__(self, settings: PostSettings) -> None:
        self._suffixes = tuple(suffix.lower() for suffix in settings.suffixes)
        self._directories: set[str] = set()
        self._files: set[str] = set()

    def over(self, arguments: Sequence[str]) -> Iterator[str]:
        for argument in arguments:
            if os.path.isdir(argument):  # noqa: PTH112 - a Path would not keep `./x` as the caller wrote it
                yield from self._directory(argument)
            elif self._is_new(argument):
                yield argument

    def _is_post(self, name: str) -> bool:
        return not name.startswith(".") and name.lower().endswith(self._suffixes)

    def _is_new(self, path: str) -> bool:
        """Whether a named or linked file has not been given, and will not be by its directory's walk."""
        real = os.path.realpath(path)
        directory, name = os.path.split(real)
        if real in self._files or (directory in self._directories and self._is_post(name)):
            return False
        self._files.add(real)
        return True

    def _directory(self, top: str) -> Iterator[str]:
        """Depth first with a stack of our own: directories may be nested deeper than Python may recurse."""
        below = _Below([top], {top: _DIRECTORY})
        stack = [(iter(below.paths), below.others)]
        while stack:
            paths, others = stack[-1]
            path = next(paths, None)
            if path is None:
                stack.pop()
                continue
            other = others.get(path)
            if other is None:
                if not self._files or os.path.realpath(path) not in self._files:
                    yield path
            elif other is _DIRECTORY:
                real = os.path.realpath(path)
                if real in self._directories:
                    continue
                self._directories.add(real)
                try:
                    below = self._below(path)
                except OSError:
                    yield path
                else:
                    stack.append((iter(below.paths), below.others))
            elif self._is_new(path):
                yield path

    def _below(self, directory: str) -> _Below:
        below = _Below([], {})
        with os.scandir(directory) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir():
                    if entry.name not in SKIPPED_DIRECTORIES:
                        below.paths.append(entry.path)
                        below.others[entry.path] = _DIRECTORY
                elif self._is_post(entry.name):
                    below.paths.append(entry.path)
                    if entry.is_symlink():
                        below.others[entry.path] = _LINK
        below.paths.sort()
        return below
