"""Owns what the shell is offered for POST: paths from the ledger, in the few milliseconds before a second Tab.

Asked by click's completion (`_PRESERVE_COMPLETE`), where nothing may be printed and nothing may fail: without an
archive there is nothing to offer.
"""

from __future__ import annotations

import os

import click
from click.shell_completion import CompletionItem

MOST = 100


def complete_post(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Posts whose path has `incomplete` in it.

    Where it begins the path, or what follows a `/` of it, the candidates begin with it, as shells expect: the
    commands take the end of a path as well as all of it.
    """
    found = [path for path in _paths(context, incomplete) if path.isprintable()]
    names = [name for name in (_from(path, incomplete) for path in found) if name]
    if names:
        return [CompletionItem(name) for name in dict.fromkeys(names)]
    if len(found) > 1 and os.environ.get("_PRESERVE_COMPLETE", "").startswith("bash"):
        # Readline would put what the candidates begin with in place of what was typed, which none begins with.
        found.append(incomplete)
    return [CompletionItem(path) for path in found]


def _paths(context: click.Context, fragment: str) -> tuple[str, ...]:
    from preserve.cli.opening import open_ledger, settings_for_reading  # noqa: PLC0415 - only when Tab is pressed
    from preserve.errors import PreserveError  # noqa: PLC0415

    archive, config = context.params.get("archive"), context.params.get("config")
    try:
        with open_ledger(settings_for_reading(archive, config)) as ledger:
            return ledger.posts_with(fragment, MOST)
    except (PreserveError, OSError):
        return ()


def _from(path: str, incomplete: str) -> str:
    """The path from where `incomplete` begins a name on; "" where it does not."""
    if path.startswith(incomplete):
        return path
    found = path.find(f"/{incomplete}")
    return path[found + 1 :] if found >= 0 else ""
