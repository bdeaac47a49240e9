"""An archive that can't be written, was moved, or lies where nothing can be locked: read, and never half used."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from fault_kit import Disk, Ended, built_shim, one_after_another, preserve_process
from run_kit import Stage, answer, article, page, stage, write_post
from wire_server import WireServer

from preserve.ledger import Ledger
from preserve.verify.names import LEDGER

# Mounts the directory named first read-only, for the command that follows and nobody else.
MOUNTED = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
# The same, but for the lock file, as where somebody else owns the directory.
BUT_FOR_THE_LOCK = (
    'cp "$0/lock" "$0/../lock" && mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" '
    '&& mount --bind "$0/../lock" "$0/lock" && exec "$@"'
)
READING = (
    ("status",),
    ("status", "--json"),
    ("show", "b.md"),
    ("explain", "b.md"),
    ("copies",),
    ("rejudge",),
    ("audit",),
)
VERIFY = ("verify", "_posts", "--allow-private", "127.0.0.0/8", "--delay", "0")


@pytest.fixture(scope="module")
def server() -> Iterator[WireServer]:
    with WireServer({}, address="127.0.0.51") as running:
        for number, name in enumerate("ab"):
            running.scripts[f"/{name}"] = answer(page(article(number)))
        yield running


@pytest.fixture(scope="module")
def written(server: WireServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders with posts and an archive of one run: closed well, or as a killed run leaves the ledger."""
    place = stage(tmp_path_factory.mktemp("written") / "clean")
    for number, name in enumerate("ab"):
        write_post(place.posts, f"{name}.md", server.url(f"/{name}"), article(number))
    Ledger.create_or_open(place.archive / LEDGER).close()
    with Ledger.create_or_open(place.archive / LEDGER):  # keeps what the run writes in the write-ahead log
        _verified(place)
        shutil.copytree(place.folder, place.folder.parent / "killed")
    log_alone = place.folder.parent / "log alone"
    shutil.copytree(place.folder.parent / "killed", log_alone)
    (log_alone / "warcs" / f"{LEDGER}-shm").unlink()
    assert (log_alone / "warcs" / f"{LEDGER}-wal").stat().st_size
    return {folder.name: folder for folder in place.folder.parent.iterdir()}


def _verified(place: Stage) -> None:
    ended = preserve_process(VERIFY, place.folder)
    assert ended.code == 0, ended.err


def read_only(commands: Sequence[Sequence[str]], folder: Path, *, script: str = MOUNTED) -> list[Ended]:
    """Run commands of `preserve` where the archive can't be written by anybody."""
    archive = folder / "warcs"
    if os.geteuid():
        for path in [archive, *archive.rglob("*")]:
            keeps = script == BUT_FOR_THE_LOCK and path.name == "lock"
            path.chmod(0o555 if path.is_dir() else 0o644 if keeps else 0o444)
        return one_after_another(commands, folder)
    before = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, str(archive)]
    if subprocess.run([*before, "true"], capture_output=True, check=False).returncode:
        pytest.skip("NOTHING WAS READ-ONLY: root can't be kept from writing, and mounts are not allowed here")
    return one_after_another(commands, folder, before=before)


def all_well(ended: Sequence[Ended]) -> None:
    for arguments, one in zip(READING, ended, strict=True):
        assert (one.code, one.err) == (0, ""), (arguments, one)


@pytest.fixture
def copied(written: dict[str, Path], request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "here"
    shutil.copytree(written[request.param], folder)
    yield folder
    for path in folder.rglob("*"):
        path.chmod(0o755)


@pytest.mark.parametrize("copied", ["clean", "killed", "log alone"], indirect=True)
def test_every_reading_command_reads_an_archive_that_cannot_be_written(copied: Path, tmp_path: Path) -> None:
    shutil.copytree(copied, tmp_path / "writable")
    before = {path: path.read_bytes() for path in copied.rglob("*") if path.is_file()}
    ended = read_only(READING, copied)
    all_well(ended)
    assert [one.out for one in ended] == [one.out for one in one_after_another(READING, tmp_path / "writable")]
    assert "b.md" in ended[1].out
    assert {path: path.read_bytes() for path in copied.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("script", [MOUNTED, BUT_FOR_THE_LOCK], ids=["read-only", "but for the lock"])
@pytest.mark.parametrize("copied", ["clean", "killed"], indirect=True)
def test_verify_refuses_before_it_asks_anything(copied: Path, server: WireServer, script: str) -> None:
    server.heads.clear()
    (ended,) = read_only([VERIFY], copied, script=script)
    assert ended.code == 2
    assert re.search("can't write to the archive: (Read-only file system|Permission denied)", ended.err), ended.err
    assert "--archive" in ended.err
    assert "Traceback" not in ended.err
    assert server.heads == []


@pytest.mark.parametrize("copied", ["clean"], indirect=True)
def test_an_archive_lies_anywhere(copied: Path, server: WireServer, tmp_path: Path) -> None:
    moved = tmp_path / "another place" / "档案"
    moved.parent.mkdir()
    shutil.move(copied, moved)
    for name in ("_posts", "config"):
        shutil.copytree(moved / name, tmp_path / name)
    server.heads.clear()
    elsewhere = ("--archive", str(moved / "warcs"))
    assert preserve_process(("show", "b.md", *elsewhere), tmp_path).code == 0
    ended = preserve_process((*VERIFY, *elsewhere), tmp_path)
    assert (ended.code, "intact" in ended.out) == (0, True), ended
    assert not (tmp_path / "warcs").exists()
    all_well(one_after_another([(*arguments, *elsewhere) for arguments in READING], tmp_path))
    for path in (moved / "warcs").rglob("*"):
        assert not path.is_file() or str(copied).encode() not in path.read_bytes()


@pytest.mark.parametrize("copied", ["clean"], indirect=True)
def test_a_file_system_without_locks_is_refused_to_writers_and_read(copied: Path, tmp_path: Path) -> None:
    disk = Disk(built_shim(tmp_path), copied)
    ended = disk.run(VERIFY, how="nolock")
    assert ended.code == 2
    assert "this file system can't lock files (No locks available); use a local disk" in ended.err
    all_well(one_after_another(READING, copied, {**disk.environment(), "FAULT_HOW": "nolock"}))
