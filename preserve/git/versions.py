"""From posts to repositories and back: each post's version, where its collection is a git repository.

A repository is asked when the first of its posts is, and once for all of them.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from preserve.git.commands import Git, GitError
from preserve.git.output import blob_id
from preserve.git.repository import Snapshot, take, top_of
from preserve.model import CommitState, PostVersion

LOOKS = 3
"""How often one repository is asked in a run: again when a post's bytes are not what it said at first."""


class PostVersions:
    """What git says of the posts of one run.

    Links are followed: the file that a link leads to counts, and the repository it lies in.

    Args:
        git: runs git; None where nothing is to be asked.
        posts: the paths of all posts that may be asked for.
        notice: takes a sentence for the user, once for each thing that keeps commits from being named.
    """

    def __init__(self, git: Git | None, posts: Collection[str], notice: Callable[[str], None]) -> None:
        self._git, self._posts, self._notice = git, posts, notice
        self._grouped = False
        self._repositories: dict[str, _Repository] = {}
        self._below: dict[str, tuple[str, bytes] | None] = {}  # by directory

    def of(self, path: str, data: bytes) -> PostVersion | None:
        """The version of a post, or None: not in a repository, or git could not say.

        Args:
            path: the post's path, one of those given at first.
            data: its bytes, as they were read.
        """
        if self._git is None:
            return None
        if not self._grouped:
            self._grouped = True
            self._group(self._git)
        found = self._place(path)
        repository = None if found is None else self._repositories.get(found[0])
        return None if found is None or repository is None else repository.version(found[1], data)

    def _group(self, git: Git) -> None:
        wanted: dict[str, dict[bytes, bytes]] = defaultdict(dict)
        for path in self._posts:
            found = self._place(path)
            if found is not None:
                wanted[found[0]][found[1]] = found[1]
        if wanted and not git.there:
            self._notice("The posts are in a git repository, but there is no git command: commits are not noted.")
            return
        for top, paths in wanted.items():
            self._repositories[top] = _Repository(git, top, paths, self._notice)

    def _place(self, path: str) -> tuple[str, bytes] | None:
        """The directory with a `.git` that the post lies below, and its path from there."""
        if os.path.islink(path):  # noqa: PTH114 - a Path for each of many posts takes its time
            path = os.path.realpath(path)
        directory, name = os.path.split(path)
        if directory not in self._below:
            self._below[directory] = _below_git(os.path.realpath(directory))
        found = self._below[directory]
        return None if found is None else (found[0], found[1] + os.fsencode(name))


class _Repository:
    """One repository: its snapshot, taken when it is first needed."""

    def __init__(self, git: Git, top: str, wanted: Mapping[bytes, bytes], notice: Callable[[str], None]) -> None:
        self._git, self._top, self._wanted, self._notice = git, top, wanted, notice
        self._prefix = b""
        self._snapshot: Snapshot | None = None
        self._looks = 0

    def version(self, path: bytes, data: bytes) -> PostVersion | None:
        """The version of the file at `path` (below the directory with `.git`) that has the bytes `data`."""
        if not self._looks:
            self._look()
        while self._snapshot is not None:
            found, settled = _version(self._snapshot, self._prefix + path, data)
            if settled or self._looks >= LOOKS:
                return found
            self._look()
        return None

    def _look(self) -> None:
        self._looks += 1
        self._snapshot = None
        try:
            top = top_of(self._git, self._top)
            below = os.path.relpath(self._top, top)
            self._prefix = b"" if below == "." else os.fsencode(below) + b"/"
            wanted = self._wanted
            if self._prefix:
                wanted = {path: path for path in (self._prefix + below for below in self._wanted)}
            self._snapshot = take(self._git, top, wanted)
        except (GitError, ValueError) as error:
            self._notice(f"{self._top}: git does not say which commits the posts are of, so none are noted: {error}")
            return
        if self._snapshot.cut_short:
            missing = len(self._snapshot.blobs) - len(self._snapshot.touched)
            self._notice(
                f"{self._top}: the history was not followed to its end ({self._snapshot.cut_short}): "
                f"the commits of {missing} posts are not noted."
            )


def _version(snapshot: Snapshot, path: bytes, data: bytes) -> tuple[PostVersion, bool]:
    """A file's version, and whether that is settled.

    It is not where git calls a file unchanged whose bytes are not the commit's, and line ends don't explain it: the
    file was changed after git was asked, or goes through a filter.
    """
    blob = snapshot.blobs.get(path)
    if blob is None:
        return PostVersion(CommitState.UNCOMMITTED), True
    commit, at = snapshot.touched.get(path, ("", None))
    if blob_id(data, blob) == blob:
        return PostVersion(CommitState.COMMITTED, commit, at), True
    if path in snapshot.changed:
        return PostVersion(CommitState.MODIFIED, commit, at), True
    explained = blob_id(data.replace(b"\r\n", b"\n"), blob) == blob
    return PostVersion(CommitState.CONVERTED, commit, at), explained


def _below_git(directory: str) -> tuple[str, bytes] | None:
    """The directory, or the next above it, that has a `.git`, and what its files' paths begin with from there."""
    here = Path(directory)
    for above in (here, *here.parents):
        try:
            there = (above / ".git").exists()
        except OSError:
            continue
        if there:
            return str(above), b"" if above == here else os.fsencode(here.relative_to(above)) + b"/"
    return None
