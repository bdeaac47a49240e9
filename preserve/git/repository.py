"""One repository, asked once: which blob and which commit each wanted file has, and what git calls changed."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from preserve.git.commands import Git, GitError, GitTimeoutError
from preserve.git.output import LOG_FORMAT, changed_paths, touches, tree_blobs

NAMED_AT_MOST = 50
"""So many paths are named to git one by one; of more, the directory they have in common."""

_LOG = ("log", "-z", "--topo-order", "--raw", "-c", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv")
_STATUS = ("status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=all", "--no-renames")


Commit = tuple[str, datetime | None]
"""A commit's id and its committer's time."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What git said of the wanted files at one moment.

    Attributes:
        blobs: by path, the blob id in HEAD; files that HEAD has not are missing.
        changed: the paths that git calls changed against HEAD.
        touched: by path, the commit that last touched it; missing where the history at hand does not reach it.
        cut_short: what stopped the walk through the history before its end; "" otherwise.
    """

    blobs: Mapping[bytes, str]
    changed: frozenset[bytes]
    touched: Mapping[bytes, Commit]
    cut_short: str = ""


def top_of(git: Git, directory: str) -> str:
    """The top of the working tree that `directory` is in.

    Raises:
        GitError: git knows of none, or will not say.
    """
    up = git.output(directory, "rev-parse", "--show-cdup").removesuffix(b"\n")
    return os.path.normpath(os.path.join(directory, os.fsdecode(up)))  # noqa: PTH118 - names may be no text


def take(git: Git, top: str, wanted: Mapping[bytes, bytes]) -> Snapshot:
    """Ask a repository about the wanted files; a handful of commands, however many files.

    Args:
        git: runs them.
        top: the top of its working tree.
        wanted: paths below it, each under itself: what is said of a path is kept under the object that is there.

    Raises:
        GitError: git could not answer.
    """
    head = _head(git, top)
    if not head:
        return Snapshot({}, frozenset(), {})
    paths = _pathspecs(wanted)
    # ls-tree takes paths for prefixes of its own, and none for all there is.
    listed = git.output(top, "ls-tree", "-r", "-z", "--full-tree", head, "--", *paths)
    blobs = {wanted[path]: blob for path, blob in tree_blobs(listed) if path in wanted}
    del listed
    if not blobs:
        return Snapshot(blobs, frozenset(), {})
    changed = changed_paths(git.output(top, *_STATUS, "--", *paths, config=_without_filters(git, top)))
    touched, cut_short = _walk(git, top, head, (paths, blobs, wanted))
    return Snapshot(blobs, changed, touched, cut_short)


def _head(git: Git, top: str) -> str:
    """The id of HEAD's commit; "" where nothing was committed yet."""
    try:
        return git.output(top, "rev-parse", "--verify", "-q", "HEAD").decode("ascii").strip()
    except GitTimeoutError:
        raise
    except GitError:
        git.output(top, "rev-parse", "--git-dir")  # says so itself when there is more to it
        return ""


def _walk(
    git: Git, top: str, head: str, what: tuple[Collection[bytes], Mapping[bytes, str], Mapping[bytes, bytes]]
) -> tuple[dict[bytes, Commit], str]:
    """From HEAD back: for each file the last commit that made it what it is in HEAD; stops when all are found.

    Children come before their parents. A commit on a branch whose version a merge threw away made another blob, and
    is passed over by that.
    """
    paths, blobs, wanted = what
    edge = _shallow_edge(git, top)
    left = dict(blobs)
    found: dict[bytes, Commit] = {}
    commit: Commit = ("", None)
    try:
        with git.stream(top, *_LOG, f"--format={LOG_FORMAT}", head, "--", *paths) as chunks:
            for touch in touches(chunks):
                if left.get(touch.path) != touch.blob:
                    continue
                del left[touch.path]
                # To the first commit of a shallow clone every file looks new.
                if touch.commit not in edge:
                    if touch.commit != commit[0]:
                        commit = (touch.commit, touch.at)
                    found[wanted[touch.path]] = commit
                if not left:
                    break
    except (GitTimeoutError, ValueError) as error:
        return found, str(error)
    return found, ""


def _shallow_edge(git: Git, top: str) -> frozenset[str]:
    """The commits whose parents a shallow clone has left out."""
    name = git.output(top, "rev-parse", "--git-path", "shallow").removesuffix(b"\n")
    try:
        with open(os.path.join(os.fsencode(top), name), "rb") as file:  # noqa: PTH118, PTH123
            return frozenset(file.read().decode("ascii", "replace").split())
    except OSError:
        return frozenset()


def _without_filters(git: Git, top: str) -> list[tuple[str, str]]:
    """Settings that empty every filter the repository's configuration names: they are programs."""
    try:
        listed = git.output(top, "config", "-z", "--name-only", "--get-regexp", r"^filter\.")
    except GitTimeoutError:
        raise
    except GitError:
        return []  # none is named
    drivers = {name.rpartition(b".")[0] for name in listed.split(b"\0") if name}
    empty = (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false"))
    return [(os.fsdecode(driver) + "." + key, value) for driver in sorted(drivers) for key, value in empty]


def _pathspecs(wanted: Collection[bytes]) -> list[bytes]:
    if len(wanted) <= NAMED_AT_MOST:
        return sorted(wanted)
    common = os.path.commonpath([os.path.dirname(path) for path in wanted])  # noqa: PTH120
    return [common] if common else []
