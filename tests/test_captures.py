"""`preserve captures`: what the archive has of a URL, in words and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from warc_support import START, capture, exchange, page, writer_for

from preserve.cli.app import group
from preserve.errors import ArchiveError, ConfigError, PreserveError
from preserve.model import Capture
from preserve.warc import warc_files

URL = "http://news.example/story?b=2&a=1"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    with writer_for(tmp_path) as writer:
        for week in range(3):
            made = replace(exchange(page(f"<p>week {week}</p>"), url=URL), started_at=START + timedelta(weeks=week))
            writer.append_capture(Capture(URL, URL, (made,)))
        writer.append_capture(capture(page()))
    return tmp_path


def captures(archive: Path, *arguments: str) -> Result:
    return CliRunner().invoke(group, ["captures", *arguments, "--archive", str(archive)])


def test_every_capture_is_told_oldest_first(archive: Path) -> None:
    lines = captures(archive, "https://www.news.example/story?a=1&b=2").stdout.splitlines()
    assert [line[:10] for line in lines] == ["2026-03-01", "2026-03-08", "2026-03-15"]
    assert all(f"{warc_files(archive)[0].name}:" in line and URL in line and "200" in line for line in lines)


@pytest.mark.parametrize(("at", "day"), [("2026-03-07", "08"), ("1999-01-01", "01"), ("2026-03-15T12:00+09:00", "15")])
def test_the_nearest_to_a_time_is_told(archive: Path, at: str, day: str) -> None:
    (line,) = captures(archive, URL, "--at", at, "--json").stdout.splitlines()
    said = json.loads(line)
    assert said["at"] == f"2026-03-{day}T12:00:00Z"
    assert (said["url"], said["status"], said["media_type"]) == (URL, 200, "text/html")
    with (archive / said["file"]).open("rb") as file:
        file.seek(said["offset"])
        assert len(file.read(said["length"])) == said["length"]


def test_a_url_that_is_not_there_is_told(archive: Path) -> None:
    done = captures(archive, "http://news.example/none")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "no capture in" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [((URL, "--at", "yesterday"), ConfigError, "--at yesterday: no time"), ((URL,), ArchiveError, "--archive DIR")],
)
def test_what_can_not_be_is_told(
    archive: Path, arguments: tuple[str, ...], error: type[PreserveError], says: str
) -> None:
    where = archive / "none" if error is ArchiveError else archive
    done = captures(where, *arguments)
    assert isinstance(done.exception, error)
    assert says in str(done.exception)
