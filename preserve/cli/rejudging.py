"""What `preserve rejudge` prints: the same verdicts, or where they would differ."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rich.text import Text

from preserve.cli.app import EXIT_FOUND
from preserve.cli.look import console, verdict_text
from preserve.cli.opening import open_ledger, settings_for_reading
from preserve.cli.safe import safe
from preserve.jsonlines import check_object
from preserve.rejudge import Rejudged, rejudge


def run(archive: str | None, config: Path | None, *, as_json: bool) -> int:
    """Judge the latest check of every post again; the exit code.

    Raises:
        ArchiveError: no ledger, or a record that is missing or damaged.
    """
    settings = settings_for_reading(archive, config)
    out = console()
    count = different = 0
    with open_ledger(settings) as ledger:
        for result in rejudge(ledger.latest_checks(), settings):
            count += 1
            different += not result.same or bool(result.problem)
            if as_json:
                sys.stdout.write(json.dumps(_object(result), ensure_ascii=False) + "\n")
            elif not result.same or result.problem:
                out.print(_line(result), soft_wrap=True)
    if not as_json:
        same = count - different
        out.print(f"{count} checks judged again from the archive: {same} the same, {different} different.")
    return EXIT_FOUND if different else 0


def _line(result: Rejudged) -> Text:
    old = result.check.judgement
    line = Text(f"{safe(result.check.post)}  ").append_text(verdict_text(old.verdict, old.reason))
    if result.problem:
        line.append(f" stands: {safe(result.problem)}")
    elif result.again is not None:
        new = result.again.judgement
        line.append(" is now ").append_text(verdict_text(new.verdict, new.reason))
        if (old.verdict, old.reason) == (new.verdict, new.reason):
            line.append(f"  with {len(new.changes)} changes instead of {len(old.changes)}, or other labels")
    return line


def _object(result: Rejudged) -> dict[str, object]:
    return {**check_object(result.now), "same": result.same and not result.problem}
