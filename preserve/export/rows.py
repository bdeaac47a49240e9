"""Owns what a row of an export is: a post's last check, what all its checks say together, and its front matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from preserve.confirm import Standing
from preserve.model import Check, Post
from preserve.settings import Settings
from preserve.urls import host_of
from preserve.witnessed import witnessed_post


@dataclass(frozen=True, slots=True)
class Facts:
    """What a post's front matter says of it, as it was when it was checked.

    Attributes:
        title: "" where there is none, or the post can't be read.
        categories: its categories; where it has none, its tags.
        source_line: 1-based line of the key that names the source; 0 where there is none.
    """

    title: str = ""
    categories: tuple[str, ...] = ()
    source_line: int = 0


ReadFacts = Callable[[Check], Facts]
_NOTHING: Final = Facts()


@dataclass(frozen=True, slots=True)
class Row:
    """One post.

    Attributes:
        check: its last.
        standing: after all of them.
        read: gives the facts of a check's post; it reads the archive, so it is asked only by formats that show them.
    """

    check: Check
    standing: Standing
    read: ReadFacts

    def facts(self) -> Facts:
        """What the post's front matter says."""
        return self.read(self.check)

    @property
    def host(self) -> str:
        """Of the source; "" without one."""
        return host_of(self.check.source.strip()) if self.check.source else ""


def facts_reader(settings: Settings) -> ReadFacts:
    """Reads front matter from the bytes that were witnessed, else from the file; a post that can't be read has none.

    Args:
        settings: where the archive is and how posts are read.
    """

    def read(check: Check) -> Facts:
        post = witnessed_post(check, settings)
        return _NOTHING if post is None else _facts_of(post)

    return read


def _facts_of(post: Post) -> Facts:
    return Facts(post.title, tuple(dict.fromkeys(post.categories or post.tags)), post.source_line)
