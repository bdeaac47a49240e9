"""What `preserve replay` does: starts pywb, says where, and waits."""

from __future__ import annotations

import os
import signal
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import click

from preserve.cli.app import EXIT_ERROR
from preserve.cli.opening import one_post, open_ledger, settings_for_reading
from preserve.cli.safe import safe
from preserve.errors import ArchiveError, ConfigError
from preserve.model import ArchivedCapture
from preserve.replay import Listen, Replay, find_pywb, replay_url
from preserve.settings import Settings
from preserve.warc.zipnum import SUMMARY


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked on the command line."""

    post: str | None
    archive: str | None
    config: Path | None
    port: int
    bind: str
    pywb: str | None
    browse: bool


def replay(asked: Asked) -> int:
    """Run pywb on the archive until somebody ends it; the exit code.

    Raises:
        ConfigError: no pywb, it does not start, or no post or several match.
        ArchiveError: there is no archive, or nothing in it yet.
    """
    settings = settings_for_reading(asked.archive, asked.config)
    directory = Path(settings.archive.directory)
    if not (directory / SUMMARY).exists():
        raise ArchiveError(
            f"{directory}: no index here. Run `preserve verify POSTS`, or name the archive with --archive DIR."
        )
    capture = None if asked.post is None else _latest(settings, asked.post)
    pywb = find_pywb(asked.pywb, os.environ)
    running = Replay(pywb, directory, Listen(asked.bind, asked.port), environment=os.environ, report=_complain)
    try:
        with _ending_on_term(), running:
            click.echo(f"{safe(str(directory))} is at {running.address}")
            click.echo(f"a page near a time:  {running.address}20240501/https://news.example/story")
            address = running.address
            if capture is not None:
                address = replay_url(running.address, capture.url, capture.captured_at)
                click.echo(f"{safe(capture.source)} of {capture.captured_at:%Y-%m-%d %H:%M} UTC:\n{safe(address)}")
            click.echo("Ctrl-C ends it.")
            if asked.browse:
                webbrowser.open(address)
            code = running.wait()
    except KeyboardInterrupt:
        return 0
    click.echo(f"preserve: pywb ended by itself, with code {code}", err=True)
    return EXIT_ERROR


def _latest(settings: Settings, fragment: str) -> ArchivedCapture:
    with open_ledger(settings) as ledger:
        post = one_post(ledger, fragment)
        captured = [check.capture for check in ledger.history(post) if check.capture is not None]
    shown = [capture for capture in captured if capture.final is not None and capture.final.response is not None]
    if not shown:
        raise ConfigError(f"{post}: its source never answered, so there is nothing to show")
    return shown[-1]


def _complain(text: str) -> None:
    click.echo(f"preserve: {safe(text)}", err=True)


@contextmanager
def _ending_on_term() -> Iterator[None]:
    """TERM ends it as Ctrl-C does."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
