"""Completion in the real shells: what each is told, through the protocol of environment variables."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ledger_samples import PLAN, Sample, check_of

import preserve
from preserve.cli.app import COMMANDS
from preserve.cli.export_command import NAMES
from preserve.ledger import Ledger
from preserve.verify.names import LEDGER

POSTS = ("_posts/2020-01-02-ferry.md", "_posts/2020-01-02-mill.md", "_posts/2021-03-04-night-ferry.md", "a\x1b[31m.md")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with an archive, and a `preserve` to find on the path."""
    made = tmp_path_factory.mktemp("completion")
    with Ledger.create_or_open(made / "warcs" / LEDGER) as ledger:
        ledger.append(ledger.begin_run(PLAN), [check_of(Sample(post=post)) for post in POSTS])
    program = made / "bin" / "preserve"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m preserve "$@"\n')
    program.chmod(0o755)
    return made


def environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(Path(preserve.__file__).parent.parent),
        "HOME": str(folder),
    }


def run(folder: Path, *line: str, cwd: Path | None = None, **variables: str) -> str:
    done = subprocess.run(
        line,
        capture_output=True,
        text=True,
        env=environment(folder) | variables,
        cwd=cwd or folder,
        check=False,
        timeout=100,
    )
    assert done.stderr == ""
    return done.stdout


def in_bash(folder: Path, *words: str, cwd: Path | None = None) -> list[str]:
    """What bash itself would offer for the last of `words`."""
    quoted = " ".join(f"'{word}'" for word in ("preserve", *words))
    script = (
        'eval "$(_PRESERVE_COMPLETE=bash_source preserve)"\n'
        f"COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; _preserve_completion preserve\n"
        'for found in "${COMPREPLY[@]}"; do echo "$found"; done\n'
    )
    return run(folder, "bash", "-c", script, cwd=cwd).splitlines()


def test_bash_completes_commands_formats_and_options(folder: Path) -> None:
    assert in_bash(folder, "") == list(COMMANDS)
    assert in_bash(folder, "export", "") == list(NAMES)
    assert in_bash(folder, "export", "json", "--verd") == ["--verdict"]
    assert in_bash(folder, "export", "json", "--verdict", "un") == ["unreachable", "unextractable", "unchecked"]


@pytest.mark.parametrize("command", ["show", "log", "diff", "explain", "copies", "cite", "prove", "replay"])
def test_every_command_that_takes_a_post_completes_it(folder: Path, command: str) -> None:
    assert in_bash(folder, command, "2020-01-02-f") == ["2020-01-02-ferry.md"]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("_posts/2020", ["_posts/2020-01-02-ferry.md", "_posts/2020-01-02-mill.md"]),
        ("2020-01", ["2020-01-02-ferry.md", "2020-01-02-mill.md"]),
        ("mill", ["_posts/2020-01-02-mill.md"]),
        # None begins with what was typed: it is offered too, so that readline does not replace it.
        ("ferry", ["_posts/2020-01-02-ferry.md", "_posts/2021-03-04-night-ferry.md", "ferry"]),
        ("absent", []),
    ],
)
def test_a_post_is_found_by_any_part_of_its_path(folder: Path, typed: str, offered: list[str]) -> None:
    assert in_bash(folder, "show", typed) == offered


def test_what_was_found_names_the_post(folder: Path) -> None:
    (name,) = in_bash(folder, "show", "2020-01-02-f")
    assert POSTS[0] in run(folder, "preserve", "show", name, "--json")


def test_nothing_is_offered_that_could_steer_the_terminal(folder: Path) -> None:
    assert in_bash(folder, "show", "a") == []


def test_another_archive_is_looked_in_when_the_line_names_it(folder: Path, tmp_path: Path) -> None:
    archive = str(folder / "warcs")
    assert in_bash(folder, "show", "--archive", archive, "2020-01-02-m", cwd=tmp_path) == ["2020-01-02-mill.md"]


def test_without_an_archive_or_with_a_bad_configuration_nothing_is_offered(folder: Path, tmp_path: Path) -> None:
    assert in_bash(folder, "show", "x", cwd=tmp_path) == []
    (tmp_path / "preserve.toml").write_text("[nonsense")
    assert in_bash(folder, "show", "x", cwd=tmp_path) == []
    (tmp_path / "preserve.toml").unlink()
    (tmp_path / "warcs").mkdir()
    (tmp_path / "warcs" / LEDGER).write_bytes(b"no ledger at all")
    assert in_bash(folder, "show", "x", cwd=tmp_path) == []


def test_zsh_and_fish_are_told_in_their_own_way(folder: Path) -> None:
    zsh = {"_PRESERVE_COMPLETE": "zsh_complete", "COMP_WORDS": "preserve show 2020", "COMP_CWORD": "2"}
    assert run(folder, "preserve", **zsh).split("\n")[:3] == ["plain", "2020-01-02-ferry.md", "_"]
    fish = {"_PRESERVE_COMPLETE": "fish_complete", "COMP_WORDS": "preserve show ", "COMP_CWORD": "2020"}
    assert run(folder, "preserve", **fish).splitlines() == ["plain,2020-01-02-ferry.md", "plain,2020-01-02-mill.md"]


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_itself_completes(folder: Path) -> None:
    script = "_PRESERVE_COMPLETE=fish_source preserve | source; complete --do-complete 'preserve log 2021'"
    assert run(folder, "fish", "--no-config", "-c", script).split() == ["2021-03-04-night-ferry.md"]


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_takes_the_script(folder: Path) -> None:
    script = (
        'autoload -Uz compinit; compinit -D; eval "$(_PRESERVE_COMPLETE=zsh_source preserve)"; echo $_comps[preserve]'
    )
    assert run(folder, "zsh", "-f", "-c", script).split() == ["_preserve_completion"]
