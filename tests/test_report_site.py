"""The report's directory: nothing foreign is touched, nothing is written twice, nothing of ours is left behind."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from preserve.errors import ConfigError
from preserve.report.site import Site


def made(directory: Path, **files: str) -> Site:
    site = Site(directory)
    site.begin()
    for name, text in files.items():
        site.write(name.replace("__", "/") + ".html", text)
    return site


def files_in(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}


KEPT = {"state.json", "SHA256SUMS", "facts.jsonl"}


def test_what_was_written_is_not_written_again(tmp_path: Path) -> None:
    site = made(tmp_path / "site", index="one", posts__aa__b="two")
    site.finish({"upto": 1}, ["[]"])
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "site").rglob("*") if path.is_file()}
    again = made(tmp_path / "site", index="one", posts__aa__b="two")
    assert again.finish({"upto": 1}, ["[]"]) == 0
    assert (site.written, again.written) == (2, 0)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    made(tmp_path / "site", index="one", other="two").finish({}, [])
    again = made(tmp_path / "site", index="one", other="three")
    assert again.written == 1
    assert (tmp_path / "site" / "other.html").read_text() == "three"


def test_a_file_that_somebody_changed_is_put_right(tmp_path: Path) -> None:
    made(tmp_path / "site", index="one").finish({}, [])
    (tmp_path / "site" / "index.html").write_text("changed by hand")
    made(tmp_path / "site", index="one").finish({}, [])
    assert (tmp_path / "site" / "index.html").read_text() == "one"


def test_what_is_no_longer_part_is_removed_with_its_empty_folders(tmp_path: Path) -> None:
    made(tmp_path / "site", index="one", posts__aa__b="two").finish({}, [])
    assert made(tmp_path / "site", index="one").finish({}, []) == 1
    assert files_in(tmp_path / "site") == {"index.html", *KEPT}
    assert not (tmp_path / "site" / "posts").exists()


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    site = tmp_path / "site"
    made(site, index="one", posts__aa__b="two", posts__aa__c="three").finish({}, [])
    (site / "posts" / "aa" / "b.html").write_text("my notes")
    (site / "posts" / "aa" / "mine.txt").write_text("mine")
    (site / "CNAME").write_text("example.org")
    assert made(site, index="one").finish({}, []) == 1
    assert files_in(site) == {"index.html", "CNAME", "posts/aa/b.html", "posts/aa/mine.txt", *KEPT}


def test_a_list_of_files_that_was_tampered_with_reaches_nothing_outside(tmp_path: Path) -> None:
    site, outside = tmp_path / "site", tmp_path / "outside.html"
    made(site, index="one").finish({}, [])
    outside.write_text("precious")
    digest = "3e6a5b0b5b5d0f0a0a3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192"
    (site / "SHA256SUMS").write_text(f"{digest}  ../outside.html\n{digest}  /etc/hostname\nnonsense\n")
    assert made(site, index="one").finish({}, []) == 0
    assert outside.read_text() == "precious"


def test_a_link_in_the_place_of_a_page_is_not_followed(tmp_path: Path) -> None:
    site, outside = tmp_path / "site", tmp_path / "outside.html"
    outside.write_text("precious")
    made(site, index="one", page="two").finish({}, [])
    (site / "page.html").unlink()
    (site / "page.html").symlink_to(outside)
    made(site, index="one", page="three").finish({}, [])
    assert outside.read_text() == "precious"
    assert not (site / "page.html").is_symlink()


@pytest.mark.parametrize("state", [None, "{}", "not JSON", '{"format": "something else"}', "[]"])
def test_a_directory_with_something_else_is_refused_and_left_alone(tmp_path: Path, state: str | None) -> None:
    (tmp_path / "index.html").write_text("my home page")
    if state is not None:
        (tmp_path / "state.json").write_text(state)
    before = files_in(tmp_path)
    with pytest.raises(ConfigError, match=r"name an empty|Name another"):
        Site(tmp_path)
    assert files_in(tmp_path) == before


def test_a_report_that_was_broken_off_can_be_made_again(tmp_path: Path) -> None:
    made(tmp_path / "site", index="one")  # and never finished
    assert made(tmp_path / "site", index="two").finish({}, []) == 0
    assert (tmp_path / "site" / "index.html").read_text() == "two"


@pytest.mark.parametrize("name", ["../x.html", "/x.html", "a//b", "a/../b", "", "a\nb", "Ünicode.html", "a/.hidden/x"])
def test_names_that_are_not_ours_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        Site(tmp_path / "site").write(name, "x")


def test_the_sums_are_as_sha256sum_reads_them(tmp_path: Path) -> None:
    made(tmp_path / "site", index="one", posts__aa__b="two").finish({}, [])
    done = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path / "site", capture_output=True, check=False)
    assert done.returncode == 0
    assert done.stdout.count(b": OK") == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_directory_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigError, match="can't be written"):
        made(tmp_path / "site")


def test_a_file_in_the_place_of_the_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("a file")
    with pytest.raises(ConfigError, match="site"):
        made(tmp_path / "site")
