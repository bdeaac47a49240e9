"""What git prints with `-z` is read back whatever the names are, and however the bytes are cut."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preserve.git.output import Touch, blob_id, changed_paths, touches, tree_blobs

START = datetime(1970, 1, 1, tzinfo=UTC)
# Everything but NUL may stand in a name; these are the bytes that the format itself uses.
NAMES = st.binary(min_size=1, max_size=12).map(lambda raw: raw.replace(b"\0", b"\n")) | st.sampled_from(
    [b"\n", b"\x01", b":", b"\t", b"::100644 ", b'"a"', "桥.md".encode(), b"\xff\xfe"]
)
IDS = st.one_of(*(st.binary(min_size=size, max_size=size).map(bytes.hex) for size in (20, 32)))
TIMES = st.integers(0, 4_000_000_000)
FILES = st.lists(st.tuples(NAMES, IDS, st.integers(1, 3)), max_size=4)
COMMITS = st.lists(st.tuples(IDS, TIMES, FILES), max_size=4)


def printed(commits: list[tuple[str, int, list[tuple[bytes, str, int]]]]) -> bytes:
    """As git prints it: a merge's files stand behind an empty entry, each with as many colons as it has parents."""
    out = []
    for commit, seconds, files in commits:
        out.append(f"\x01{commit} {seconds}\0".encode())
        for number, (path, blob, parents) in enumerate(files):
            fields = ["100644"] * (parents + 1) + ["0" * len(blob)] * parents + [blob, "M" * parents]
            begin = "" if number else "\0" if parents > 1 else "\n"
            out.append(f"{begin}{':' * parents}{' '.join(fields)}\0".encode() + path + b"\0")
    return b"".join(out)


@given(commits=COMMITS, cuts=st.lists(st.integers(0, 400), max_size=6))
def test_the_log_is_read_back(commits: list[tuple[str, int, list[tuple[bytes, str, int]]]], cuts: list[int]) -> None:
    whole = printed(commits)
    edges = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    chunks = [whole[start:end] for start, end in pairwise(edges)]
    wanted = [
        Touch(path, blob, commit, START + timedelta(seconds=seconds))
        for commit, seconds, files in commits
        for path, blob, _ in files
    ]
    assert list(touches(chunks)) == wanted


@pytest.mark.parametrize("seconds", ["99999999999999999999", "-62135596801", "", "x"])
def test_a_time_that_is_none_is_left_out(seconds: str) -> None:
    whole = f"\x01{'a' * 40} {seconds}\0\n:100644 100644 {'0' * 40} {'b' * 40} M\0a.md\0".encode()
    assert [touch.at for touch in touches([whole])] == [None]


@pytest.mark.parametrize(
    "whole",
    [
        b"warning: something\0",
        b":100644 100644 a b M\0a.md\0",  # of no commit
        b"\x01" + b"a" * 40 + b" 1\0\n:100644 100644 a b M\0",  # no path
        b"\x01" + b"a" * 40 + b" 1\0\n:100644 a b M\0a.md\0",
        b"\x01" + b"a" * 40,
    ],
)
def test_what_is_no_log_is_refused(whole: bytes) -> None:
    with pytest.raises(ValueError, match="log"):
        list(touches([whole]))


@given(files=st.dictionaries(NAMES, IDS, max_size=5))
def test_a_tree_is_read_back(files: dict[bytes, str]) -> None:
    whole = b"".join(f"100644 blob {blob}\t".encode() + path + b"\0" for path, blob in files.items())
    submodule = b"160000 commit " + b"a" * 40 + b"\tsub\0"
    assert dict(tree_blobs(whole + submodule)) == files


@given(files=st.dictionaries(NAMES, st.sampled_from([b" M", b"M ", b"MM", b"AD", b"UU"]), max_size=5))
def test_a_status_is_read_back(files: dict[bytes, bytes]) -> None:
    whole = b"".join(state + b" " + path + b"\0" for path, state in files.items())
    assert changed_paths(whole + b"R  new.md\0old.md\0") == {*files, b"new.md", b"old.md"}


@pytest.mark.parametrize("whole", [b"M\0", b"?? \0", b"fatal\0"])
def test_what_is_no_status_is_refused(whole: bytes) -> None:
    with pytest.raises(ValueError, match="status"):
        changed_paths(whole)


def test_what_is_no_tree_is_refused() -> None:
    with pytest.raises(ValueError, match="ls-tree"):
        list(tree_blobs(b"100644 blob\tx\0"))


def test_a_blob_has_the_id_that_git_gives_it() -> None:
    # `git hash-object`, of a SHA-1 and a SHA-256 repository, on a file of six bytes.
    assert blob_id(b"hello\n", "0" * 40) == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert blob_id(b"hello\n", "0" * 64) == "2cf8d83d9ee29543b34a87727421fdecb7e3f3a183d337639025de576db9ebb4"
