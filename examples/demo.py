"""The demo: verify the example collection twice, before and after its sources changed, and check the outcome.

    python examples/demo.py [--port 8421] [--archive DIR]

Starts site.py, runs `preserve verify` as anybody would, and compares what it concluded with cases.toml. Exits
with 0 when every verdict is as expected, with 1 when one is not, with 2 when the demo could not be played.
Standard library only; needs preserve installed for the Python that runs it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
POSTS = HERE / "_posts"
CONFIG = HERE / "preserve.toml"
PORT = 8421
READY_SECONDS = 30.0
FOUND = 1
INTERRUPTED = 130


class DemoError(Exception):
    """The demo could not be played; the message says why and what to do."""


@dataclass(frozen=True)
class Stage:
    """Where one showing of the demo takes place.

    Attributes:
        posts: the collection, as the user would name it.
        port: the site's port.
        archive: the `--archive` to use, or None for the configuration's.
        environment: for every program started; without proxies, which would stand between us and the site.
    """

    posts: Path
    port: int
    archive: Path | None
    environment: Mapping[str, str]

    @property
    def report(self) -> Path:
        """Where the report goes: beside the archive."""
        return HERE / "report" if self.archive is None else self.archive.with_name(self.archive.name + "-report")

    def preserve(self, *arguments: str, quiet: bool = False) -> str:
        """Run `preserve`; quietly, and return what it printed, or in the open and return "".

        Raises:
            DemoError: it stopped with an error.
        """
        words = [*arguments, "--config", shown(CONFIG)]
        words += ["--archive", str(self.archive)] if self.archive else []
        if not quiet:
            print(f"\n$ preserve {' '.join(words)}", flush=True)
        done = subprocess.run(
            [sys.executable, "-P", "-m", "preserve", *words],
            env=dict(self.environment),
            stdout=subprocess.PIPE if quiet else None,
            stderr=subprocess.PIPE if quiet else None,
            encoding="utf-8",
            check=False,
        )
        if done.returncode == INTERRUPTED:
            raise KeyboardInterrupt
        if done.returncode not in (0, FOUND):
            said = (done.stderr or "see above").strip()
            raise DemoError(f"`preserve {arguments[0]}` stopped with exit code {done.returncode}: {said}")
        return done.stdout or ""

    @contextlib.contextmanager
    def site(self, epoch: int) -> Iterator[None]:
        """The demo's web site as it stands in `epoch`, while the block runs.

        Raises:
            DemoError: it does not come up.
        """
        with tempfile.TemporaryDirectory() as folder:
            ready = Path(folder, "ready.json")
            command = [sys.executable, str(HERE / "site.py"), "--port", str(self.port), "--epoch", str(epoch)]
            process = subprocess.Popen(
                [*command, "--ready-file", str(ready)], stdout=subprocess.DEVNULL, env=dict(self.environment)
            )
            try:
                wait_for(ready, process)
                yield
            finally:
                process.terminate()
                process.wait(timeout=10)


def wait_for(ready: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until the site says that it answers.

    Raises:
        DemoError: it ended, or said nothing in time.
    """
    end = time.monotonic() + READY_SECONDS
    while not ready.exists():
        if process.poll() is not None:
            raise DemoError("the demo's web site did not start; with `make demo PORT=N` it takes another port.")
        if time.monotonic() > end:
            raise DemoError(f"the demo's web site did not answer within {READY_SECONDS:.0f} seconds.")
        time.sleep(0.02)


def shown(path: Path) -> str:
    """`path` as one would type it here."""
    return os.path.relpath(path)


def with_port(folder: Path, port: int) -> Path:
    """The posts; where `port` is not the one they name, a copy of them in `folder` that names it."""
    if port == PORT:
        return Path(shown(POSTS))
    copy = folder / "_posts"
    copy.mkdir(parents=True)
    for path in POSTS.glob("*.md"):
        text = re.sub(rf"(//127\.[\d.]+):{PORT}\b", rf"\1:{port}", path.read_text("utf-8"))
        text = re.sub(rf"(//127\.[\d.]+):{PORT + 1}\b", rf"\1:{port + 1}", text)
        (copy / path.name).write_text(text, "utf-8")
    return copy


def checks_of(lines: str) -> dict[str, dict[str, Any]]:
    """What `--json` printed, by the post's file name."""
    checks = (json.loads(line) for line in lines.splitlines() if line.strip())
    return {Path(check["post"]).name: check for check in checks}


def expected(epoch: int) -> dict[str, dict[str, Any]]:
    """What cases.toml wants to be concluded in `epoch`, by the post's file name."""
    cases = tomllib.loads((HERE / "cases.toml").read_text("utf-8"))["case"]
    as_kept = {"verdict": "intact"}
    return {case["post"]: case if epoch == 2 or "always" in case else as_kept for case in cases}


def differences(wanted: Mapping[str, Mapping[str, Any]], found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """One line for every post that was not concluded as wanted."""
    lines = []
    for post in sorted(wanted.keys() | found.keys()):
        want, got = wanted.get(post, {}), found.get(post, {})
        wrong = [key for key in ("verdict", "reason") if want.get(key) != got.get(key)]
        if "nature" in want and want["nature"] not in (got.get("nature") or []):
            wrong.append("nature")
        if wrong:
            told = ", ".join(f"{key} {want.get(key)!r} wanted, {got.get(key)!r} found" for key in wrong)
            lines.append(f"{post}: {told}")
    return lines


def play(stage: Stage) -> list[str]:
    """Show both epochs; return what was not as expected."""
    wrong = []
    posts = str(stage.posts)
    with stage.site(1):
        print("First run: the pages are as they were when the posts were kept.", flush=True)
        stage.preserve("verify", posts, quiet=True)
    checks = checks_of(stage.preserve("status", "--json", quiet=True))
    counts = Counter(check["verdict"] for check in checks.values())
    print("  " + ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common()))
    stage.preserve("report", "-o", shown(stage.report), quiet=True)  # so that the second one has something to tell
    wrong += [f"first run: {line}" for line in differences(expected(1), checks)]
    with stage.site(2):
        print("\nSecond run: some were edited, moved, walled off or taken down.")
        stage.preserve("verify", posts)
    checks = checks_of(stage.preserve("status", "--json", quiet=True))
    wrong += [f"second run: {line}" for line in differences(expected(2), checks)]
    stage.preserve("report", "-o", shown(stage.report))
    return wrong


def prepared(folder: Path, port: int, archive: Path | None) -> Stage:
    """The stage, swept: the demo's own archive begins anew each time.

    Raises:
        DemoError: the archive that was asked for holds something already.
    """
    if archive is None:
        shutil.rmtree(HERE / "archive", ignore_errors=True)
        shutil.rmtree(HERE / "report", ignore_errors=True)
    elif archive.exists() and any(archive.iterdir()):
        raise DemoError(f"{archive} is not empty; the demo needs an archive of its own.")
    clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    if not sys.stdout.isatty():
        clean.setdefault("COLUMNS", "118")  # a log has no width of its own
    clean["XDG_CONFIG_HOME"] = str(folder / "config")  # a key of the demo's own, gone with it
    return Stage(with_port(folder, port), port, archive, clean)


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, play, tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=PORT, help="of the demo's web site; the next one is used too")
    parser.add_argument("--archive", type=Path, help="an empty directory to keep the captures in")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # so that the web site is stopped then, too
    with tempfile.TemporaryDirectory() as folder:
        try:
            stage = prepared(Path(folder), options.port, options.archive)
            wrong = play(stage)
        except DemoError as error:
            print(f"demo: {error}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            print("demo: interrupted", file=sys.stderr)
            return INTERRUPTED
    for line in wrong:
        print(f"demo: NOT AS EXPECTED: {line}", file=sys.stderr)
    total = len(expected(2))
    if not wrong:
        print(f"\nAll {total} verdicts of both runs are as examples/cases.toml has them.")
        print(f"\nThe report: {stage.report / 'index.html'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
