"""pywb as a process: found, told what to serve, waited for and ended."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from preserve.errors import ConfigError
from preserve.replay import keeper
from preserve.replay.lines import WARCS, serving_lines

COLLECTION = "preserve"
COMMAND = "wayback"
START_SECONDS = 60.0
_LOOK_EVERY = 0.1
_LOG_TAIL = 2000
# pywb runs under a Python of its own and asks nobody but us.
_LEFT_OUT = frozenset({"PYTHONPATH", "PYTHONHOME", "PYTHONSAFEPATH", "PYWB_CONFIG_FILE"})
INSTALL = """pywb is not found. Give it an environment of its own, for its dependencies and ours exclude each other:
  python3 -m venv ~/.pywb && ~/.pywb/bin/pip install pywb
  preserve replay --pywb ~/.pywb/bin/wayback
or put its `wayback` on the PATH, or its path into PRESERVE_PYWB."""


def find_pywb(named: str | None, environment: Mapping[str, str]) -> str:
    """The path of pywb's `wayback`.

    Args:
        named: what the user named; None to look for it on the PATH.
        environment: where PATH is looked up.

    Raises:
        ConfigError: there is none; how to install it.
    """
    found = shutil.which(named or COMMAND, path=environment.get("PATH"))
    if found is None:
        raise ConfigError(f"{named}: no such command. {INSTALL}" if named else INSTALL)
    return str(Path(found).absolute())


def replay_url(address: str, url: str, at: datetime | None = None) -> str:
    """Where the capture of `url` nearest to `at` is shown; the latest without a time."""
    stamp = "" if at is None else f"{at.astimezone(UTC):%Y%m%d%H%M%S}/"
    return f"{address}{stamp}{url}"


@dataclass(frozen=True, slots=True)
class Listen:
    """Where to listen.

    Attributes:
        bind: the address; by default nobody else's machine can reach it.
        port: 0 takes a free one.
    """

    bind: str = "127.0.0.1"
    port: int = 0


class Replay:
    """pywb on an archive, for as long as the block lasts. Nothing of it is written into the archive.

    Args:
        pywb: its command, as `find_pywb` gives it.
        directory: the archive.
        at: where it listens.
        environment: of this process.
        report: is told what went wrong while it ran.

    Raises:
        ConfigError: it does not start; the end of its log is in the message.
    """

    def __init__(
        self,
        pywb: str,
        directory: Path,
        at: Listen,
        *,
        environment: Mapping[str, str],
        report: Callable[[str], None],
    ) -> None:
        self._pywb, self._directory = pywb, directory.absolute()
        self._bind, self._port = at.bind, _free_port(at)
        self._environment = {name: value for name, value in environment.items() if name not in _LEFT_OUT}
        self._environment["NO_PROXY"] = self._environment["no_proxy"] = "*"
        self._report = report
        self._held = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None
        host = f"[{at.bind}]" if ":" in at.bind else at.bind
        self.address = f"http://{host}:{self._port}/{COLLECTION}/"

    def __enter__(self) -> Self:
        """The replay once it answers; leaving the block ends it."""
        with ExitStack() as held:
            lines = held.enter_context(serving_lines(self._directory, self._report))
            log = held.enter_context(tempfile.TemporaryFile())
            place = tempfile.mkdtemp(prefix="preserve-replay-")
            _configure(Path(place), self._directory, lines)
            arguments = [self._pywb, "--bind", self._bind, "--port", str(self._port)]
            process = subprocess.Popen(  # noqa: S603 - the command the user named
                [sys.executable, "-I", keeper.__file__, place, *arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,  # Ctrl-C is for this process, which then ends it
            )
            held.callback(_end, process)
            self._process = process
            if not self._answers(process):
                log.seek(max(0, log.seek(0, os.SEEK_END) - _LOG_TAIL))
                said = log.read().decode("utf-8", "replace").strip()
                raise ConfigError(f"{self._pywb} did not start. It said:\n{said}")
            self._held = held.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    def wait(self) -> int:
        """Return pywb's exit code when it ends by itself."""
        assert self._process is not None  # noqa: S101 - only inside the block
        return self._process.wait()

    def _answers(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether it answers before it ends or the time is over."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        last = time.monotonic() + START_SECONDS
        while time.monotonic() < last:
            try:
                with opener.open(self.address, timeout=5) as answer:
                    return bool(answer.status == 200)
            except (urllib.error.URLError, OSError):
                pass
            try:
                process.wait(_LOOK_EVERY)
            except subprocess.TimeoutExpired:
                continue
            return False
        return False


def _configure(place: Path, directory: Path, lines: str) -> None:
    """Write pywb's configuration and lead it to the WARC files by a name that means nothing to it."""
    archive = place / "archive"
    archive.symlink_to(directory, target_is_directory=True)
    collection = {
        "index": {"type": "cdx", "api_url": lines + "?url={url}", "replay_url": ""},
        "archive_paths": [f"{archive}/", lines + WARCS],
    }
    config = {"collections": {COLLECTION: collection}, "enable_auto_colls": False}
    (place / "config.yaml").write_text(json.dumps(config), "utf-8")  # JSON is YAML


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    process.stdin.close()
    try:
        process.wait(2 * keeper.GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port(at: Listen) -> int:
    family = socket.AF_INET6 if ":" in at.bind else socket.AF_INET
    try:
        with socket.create_server((at.bind, at.port), family=family) as taken:
            number: int = taken.getsockname()[1]
            return number
    except OSError as error:
        raise ConfigError(
            f"{at.bind}, port {at.port}: {error.strerror}; choose another with --port or --bind"
        ) from error
