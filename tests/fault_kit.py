"""Runs of `preserve` on a disk that fails where a test wants it to: real processes, with `fault_shim.c` below them.

The shim is loaded with LD_PRELOAD and sees every call that changes something below the archive, those of SQLite
too. strace could inject the same, but counts each thread by itself and knows no paths but those it is told before,
while a WARC file's name has the time in it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

import preserve

SHIM_SOURCE = Path(__file__).with_name("fault_shim.c")
KILLED = -9
# No run of these tests takes a tenth of it, so that a run that hangs is told from one that is slow.
SECONDS = 60
SEVERAL = """
import contextlib, io, json, sys
from preserve.cli import main
ended = []
if __name__ == "__main__":  # not in the judging processes
    for arguments in json.loads(sys.argv[1]):
        sys.argv = ["preserve", *arguments]
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
            try:
                main()
            except SystemExit as stop:
                code = stop.code or 0
        ended.append((code, out.getvalue(), err.getvalue()))
    print(json.dumps(ended))
"""


@dataclass(frozen=True, slots=True)
class Change:
    """One call that changed something below the watched directories."""

    number: int
    kind: str
    path: str
    other: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended."""

    code: int
    out: str
    err: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Disk:
    """Runs processes on a disk that fails.

    Attributes:
        shim: the library.
        folder: working directory of the runs; what lies in `watched` below it is counted.
        watched: names of directories below it.
    """

    shim: Path
    folder: Path
    watched: tuple[str, ...] = ("warcs", "config")

    def environment(self) -> dict[str, str]:
        """What puts the shim below a process."""
        folder = self.folder.resolve()
        return {"LD_PRELOAD": str(self.shim), "FAULT_ROOTS": ":".join(str(folder / name) for name in self.watched)}

    def run(
        self,
        arguments: Sequence[str],
        *,
        how: str = "",
        at: int = 0,
        log: Path | None = None,
        data: Path | None = None,
    ) -> Ended:
        """Run `preserve` with `arguments`; the `at`-th change goes wrong as `how` says."""
        faults = self.environment()
        if how:
            faults |= {"FAULT_HOW": how, "FAULT_AT": str(at)}
        if log is not None:
            faults["FAULT_LOG"] = str(log)
        if data is not None:
            faults["FAULT_DATA"] = str(data)
        ended = preserve_process(arguments, self.folder, faults)
        changes = () if log is None else tuple(_changes(log))
        return Ended(ended.code, ended.out, ended.err, changes)


def preserve_process(arguments: Sequence[str], folder: Path, more: Mapping[str, str] | None = None) -> Ended:
    """Run `preserve` in `folder`, with `more` in its environment."""
    return _process([sys.executable, "-m", "preserve", *arguments], folder, more or {})


def one_after_another(
    commands: Sequence[Sequence[str]],
    folder: Path,
    more: Mapping[str, str] | None = None,
    before: Sequence[str] = (),
) -> list[Ended]:
    """Run several commands of `preserve` in one process, which is quicker; behind the command `before`."""
    ended = _process([*before, sys.executable, "-c", SEVERAL, json.dumps(commands)], folder, more or {})
    assert ended.code == 0, ended.err
    return [Ended(*one) for one in json.loads(ended.out)]


def _process(command: Sequence[str], folder: Path, more: Mapping[str, str]) -> Ended:
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment |= {"PYTHONPATH": str(Path(preserve.__file__).parent.parent), "XDG_CONFIG_HOME": str(folder / "config")}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**environment, **more},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def built_shim(folder: Path) -> Path:
    """The shim, compiled; the test is skipped where there is no compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("NO FAULTS WERE INJECTED: that takes Linux and a C compiler (apt-get install gcc libc6-dev)")
    shim = folder / "fault_shim.so"
    command = [compiler, "-O1", "-shared", "-fPIC", "-o", str(shim), str(SHIM_SOURCE), "-ldl", "-lpthread"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode:
        pytest.skip(f"NO FAULTS WERE INJECTED: the shim can't be compiled here: {built.stderr[-500:]}")
    return shim


def _changes(log: Path) -> list[Change]:
    found = []
    for line in log.read_text("utf-8", "surrogateescape").splitlines():
        number, kind, path, other, offset, length = line.split("\t")
        found.append(Change(int(number), kind, path, other, int(offset), int(length)))
    return found
