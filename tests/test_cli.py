"""The command line as a person and a script meet it: real processes, real exit codes, real output."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from command_kit import command, environment
from rich.console import Console
from run_kit import answer, article, page, write_post
from wire_server import Until, WireServer

from preserve.cli.app import COMMANDS
from preserve.cli.look import MEANINGS, SIGNS, verdict_table
from preserve.cli.safe import safe
from preserve.confirm import CONFIRMABLE
from preserve.model import Verdict
from preserve.warc import ArchiveLock

LOOPBACK = ("--allow-private", "127.0.0.0/8", "--delay", "0")


@dataclass(frozen=True)
class Played:
    """A collection that was verified once."""

    folder: Path
    server: WireServer
    done: subprocess.CompletedProcess[str]

    @property
    def posts(self) -> Path:
        return self.folder / "_posts"

    @property
    def archive(self) -> Path:
        return self.folder / "warcs"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("played")
    changed = list(article(2))
    changed[1] = changed[1].replace("2,400", "2,300") + "\x1b[31m\u202e"
    with WireServer({"/1": answer(page(article(1))), "/2": answer(page(changed))}) as server:
        write_post(folder / "_posts", "2019-01-02-same.md", server.url("/1"), article(1))
        write_post(folder / "_posts", "2020-01-02-edited.md", server.url("/2"), article(2))
        write_post(folder / "_posts", "2021-01-02-gone.md", server.url("/3"), article(3))
        done = command("verify", folder / "_posts", "--archive", folder / "warcs", *LOOPBACK, "--json")
        yield Played(folder, server, done)


def test_json_lines_are_one_object_a_post(played: Played) -> None:
    lines = [json.loads(line) for line in played.done.stdout.splitlines()]
    assert {Path(line["post"]).name: line["verdict"] for line in lines} == {
        "2019-01-02-same.md": "intact",
        "2020-01-02-edited.md": "edited",
        "2021-01-02-gone.md": "gone",
    }
    edited = next(line for line in lines if line["verdict"] == "edited")
    assert {"kind": "replace", "old": "2,400", "new": "2,300"}.items() <= edited["changes"][0].items()
    assert edited["nature"] == ["number"]
    assert edited["since_last"] is None
    assert edited["http_status"] == 200
    assert edited["record_id"].startswith("urn:uuid:")


def test_differences_are_exit_code_1(played: Played) -> None:
    assert played.done.returncode == 1


def test_all_well_is_exit_code_0(played: Played) -> None:
    done = command("verify", played.posts / "2019-01-02-same.md", "--archive", played.folder / "well", *LOOPBACK)
    assert done.returncode == 0, done.stderr
    assert "intact" in done.stdout
    assert "1 posts, 1 sources on 1 hosts" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("verify", "nowhere"), "nowhere"),
        (("verify", ".", "--older-than", "soon"), "--older-than"),
        (("verify", ".", "--allow-private", "here"), "here"),
        (("verify", ".", "--config", "missing.toml"), "missing.toml"),
        (("verify",), "POSTS"),
        (("status", "--archive", "nothing-here"), "nothing-here"),
        (("veryfy", "."), "veryfy"),
    ],
)
def test_usage_and_set_up_errors_are_exit_code_2_and_one_message(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    done = command(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_setting_is_refused_with_the_nearest_known_name(tmp_path: Path) -> None:
    (tmp_path / "preserve.toml").write_text("[fetch]\nread-timout = 3\n", "utf-8")
    done = command("verify", ".", cwd=tmp_path)
    assert done.returncode == 2
    assert "read-timout" in done.stderr
    assert "read-timeout" in done.stderr


def test_a_second_process_is_told_who_holds_the_archive(played: Played) -> None:
    with ArchiveLock(played.archive):
        done = command("verify", played.posts, "--archive", played.archive, *LOOPBACK)
    assert done.returncode == 2
    assert str(os.getpid()) in done.stderr


def test_status_groups_by_verdict_host_and_year(played: Played) -> None:
    by_verdict = command("status", "--archive", played.archive).stdout
    assert "intact" in by_verdict
    assert "33.3 %" in by_verdict
    assert "127.0.0.1" in command("status", "--archive", played.archive, "--by", "host").stdout
    by_year = command("status", "--archive", played.archive, "--by", "year").stdout
    assert all(year in by_year for year in ("2019", "2020", "2021"))
    as_json = command("status", "--archive", played.archive, "--json").stdout.splitlines()
    assert len([json.loads(line) for line in as_json]) == 3


def test_show_finds_a_post_by_the_end_of_its_path_or_its_source(played: Played) -> None:
    by_name = command("show", "2020-01-02-edited.md", "--archive", played.archive)
    assert by_name.returncode == 0
    assert "2,400" in by_name.stdout
    assert "2,300" in by_name.stdout
    assert "(silent edit)" in " ".join(by_name.stdout.split())
    by_url = command("show", played.server.url("/2"), "--archive", played.archive)
    assert by_url.stdout == by_name.stdout
    assert json.loads(command("show", "edited", "--archive", played.archive, "--json").stdout)["verdict"] == "edited"


def test_show_says_when_no_post_or_several_match(played: Played) -> None:
    assert "no such post" in command("show", "never", "--archive", played.archive).stderr
    several = command("show", "01-02", "--archive", played.archive)
    assert several.returncode == 2
    assert "3 posts match" in several.stderr


def test_what_a_page_says_cannot_steer_the_terminal(played: Played) -> None:
    shown = command("show", "edited", "--archive", played.archive).stdout
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_rejudge_gives_the_same_verdicts(played: Played) -> None:
    done = command("rejudge", "--archive", played.archive)
    assert done.returncode == 0, done.stdout
    assert "3 the same, 0 different" in done.stdout


def test_a_dry_run_asks_nothing_and_writes_nothing(played: Played) -> None:
    before = len(played.server.heads)
    archive = played.folder / "dry"
    done = command("verify", played.posts, "--archive", archive, "--dry-run")
    assert done.returncode == 0
    assert done.stdout.count("would ask") == 3
    assert len(played.server.heads) == before
    assert not archive.exists()


def test_the_file_that_init_writes_is_read_back_and_never_overwritten(tmp_path: Path) -> None:
    assert command("init", cwd=tmp_path).returncode == 0
    assert "older-than" in (tmp_path / "preserve.toml").read_text("utf-8")
    (tmp_path / "a.md").write_text("---\ntitle: a\n---\ntext\n", "utf-8")
    assert command("verify", "a.md", cwd=tmp_path).returncode == 0
    assert command("init", cwd=tmp_path).returncode == 2


def test_ctrl_c_finishes_what_is_in_flight_and_the_next_run_goes_on(tmp_path: Path) -> None:
    asked_to_stop = threading.Event()
    with WireServer({}) as server:
        for number in range(8):
            head, body = answer(page(article(number)))
            wait = [Until(asked_to_stop)] if number else []
            server.scripts[f"/{number}"] = [head, *wait, body]
            write_post(tmp_path / "_posts", f"{number}.md", server.url(f"/{number}"), article(number))
        words = ["verify", str(tmp_path / "_posts"), "--archive", str(tmp_path / "warcs"), *LOOPBACK, "--json"]
        process = subprocess.Popen(
            [sys.executable, "-m", "preserve", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        while "Stopping after" not in process.stderr.readline():
            assert process.poll() is None
        asked_to_stop.set()
        rest, errors = process.communicate(timeout=60)
        assert process.returncode == 130, errors
        assert "the same command goes on where this run stopped" in errors
        done = [json.loads(line) for line in [first, *rest.splitlines()]]
        assert 0 < len(done) < 8
        again = command(*words)
        assert again.returncode == 0, again.stderr
        assert "Taking up run 1 again" in again.stderr
        later = [json.loads(line) for line in again.stdout.splitlines()]
        assert len({line["post"] for line in done + later}) == len(done) + len(later) == 8


def test_the_table_of_verdicts_is_whole_at_80_columns() -> None:
    out = Console(width=80, file=StringIO())
    counts = dict.fromkeys(Verdict, 123_456)
    out.print(verdict_table(counts, title="Run 1", confirmed=dict.fromkeys(CONFIRMABLE, 123_456)))
    assert isinstance(out.file, StringIO)
    _title, heading, *lines = out.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    meanings = [line[heading.index("meaning") :] for line in lines]
    assert " ".join(meanings).split() == " ".join(MEANINGS[verdict] for verdict in SIGNS).split()


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_a_screen_and_shows_an_example(name: str) -> None:
    done = command(name, "--help")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) <= 40
    assert "Example:" in done.stdout


def test_help_imports_nothing_that_a_command_needs() -> None:
    heavy = "{'requests', 'lxml', 'trafilatura', 'warcio', 'yaml', 'rich', 'sqlite3', 'opencc'}"
    code = (
        "import sys; sys.argv = ['preserve', '--help']\n"
        "from preserve.cli import main\n"
        "try: main()\n"
        f"except SystemExit: print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("plain 中文", "plain 中文"),
        ("a\x1b[31mb", "a\u241b[31mb"),
        ("a\u202eb", "a\\u202eb"),
        ("a\nb\tc", "a b c"),
        ("a\x7f\x9bb", "a\u2421\\u009bb"),
        ("a\udcffb", "a\\udcffb"),
    ],
)
def test_safe_shows_control_characters_instead_of_obeying_them(given: str, shown: str) -> None:
    assert safe(given) == shown
