"""The commit that last touched a post, by real repositories of every kind a collection may be."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from git_kit import DAY, FIRST, Asked, Repository, environment, needs_git

from preserve.git import Git, PostVersions
from preserve.git import versions as versions_module
from preserve.model import CommitState, PostVersion

pytestmark = needs_git


def day(number: int) -> datetime:
    return datetime.fromtimestamp(FIRST, UTC) + timedelta(seconds=number * DAY)


def committed(commit: str, number: int) -> PostVersion:
    return PostVersion(CommitState.COMMITTED, commit, day(number))


@pytest.fixture
def place(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "site")


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The repositories that were asked, once for each time."""
    taken: list[str] = []
    take = versions_module.take

    def counted(git: Git, top: str, wanted: Mapping[bytes, bytes]) -> object:
        taken.append(top)
        return take(git, top, wanted)

    monkeypatch.setattr(versions_module, "take", counted)
    return taken


def asked(place: Repository, *names: str | bytes) -> Asked:
    return Asked([place.top / os.fsdecode(name) for name in names], place.top.parent)


@pytest.mark.parametrize("format", ["sha1", "sha256"])
def test_each_post_has_the_commit_that_last_touched_it(tmp_path: Path, format: str) -> None:
    place = Repository(tmp_path / "site", format)
    first = place.commit(a="one", b="one")
    second = place.commit(a="two")
    place.commit(other="three")
    found = asked(place, "a.md", "b.md")
    assert found.versions() == {"a.md": committed(second, 1), "b.md": committed(first, 0)}
    assert found.notices == []


def test_a_change_without_a_commit_is_modified_staged_or_not(place: Repository) -> None:
    first = place.commit(a="one", b="one", c="one")
    place.write("a.md", "changed")
    place.write("b.md", "changed")
    place.git("add", "b.md")
    place.write("c.md", "changed")
    place.git("add", "c.md")
    place.write("c.md", "one")  # staged, and put back: the bytes are the commit's
    modified = PostVersion(CommitState.MODIFIED, first, day(0))
    found = asked(place, "a.md", "b.md", "c.md").versions()
    assert found == {"a.md": modified, "b.md": modified, "c.md": committed(first, 0)}


def test_a_post_that_no_commit_has_is_uncommitted(place: Repository) -> None:
    place.write(".gitignore", "ignored.md\n")
    place.commit(a="one")
    for name in ("new.md", "staged.md", "ignored.md"):
        place.write(name, "text")
    place.git("add", "staged.md")
    found = asked(place, "new.md", "staged.md", "ignored.md").versions()
    assert set(found.values()) == {PostVersion(CommitState.UNCOMMITTED)}


def test_a_repository_without_a_commit_has_none_of_it(place: Repository) -> None:
    place.write("a.md", "text")
    found = asked(place, "a.md")
    assert found.version() == PostVersion(CommitState.UNCOMMITTED)
    assert found.notices == []


def test_outside_a_repository_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("text")
    found = Asked([tmp_path / "a.md"], tmp_path)
    assert (found.version(), found.notices) == (None, [])


NASTY = [
    b"line\nbreak.md",
    b'quote"d.md',
    b"back\\slash\ttab.md",
    b"\xff\xfe no text.md",
    "2020-09-17-沉没的桥.md".encode(),
    b"-rf.md",
    b":(exclude)a.md",
    b"*.md",
    b"[a].md",
    b"\x01 \x1b[31m.md",
    b" space .md",
    b"trailing.md\n",
]


@pytest.mark.parametrize("many", [False, True], ids=["named", "by directory"])
def test_any_file_name_will_do(place: Repository, many: bool) -> None:
    for number in range(60 if many else 0):
        place.write(f"_posts/{number}.md", str(number))
    for name in NASTY:
        place.write(b"_posts/" + name, "one")
    first = place.commit()
    touched = [b"_posts/" + name for name in NASTY[::2]]
    for name in touched:
        place.write(name, "two")
    second = place.commit()
    others = [f"_posts/{number}.md".encode() for number in range(60 if many else 0)]
    names = [b"_posts/" + name for name in NASTY]
    found = asked(place, *names, *others)
    versions = found.versions()
    for name in names:
        wanted = committed(second, 1) if name in touched else committed(first, 0)
        assert versions[Path(os.fsdecode(name)).name] == wanted, name
    assert all(versions[Path(os.fsdecode(name)).name] == committed(first, 0) for name in others)
    assert found.notices == []


def test_a_name_that_looks_like_a_pattern_is_a_name(place: Repository) -> None:
    names = [":(exclude)*", ":!b.md", "*", "a.md", "b.md"]
    for name in names:
        place.write(name, "one")
    first = place.commit()
    assert asked(place, *names).versions() == dict.fromkeys(names, committed(first, 0))


def test_a_renamed_post_was_last_touched_by_the_renaming(place: Repository) -> None:
    place.commit(a="one")
    place.git("mv", "a.md", "b.md")
    renamed = place.commit()
    assert asked(place, "b.md").version() == committed(renamed, 1)


def test_a_change_of_mode_alone_is_a_touch(place: Repository) -> None:
    place.commit(a="one")
    (place.top / "a.md").chmod(0o755)
    touched = place.commit()
    assert asked(place, "a.md").version() == committed(touched, 1)


def test_of_a_reverted_post_the_reverting_commit_counts(place: Repository) -> None:
    place.commit(a="one")
    place.commit(a="two")
    third = place.commit(a="one")
    assert asked(place, "a.md").version() == committed(third, 2)


def test_a_version_that_a_merge_threw_away_does_not_count(place: Repository) -> None:
    place.commit(a="one", b="one")
    place.git("checkout", "-q", "-b", "side")
    side_of_b = place.commit(b="from the side")
    place.git("checkout", "-q", "main")
    ours = place.commit(a="ours")
    place.git("checkout", "-q", "side")
    place.commit(a="theirs, later, and thrown away")
    place.git("checkout", "-q", "main")
    place.git("merge", "-q", "-s", "ours", "side")
    place.git("checkout", "-q", side_of_b, "--", "b.md")
    place.git("commit", "-q", "--amend", "--no-edit")
    found = asked(place, "a.md", "b.md").versions()
    assert found == {"a.md": committed(ours, 2), "b.md": committed(side_of_b, 1)}


def test_a_conflict_solved_in_a_merge_was_touched_by_the_merge(place: Repository) -> None:
    place.commit(a="one")
    place.git("checkout", "-q", "-b", "side")
    place.commit(a="theirs")
    place.git("checkout", "-q", "main")
    place.commit(a="ours")
    place.git("merge", "-q", "-s", "ours", "--no-commit", "side")
    merged = place.commit(a="both")
    assert len(place.git("rev-list", "--parents", "-1", merged).split()) == 3
    assert asked(place, "a.md").version() == committed(merged, 3)


def test_a_clock_that_went_back_misleads_nobody(place: Repository) -> None:
    place.day = 100
    place.commit(a="one")
    place.day = 5
    later = place.commit(a="two")
    assert asked(place, "a.md").version() == committed(later, 5)


def test_a_shallow_clone_says_what_it_knows(tmp_path: Path) -> None:
    origin = Repository(tmp_path / "origin")
    origin.commit(a="one", b="one")
    origin.commit(a="two")
    last = origin.commit(b="two")
    clone = Repository(tmp_path / "clone")
    clone.git("fetch", "-q", "--depth", "2", origin.top.as_uri(), "main")
    clone.git("checkout", "-q", "FETCH_HEAD")
    found = asked(clone, "a.md", "b.md")
    assert found.versions() == {"a.md": PostVersion(CommitState.COMMITTED), "b.md": committed(last, 2)}
    assert found.notices == []


def test_posts_of_several_repositories_submodules_and_worktrees(tmp_path: Path) -> None:
    inner, outer = Repository(tmp_path / "inner"), Repository(tmp_path / "outer")
    inner.day = 7
    of_inner = inner.commit(a="inner")
    outer.git("-c", "protocol.file.allow=always", "submodule", "-q", "add", str(inner.top), "sub")
    of_outer = outer.commit(b="outer")
    outer.git("worktree", "add", "-q", "--detach", str(tmp_path / "tree"))
    (tmp_path / "loose.md").write_text("text")
    outer.write("sub/new.md", "text")
    posts = [outer.top / "sub/a.md", outer.top / "sub/new.md", outer.top / "b.md", tmp_path / "loose.md"]
    assert Asked(posts, tmp_path).versions() == {
        "a.md": committed(of_inner, 7),
        "new.md": PostVersion(CommitState.UNCOMMITTED),
        "b.md": committed(of_outer, 0),
        "loose.md": None,
    }
    assert Asked([tmp_path / "tree" / "b.md"], tmp_path).version() == committed(of_outer, 0)


def test_a_link_leads_to_the_repository_of_its_file(tmp_path: Path, place: Repository) -> None:
    first = place.commit(a="one")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "link.md").symlink_to(place.top / "a.md")
    (tmp_path / "folder").symlink_to(place.top)
    posts = [tmp_path / "elsewhere" / "link.md", tmp_path / "folder" / "a.md"]
    assert set(Asked(posts, tmp_path).versions().values()) == {committed(first, 0)}


def test_a_relative_path_is_one_from_here(place: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    place.write("_posts/a.md", "one")
    first = place.commit()
    monkeypatch.chdir(place.top / "_posts")
    assert Asked([Path("a.md")], place.top.parent).version() == committed(first, 0)


def test_a_git_directory_that_is_none_leaves_it_to_the_one_above(place: Repository) -> None:
    place.write("_posts/.git/nothing", "")
    path = place.write("_posts/a.md", "one")
    found = Asked([path], place.top.parent)
    place.git("add", "-A", "-f", ".")
    (place.top / "_posts" / ".git" / "nothing").unlink()
    first = place.commit()
    version = found.version()
    assert version == committed(first, 0)


# ---------------------------------------------------------------- bytes that git changes on their way


def test_line_ends_that_git_converts_are_no_change(place: Repository, looks: list[str]) -> None:
    place.write(".gitattributes", "*.md text eol=crlf\n")
    place.write("a.md", "one\r\ntwo\r\n")
    first = place.commit()
    found = asked(place, "a.md")
    assert found.version() == PostVersion(CommitState.CONVERTED, first, day(0))
    assert len(looks) == 1  # a thousand such posts must not have git asked again and again
    place.write("a.md", "one\r\ntwo, and more\r\n")
    assert asked(place, "a.md").version() == PostVersion(CommitState.MODIFIED, first, day(0))


def test_carriage_returns_that_git_does_not_convert_are_a_change(place: Repository) -> None:
    first = place.commit(a="one\n")
    place.write("a.md", "one\r\n")
    assert asked(place, "a.md").version() == PostVersion(CommitState.MODIFIED, first, day(0))


def test_a_post_that_is_changed_after_git_was_asked_is_told_as_it_is(place: Repository) -> None:
    first = place.commit(a="one", b="one")
    notices: list[str] = []
    posts = [str(place.top / name) for name in ("a.md", "b.md")]
    versions = PostVersions(Git(environment(place.top.parent)), posts, notices.append)
    assert versions.of(posts[0], b"one") == committed(first, 0)
    place.write("b.md", "two")
    assert versions.of(posts[1], b"two") == PostVersion(CommitState.MODIFIED, first, day(0))
    second = place.commit(a="two")
    assert versions.of(posts[0], b"two") == committed(second, 1)


# ---------------------------------------------------------------- repositories that mean harm, or are broken


def trap(place: Repository, *keys: str) -> Path:
    """Set each key to a program that leaves a mark."""
    mark = place.top.parent / "mark"
    program = place.top.parent / "program"
    program.write_text(f"#!/bin/sh\necho $0 >> '{mark}'\ncat\n")
    program.chmod(0o755)
    for key in keys:
        place.git("config", key, str(program))
    return mark


def signed(place: Repository) -> str:
    """The last commit with something in it that claims to be a signature."""
    head, _, message = place.git("cat-file", "commit", "HEAD").partition("\n\n")
    mark = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n AAAA\n -----END PGP SIGNATURE-----"
    commit = f"{head}\n{mark}\n\n{message}\n".encode()
    made = place.git("hash-object", "-t", "commit", "-w", "--stdin", data=commit)
    place.git("reset", "-q", "--soft", made)
    return made


def test_nothing_that_a_repository_names_is_run(place: Repository) -> None:
    place.commit(a="one\n", b="one\n")
    first = signed(place)
    place.write(".gitattributes", "*.md filter=evil=x diff=evil\n")
    place.git("add", ".gitattributes")
    place.write("a.md", "two\n")
    os.utime(place.top / "b.md", (1, 1))  # so that git has to read it
    mark = trap(
        place,
        "core.fsmonitor",
        "core.pager",
        "core.hooksPath",
        "diff.external",
        "diff.evil.textconv",
        "diff.evil.command",
        "filter.evil=x.clean",
        "filter.evil=x.process",
        "gpg.program",
        "core.sshCommand",
        "core.editor",
        "pager.log",
        "pager.status",
    )
    place.git("config", "log.showSignature", "true")
    place.git("config", "filter.evil=x.required", "true")
    hooks = place.top / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-index-change", "fsmonitor-watchman", "reference-transaction"):
        (hooks / hook).write_text(f"#!/bin/sh\necho {hook} >> '{mark}'\n")
        (hooks / hook).chmod(0o755)
    mark.unlink(missing_ok=True)  # what the trap's own setting up has set off
    before = (place.top / ".git" / "index").read_bytes()
    found = asked(place, "a.md", "b.md")
    assert found.versions() == {
        "a.md": PostVersion(CommitState.MODIFIED, first, day(0)),
        "b.md": committed(first, 0),
    }
    assert not mark.exists(), mark.read_text()
    assert (place.top / ".git" / "index").read_bytes() == before
    assert found.notices == []


def test_the_trap_would_spring(place: Repository) -> None:
    """Without it the test above could not fail."""
    place.write(".gitattributes", "*.md filter=evil\n")
    place.commit(a="one\n")
    mark = trap(place, "filter.evil.clean", "core.fsmonitor")
    os.utime(place.top / "a.md", (1, 1))
    place.git("status")
    assert len(mark.read_text().splitlines()) >= 2


def test_a_repository_in_the_environment_is_not_taken_for_the_posts_own(tmp_path: Path, place: Repository) -> None:
    other = Repository(tmp_path / "other")
    other.commit(a="other")
    first = place.commit(a="one")
    misleading = {
        **environment(tmp_path),
        "GIT_DIR": str(other.top / ".git"),
        "GIT_WORK_TREE": str(other.top),
        "GIT_INDEX_FILE": str(other.top / ".git" / "index"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.bare",
        "GIT_CONFIG_VALUE_0": "true",
    }
    path = str(place.top / "a.md")
    assert PostVersions(Git(misleading), [path], pytest.fail).of(path, b"one") == committed(first, 0)


def test_without_a_git_command_it_is_said_once(place: Repository) -> None:
    place.commit(a="one", b="one")
    notices: list[str] = []
    posts = [str(place.top / name) for name in ("a.md", "b.md")]
    versions = PostVersions(Git({"PATH": str(place.top)}), posts, notices.append)
    assert [versions.of(post, b"one") for post in posts] == [None, None]
    assert notices == ["The posts are in a git repository, but there is no git command: commits are not noted."]


def test_a_broken_repository_is_a_notice_and_no_failure(place: Repository) -> None:
    first = place.commit(a="one")
    (place.top / ".git" / "objects" / first[:2] / first[2:]).unlink()
    found = asked(place, "a.md")
    assert found.version() is None
    (notice,) = found.notices
    assert "git does not say which commits the posts are of" in notice


def test_a_repository_of_somebody_else_is_a_notice_and_no_failure(place: Repository) -> None:
    place.commit(a="one")
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    os.chown(place.top, 12345, 12345)
    found = asked(place, "a.md")
    assert found.version() is None
    assert "dubious ownership" in found.notices[0]


def test_git_that_takes_too_long_is_stopped(tmp_path: Path, place: Repository) -> None:
    place.commit(a="one")
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    notices: list[str] = []
    path = str(place.top / "a.md")
    git = Git({"PATH": f"{program.parent}:{os.environ['PATH']}"}, 0.2)
    assert PostVersions(git, [path], notices.append).of(path, b"one") is None
    assert "took longer than 0 s" in notices[0]


def test_a_walk_that_breaks_off_keeps_what_it_found_and_says_so(tmp_path: Path, place: Repository) -> None:
    place.commit(a="one", b="one")
    second = place.commit(a="two")
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    cut = f'case "$*" in *" log -z "*) {shutil.which("git")} "$@" | head -c 250; exit 0;; esac'
    program.write_text(f'#!/bin/sh\n{cut}\nexec {shutil.which("git")} "$@"\n')
    program.chmod(0o755)
    notices: list[str] = []
    posts = [str(place.top / name) for name in ("a.md", "b.md")]
    git = Git(environment(tmp_path) | {"PATH": f"{program.parent}:{os.environ['PATH']}"})
    versions = PostVersions(git, posts, notices.append)
    assert versions.of(posts[0], b"two") == committed(second, 1)
    assert versions.of(posts[1], b"one") == PostVersion(CommitState.COMMITTED)
    (notice,) = notices
    assert "the history was not followed to its end" in notice
    assert "the commits of 1 posts are not noted" in notice


def test_one_look_serves_every_post(place: Repository, looks: list[str]) -> None:
    for number in range(100):
        place.write(f"_posts/{number}.md", str(number))
    place.commit()
    names = [f"_posts/{number}.md" for number in range(100)]
    found = asked(place, *names).versions()
    assert len(found) == 100
    assert looks == [str(place.top)]
