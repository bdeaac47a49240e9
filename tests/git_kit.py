"""Real git repositories for tests, made with the machine's own git."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from preserve.git import Git, PostVersions
from preserve.model import PostVersion

needs_git = pytest.mark.skipif(
    shutil.which("git") is None, reason="NO GIT HERE: nothing of the collection's own history is tested"
)
DAY = 86400
FIRST = 1_600_000_000  # 2020-09-13 12:26:40 UTC


def environment(home: Path) -> dict[str, str]:
    """What git needs and nothing of the machine's own configuration."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}


@dataclass
class Repository:
    """A repository below `top`; commits are a day apart."""

    top: Path
    format: str = "sha1"
    day: int = field(default=0)

    def __post_init__(self) -> None:
        self.top.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main", f"--object-format={self.format}")

    def git(self, *words: str | Path, data: bytes | None = None) -> str:
        when = f"{FIRST + self.day * DAY} +0800"
        given = environment(self.top.parent) | {
            "GIT_AUTHOR_NAME": "Keeper",
            "GIT_AUTHOR_EMAIL": "keeper@example.org",
            "GIT_COMMITTER_NAME": "Keeper",
            "GIT_COMMITTER_EMAIL": "keeper@example.org",
            "GIT_AUTHOR_DATE": when,
            "GIT_COMMITTER_DATE": when,
        }
        command = ["git", *words]
        done = subprocess.run(command, cwd=self.top, env=given, input=data, capture_output=True, check=False)
        assert done.returncode == 0, (words, done.stderr)
        return os.fsdecode(done.stdout).strip()

    def write(self, name: str | bytes, text: str) -> Path:
        path = self.top / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return path

    def commit(self, **texts: str) -> str:
        """Commit everything that lies there; the id."""
        for name, text in texts.items():
            self.write(f"{name}.md", text)
        self.git("add", "-A", ".")
        self.git("commit", "-q", "--allow-empty", "-m", "a change")
        self.day += 1
        return self.git("rev-parse", "HEAD")


@dataclass
class Asked:
    """What preserve finds out about posts."""

    posts: list[Path]
    home: Path
    seconds: float = 60.0
    notices: list[str] = field(default_factory=list)

    def versions(self) -> dict[str, PostVersion | None]:
        """By file name, the version of each post."""
        git = Git(environment(self.home), self.seconds)
        asked = PostVersions(git, [str(post) for post in self.posts], self.notices.append)
        return {post.name: asked.of(str(post), post.read_bytes()) for post in self.posts}

    def version(self) -> PostVersion | None:
        """Of the only post."""
        (found,) = self.versions().values()
        return found
