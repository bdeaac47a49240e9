"""What posts said is remembered: not read twice, never believed of a file that was changed, and nothing rests on it."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from preserve.errors import PostError
from preserve.model import Reason
from preserve.settings import ArchiveSettings, PostSettings, Settings
from preserve.verify.plan import Known, Plan, make_plan
from preserve.verify.readings import PostReader
from preserve.verify.remembered import BLOCK_LINES, NAME, Remembered, remember

NOW = datetime(2026, 1, 1, tzinfo=UTC)
A_POST = "---\ntitle: a\nfrom: https://ferry.test/a\n---\ntext\n"
POSTS = {
    "2020/a.md": A_POST,
    "2020.md": "---\ntitle: b\nfrom: HTTP://Ferry.test/b?q=渡口#end\n---\ntext\n",
    "bad.md": "---\ntitle: c\nfrom: javascript:alert(1)\n---\ntext\n",
    "broken.md": "---\ntitle: a\n  nothing: [\n- here\n---\ntext\n",
    "idna.md": "---\ntitle: d\nfrom: https://渡口.test/d\n---\ntext\n",
    "none.md": "---\ntitle: e\nsource_url:\n---\ntext\n",
    "README.md": "# About\n",
    "new\nline\tand tab.md": A_POST,
    "\udcb2.md": "---\ntitle: f\nfrom: nothing\n---\n",
    "twice.md": A_POST,
}
READ_EACH_TIME = 3  # what a library has a part in, and names that can't stand in a line or in JSON


def later() -> int:
    """Long enough after the posts were written that their times tell of every change."""
    return time.time_ns() + 10 * 10**9


class Place:
    """Posts, and the directory of an archive."""

    def __init__(self, directory: Path) -> None:
        self.posts, self.archive = directory / "posts", directory / "archive"
        self.archive.mkdir()
        self.settings = Settings(archive=ArchiveSettings(directory=str(self.archive)))
        for name, text in POSTS.items():
            self.write(name, text)

    @property
    def cache(self) -> Path:
        return self.archive / NAME

    def write(self, name: str, text: str) -> Path:
        path = self.posts / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def plan(self, settings: Settings | None = None, *, keep: bool = True) -> tuple[Plan, int]:
        """A plan, and how many posts were read for it."""
        with PostReader(settings or self.settings, later) as reader:
            made = make_plan([str(self.posts)], settings or self.settings, Known(), NOW, reader)
            if keep:
                reader.keep()
        return made, reader.anew


def told(plan: Plan) -> object:
    return plan.tasks, tuple(plan.unchecked), plan.not_posts


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_post_that_is_as_it_was_is_not_read_again_and_gives_the_same_plan(place: Place) -> None:
    first, read = place.plan()
    assert read == len(POSTS)
    assert {check.judgement.reason for check in first.unchecked} == {
        Reason.INVALID_SOURCE,
        Reason.UNREADABLE_POST,
        Reason.NO_SOURCE,
    }
    again, read = place.plan()
    assert told(again) == told(first)
    assert read == READ_EACH_TIME
    assert list(place.archive.iterdir()) == [place.cache]


def test_a_changed_post_is_read_again(place: Place) -> None:
    place.plan()
    path = place.write("2020/a.md", A_POST.replace("/a", "/z"))
    os.utime(path, ns=(0, path.stat().st_mtime_ns))
    plan, read = place.plan()
    assert read == READ_EACH_TIME + 1
    assert "https://ferry.test/z" in {task.url for task in plan.tasks}


def test_a_file_in_anothers_place_is_read_although_it_has_its_size_and_time(place: Place) -> None:
    path = place.posts / "2020/a.md"
    place.plan()
    other = place.write("other", A_POST.replace("/a", "/z"))
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)
    plan, _ = place.plan()
    assert "https://ferry.test/z" in {task.url for task in plan.tasks}


def test_a_post_that_was_changed_just_now_is_not_remembered(place: Place) -> None:
    with PostReader(place.settings) as reader:
        make_plan([str(place.posts)], place.settings, Known(), NOW, reader)
        reader.keep()
    assert not place.cache.exists()


def test_other_settings_read_every_post_again(place: Place) -> None:
    first, _ = place.plan()
    other = replace(place.settings, posts=PostSettings(source_keys=("title",)))
    plan, read = place.plan(other)
    assert read == len(POSTS)
    assert told(plan) != told(first)
    assert told(place.plan()[0]) == told(first)


def test_a_dry_run_reads_what_is_remembered_and_writes_nothing(place: Place) -> None:
    place.plan(keep=False)
    assert not place.cache.exists()
    place.plan()
    before = place.cache.stat()
    place.write("new.md", A_POST)
    _, read = place.plan(keep=False)
    assert (read, place.cache.stat()) == (READ_EACH_TIME + 1, before)


def test_what_is_gone_is_forgotten_and_what_was_not_looked_at_is_kept(place: Place) -> None:
    place.plan()
    (place.posts / "none.md").unlink()
    alone = place.write("alone.md", A_POST)
    with PostReader(place.settings, later) as reader:
        make_plan([str(alone)], place.settings, Known(), NOW, reader)
        reader.keep()
    assert place.plan()[1] == READ_EACH_TIME
    with PostReader(place.settings, later) as reader:
        known = reader._remembered
        assert known is not None
        assert not any(key.endswith(b"none.md") for key, _ in known)


def test_a_damaged_cache_is_as_good_as_none_wherever_the_damage_is(place: Place) -> None:
    first, _ = place.plan()
    whole = place.cache.read_bytes()
    for at in range(len(whole)):
        place.cache.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        assert told(place.plan(keep=False)[0]) == told(first), at
    for at in range(0, len(whole), 7):
        place.cache.write_bytes(whole[:at])
        assert told(place.plan(keep=False)[0]) == told(first), at
    place.plan()
    assert place.plan()[1] == READ_EACH_TIME


@pytest.mark.parametrize("what", ["directory", "pipe", "dangling", "empty"])
def test_something_else_in_its_place_is_no_error(place: Place, what: str) -> None:
    match what:
        case "directory":
            (place.cache / "below").mkdir(parents=True)
        case "pipe":
            os.mkfifo(place.cache)
        case "dangling":
            place.cache.symlink_to("nowhere")
        case _:
            place.cache.touch()
    plan, read = place.plan()
    assert (plan.posts, read) == (len(POSTS) - 1, len(POSTS))


def test_a_file_without_front_matter_is_an_error_where_it_was_asked_for_also_when_it_is_known(place: Place) -> None:
    place.plan()
    readme = str(place.posts / "README.md")
    with PostReader(place.settings, later) as reader, pytest.raises(PostError, match="no front matter"):
        make_plan([readme], place.settings, Known(), NOW, reader)


def test_lines_are_found_in_many_blocks_in_any_order(tmp_path: Path) -> None:
    keys = [b"%06d" % number for number in range(0, 3 * BLOCK_LINES * 2, 2)]
    remember(tmp_path, "v", [], (b"%b\tof %b\n" % (key, key) for key in keys))
    known = Remembered(tmp_path, "v")
    for key in (*keys, *reversed(keys)):
        assert known.get(key) == b"of " + key
    assert known.get(b"000001") is None
    assert known.get(b"") is None
    remember(tmp_path, "v", known, [b"000002\tnew\n", b"000003\tmore\n"])
    known.close()
    known = Remembered(tmp_path, "v")
    assert [known.get(b"00000%d" % number) for number in range(5)] == [
        b"of 000000",
        None,
        b"new",
        b"more",
        b"of 000004",
    ]
    assert len(list(known)) == len(keys) + 1
    known.close()
    other = Remembered(tmp_path, "w")
    assert list(other) == []
    other.close()
