"""What `preserve cite` prints: a bibliography."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from preserve.cite import Format
from preserve.citing import bibliography, reference_of
from preserve.cli.moments import moment_meant
from preserve.cli.opening import one_post, open_ledger, settings_for_reading
from preserve.cli.safe import safe
from preserve.errors import ConfigError
from preserve.ledger import Ledger
from preserve.model import Check
from preserve.styles import Styler

_NUMBER: Final = re.compile(r"\d{1,6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked on the command line; no posts for all, "" for what was not said."""

    posts: tuple[str, ...]
    form: str
    at: str | None
    language: str
    archive: str | None
    config: Path | None


def run(wanted: Wanted) -> None:
    """Print the citations; notices go to standard error.

    Raises:
        ConfigError: no post, or several, match; the time can't be understood; the extra is not installed.
        ArchiveError: no ledger, or a record is missing or damaged.
    """
    settings = settings_for_reading(wanted.archive, wanted.config)
    styler, form = Styler(), Format(wanted.form)
    bibliography([], form, styler, wanted.language)  # what can't be done at all is said before anything is read
    with open_ledger(settings) as ledger:
        histories = [_until(history, wanted) for history in _histories(ledger, wanted.posts)]
    references = [reference_of(history, settings) for history in histories if history]
    for reference in references:
        if reference.accessed is None:
            why = "its source was never captured with the article" if reference.url else "it names no source to ask"
            click.echo(f"preserve: {safe(reference.post)}: {why}; the stored copy is cited", err=True)
    click.echo(bibliography(references, form, styler, wanted.language), nl=False)


def _histories(ledger: Ledger, fragments: Sequence[str]) -> Iterator[list[Check]]:
    if fragments:
        for post in dict.fromkeys(one_post(ledger, fragment) for fragment in fragments):
            yield ledger.history(post)
    else:
        for check in ledger.latest_checks():
            yield ledger.history(check.post)


def _until(history: Sequence[Check], wanted: Wanted) -> Sequence[Check]:
    """The checks that count; with `--all`, none for a post that had none by then."""
    at = wanted.at
    if at is None:
        return history
    if _NUMBER.fullmatch(at):
        found = history[: int(at)]
        if not wanted.posts or 0 < int(at) <= len(history):
            return found
        raise ConfigError(f"--at {at}: {history[0].post} has checks 1 to {len(history)}")
    moment = moment_meant("--at", at)
    found = [check for check in history if (check.captured_at or check.checked_at) <= moment]
    if not found and wanted.posts:
        first = history[0].checked_at
        raise ConfigError(
            f"--at {at}: {history[0].post} had not been checked by then; its first check is of {first:%Y-%m-%d}"
        )
    return found
