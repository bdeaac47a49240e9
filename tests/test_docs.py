"""The documentation says what is: its words, commands, keys and links exist, and what is runnable runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest

import preserve
from preserve.alterations import How, Sighting, alterations
from preserve.cli.app import COMMANDS
from preserve.config import default_config_text
from preserve.config.options import OPTIONS
from preserve.confirm import Observation, standing
from preserve.jsonlines import alteration_object, change_object, check_object, standing_object
from preserve.ledger.schema import APPEND_ONLY
from preserve.model import (
    REASONS,
    Change,
    ChangeKind,
    Check,
    CommitState,
    Judgement,
    Measures,
    Nature,
    Verdict,
)

ROOT = Path(__file__).parent.parent
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "examples" / "README.md"])
VERDICTS = (ROOT / "docs" / "verdicts.md").read_text("utf-8")
FORMATS = (ROOT / "docs" / "formats.md").read_text("utf-8")
RUNNABLE = re.compile(r"<!-- runnable -->\n```bash\n(.*?)```", re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
USE = re.compile(r"^ +(?:\$ |\.venv/bin/)?preserve ([a-z]+)(.*)$", re.MULTILINE)


def page_id(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    found = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("path", PAGES, ids=page_id)
def test_links_between_pages_resolve(path: Path) -> None:
    for target in LINK.findall(path.read_text("utf-8")):
        if target.startswith(("http://", "https://")):
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.exists(), f"{target} leads nowhere"
        assert not anchor or anchor in anchors(there), f"{target} names no heading"


def tables_of(text: str) -> str:
    """The table rows of a page: where a word is defined and not only used."""
    return "\n".join(line for line in text.splitlines() if line.startswith("|"))


@pytest.mark.parametrize("word", [*Verdict, *Nature], ids=str)
def test_every_verdict_and_nature_is_defined(word: str) -> None:
    assert f"`{word.value}`" in tables_of(VERDICTS)  # type: ignore[attr-defined]


def test_every_reason_is_defined_under_its_verdict() -> None:
    section = VERDICTS.split("## Reasons")[1].split("\n## ")[0]
    found: dict[str, set[str]] = {}
    verdict = ""
    for first, reason in re.findall(r"^\| (?:`([a-z]+)`)? ?\| `([a-z0-9-]+)` \|", section, re.MULTILINE):
        verdict = first or verdict
        found.setdefault(verdict, set()).add(reason)
    wanted = {verdict.value: {one.value for one in reasons} for verdict, reasons in REASONS.items() if reasons}
    assert found == wanted


def test_every_json_key_is_documented_and_no_other() -> None:
    check = Check("p.md", None, datetime(2020, 1, 1, tzinfo=UTC), Judgement(Verdict.INTACT))
    written = keys_under("## The keys of `--json`")
    change = change_object(Change(ChangeKind.REPLACE, "a", "b"))
    assert written == set(check_object(check)) | set(change)


def test_every_key_of_the_standing_is_documented_and_no_other() -> None:
    seen = standing([Observation(datetime(2020, 1, 1, tzinfo=UTC), Verdict.GONE)])
    assert keys_under("### The standing") == set(standing_object(seen) or ())


def test_every_key_of_an_alteration_is_documented_and_no_other() -> None:
    at = datetime(2020, 1, 1, tzinfo=UTC)
    (found,) = alterations([Sighting(at, "a"), Sighting(at, "b")])
    assert keys_under("### The alterations of a stored copy") == set(alteration_object(found))


@pytest.mark.parametrize("word", [*How, *CommitState], ids=str)
def test_every_word_for_an_alteration_or_a_commit_is_defined(word: str) -> None:
    page = VERDICTS if isinstance(word, How) else FORMATS
    assert f"`{word}`" in tables_of(page)


def keys_under(heading: str) -> set[str]:
    """The keys in the first column of the tables below a heading, up to the next one."""
    section = re.split(r"\n##", VERDICTS.split(f"\n{heading}\n")[1])[0]
    cells = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    return {key for cell in cells for key in re.findall(r"`(\w+)`", cell)}


def test_every_measure_is_defined() -> None:
    section = VERDICTS.split("## Measures")[1]
    assert set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE)) == {field.name for field in fields(Measures)}


def test_every_table_and_view_of_the_ledger_is_described(tmp_path: Path) -> None:
    from preserve.ledger import Ledger  # noqa: PLC0415

    Ledger.create_or_open(tmp_path / "ledger.db").close()
    rows = set(re.findall(r"`([a-z_]+)`", tables_of(FORMATS)))
    found = tables_in(tmp_path / "ledger.db")
    assert found >= set(APPEND_ONLY)
    assert found <= rows


def tables_in(path: Path) -> set[str]:
    import sqlite3  # noqa: PLC0415
    from contextlib import closing  # noqa: PLC0415

    with closing(sqlite3.connect(path)) as database:
        query = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
        return {name for (name,) in database.execute(query)}


def test_every_configuration_key_is_explained() -> None:
    text = default_config_text()
    assert [option.key for option in OPTIONS if f"#{option.key} = " not in text] == []


@pytest.mark.parametrize("path", PAGES, ids=page_id)
def test_commands_and_options_in_examples_exist(path: Path) -> None:
    for command, rest in USE.findall(path.read_text("utf-8")):
        assert command in COMMANDS, f"preserve {command}"
        words = rest.split("#")[0].split("|")[0]
        known = run("preserve", command, "--help").stdout
        for option in re.findall(r"(?<=\s)--[a-z-]+", words):
            assert re.search(rf"{option}\b", known), f"preserve {command} {option}"


def test_every_command_is_mentioned_in_the_tutorial() -> None:
    text = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
    assert [name for name in COMMANDS if f"preserve {name}" not in text] == []


def run(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A documented command, run by the preserve that is tested."""
    assert words[0] == "preserve"
    command = [sys.executable, "-P", "-m", *words]
    environment = os.environ | {"COLUMNS": "100", "PYTHONPATH": str(Path(preserve.__file__).parent.parent)}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_what_is_called_runnable_runs(tmp_path: Path) -> None:
    blocks = [block for path in PAGES for block in RUNNABLE.findall(path.read_text("utf-8"))]
    lines = [line for block in blocks for line in block.splitlines() if line.strip()]
    assert len(lines) >= 4
    for line in lines:
        done = run(*line.split(), cwd=tmp_path)
        assert done.returncode == 0, f"{line}: {done.stderr}"
    assert (tmp_path / "preserve.toml").is_file()


def test_every_dependency_has_its_reason() -> None:
    page = (ROOT / "docs" / "decisions" / "0001-dependencies.md").read_text("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = {re.split(r"[<>=!~\[ ;]", line)[0] for line in project["project"]["dependencies"]}
    named = {name for row in re.findall(r"^\| ([^|]+) \|", page, re.MULTILINE) for name in row.split(", ")}
    assert wanted <= named


def test_every_room_of_the_package_has_its_layer() -> None:
    page = (ROOT / "docs" / "decisions" / "0002-layers.md").read_text("utf-8")
    package = Path(preserve.__file__).parent
    found = {path.stem for path in package.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert found - {"__init__", "__main__"} == set(re.findall(r"`([a-z0-9]+)`", tables_of(page)))


def test_the_page_of_commands_is_what_help_says() -> None:
    script = ROOT / "tools" / "cli_docs.py"
    environment = os.environ | {"PYTHONPATH": str(Path(preserve.__file__).parent.parent)}
    done = subprocess.run(
        [sys.executable, "-P", script, "--check"], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    text = (ROOT / "docs" / "cli.md").read_text("utf-8")
    assert re.findall(r"^## preserve (\w+)$", text, re.MULTILINE) == list(COMMANDS)
