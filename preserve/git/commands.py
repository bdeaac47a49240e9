"""Running git to read: which options and which environment keep it to that.

A repository's own configuration can name programs to run. What is asked here runs none of them: no pager, no hooks,
no file system monitor, no external diff, no filters, no fetching of objects that a partial clone has not got.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Final

SECONDS: Final = 120.0
_CHUNK: Final = 1 << 16
_ALWAYS: Final = (
    "--no-pager",
    "--literal-pathspecs",
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.quotePath=off"),
    *("-c", "log.showSignature=false"),
    *("-c", "log.showRoot=true"),
    *("-c", "log.follow=false"),
    *("-c", "protocol.allow=never"),
)
_SET: Final = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
}
# The rest of GIT_… (GIT_DIR in a hook, for one) would make git look at another repository than the posts lie in.
_KEPT: Final = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")


class GitError(Exception):
    """Git could not answer; the message is what it said."""


class GitTimeoutError(GitError):
    """Git took too long, and was stopped."""


class Git:
    """The machine's git, asked to read only.

    Args:
        environment: of the caller; what could mislead git is left out of it.
        seconds: the longest one command may take.
    """

    def __init__(self, environment: Mapping[str, str], seconds: float = SECONDS) -> None:
        kept = {name: value for name, value in environment.items() if not name.startswith("GIT_") or name in _KEPT}
        self._environment: Mapping[str, str] = {**kept, **_SET}
        self._program = shutil.which("git", path=environment.get("PATH"))
        self.seconds = seconds

    @property
    def there(self) -> bool:
        """Whether there is a git command."""
        return self._program is not None

    def output(self, top: str, *words: str | bytes, config: Sequence[tuple[str, str]] = ()) -> bytes:
        """All that a command prints.

        Args:
            top: the directory to run it in.
            words: command and arguments.
            config: settings for this command alone.

        Raises:
            GitError: it failed or took too long.
        """
        with self.stream(top, *words, config=config) as chunks:
            return b"".join(chunks)

    @contextmanager
    def stream(
        self, top: str, *words: str | bytes, config: Sequence[tuple[str, str]] = ()
    ) -> Iterator[Iterator[bytes]]:
        """What a command prints, as it comes; leaving the block early stops it. Arguments and errors as `output`."""
        if self._program is None:
            raise GitError("there is no git command")
        with tempfile.TemporaryFile() as complaints:
            try:
                process = subprocess.Popen(  # noqa: S603 - the words are ours, paths stand behind `--`
                    [self._program, *_ALWAYS, *words],
                    cwd=top,
                    env={**self._environment, **_as_variables(config)},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=complaints,
                    start_new_session=True,  # Ctrl-C is for the run, which ends git by itself
                )
            except OSError as error:
                raise GitError(f"git can't be run: {error.strerror}") from error
            running = _Running(process, complaints, self.seconds)
            try:
                yield running.chunks()
            finally:
                running.end()


class _Running:
    """One command that runs, with its alarm set."""

    def __init__(self, process: subprocess.Popen[bytes], complaints: IO[bytes], seconds: float) -> None:
        self._process, self._complaints, self._seconds = process, complaints, seconds
        self._late = threading.Event()
        self._alarm = threading.Timer(seconds, self._too_late)
        self._alarm.daemon = True
        self._alarm.start()

    def chunks(self) -> Iterator[bytes]:
        assert self._process.stdout is not None  # noqa: S101 - a pipe was asked for
        while chunk := self._process.stdout.read1(_CHUNK):  # type: ignore[attr-defined]
            yield chunk
        code = self._process.wait()
        if self._late.is_set():
            raise GitTimeoutError(f"git took longer than {self._seconds:.0f} s")
        if code:
            raise GitError(self._complaint() or f"git ended with code {code}")

    def end(self) -> None:
        self._alarm.cancel()
        self._process.kill()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process.wait()

    def _too_late(self) -> None:
        self._late.set()
        self._process.kill()

    def _complaint(self) -> str:
        self._complaints.seek(0)
        first = self._complaints.read(2000).decode("utf-8", "replace").strip().partition("\n")[0]
        return first.removeprefix("fatal: ")[:300]


def _as_variables(config: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """Settings in the environment, where a name may hold anything (`-c` would cut it at a `=`)."""
    found = {"GIT_CONFIG_COUNT": str(len(config))}
    for number, (name, value) in enumerate(config):
        found |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return found
