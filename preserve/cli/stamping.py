"""What `preserve stamp` does: the archive taken, whoever was named asked, and what came of it printed."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from preserve.cli.app import EXIT_FOUND
from preserve.cli.look import console
from preserve.cli.opening import ledger_file, settings_for_reading
from preserve.cli.safe import safe
from preserve.errors import ConfigError
from preserve.fetch import HttpServices, system_tools
from preserve.ledger import Ledger
from preserve.stamping import stamp
from preserve.warc import ArchiveLock


def run(archive: str | None, config: Path | None) -> int:
    """Have the newest checkpoint stamped; the exit code.

    Raises:
        ConfigError: nobody is named who could stamp it, or the roots can't be read.
        ArchiveError: there is no ledger, a run is writing to it, or a file can't be read or written.
    """
    settings = settings_for_reading(archive, config)
    wanted = settings.archive
    if not wanted.timestamp_urls and not wanted.calendar_urls:
        raise ConfigError("nobody is named who could stamp: set timestamp-urls or calendar-urls in [archive]")
    path = ledger_file(settings)
    tools = system_tools(settings.fetch, threading.Event(), dict(os.environ))
    directory = Path(wanted.directory)
    with ArchiveLock(directory), Ledger.create_or_open(path) as ledger:
        report = stamp(directory, ledger, wanted, HttpServices(settings.fetch, tools))
    out = console()
    for name in report.made:
        out.print(f"kept {safe(name)}", soft_wrap=True)
    for problem in report.problems:
        out.print(safe(problem), soft_wrap=True)
    if not report.made and not report.problems:
        out.print("nothing to ask for: the newest checkpoint has its stamps, and no other was promised", soft_wrap=True)
    return EXIT_FOUND if report.problems else 0
