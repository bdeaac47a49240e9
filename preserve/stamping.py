"""Time stamps for the newest checkpoint: asks whom the settings name, checks what comes, keeps and logs it.

What could not be had is asked for again the next time, then for the checkpoint that is newest by then: it covers all
that is before it. Whoever calls holds the archive's lock. What a stamp proves is `preserve.stamps`'s.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path
from typing import Final

from preserve.checkpoints import note_name
from preserve.digests import digest
from preserve.errors import ArchiveError
from preserve.fetch import Services
from preserve.ledger import Ledger, LoggedStamp
from preserve.settings import ArchiveSettings
from preserve.stamps import (
    Roots,
    StampFile,
    StampKind,
    make_query,
    ots,
    ots_name,
    read_roots,
    save_stamp,
    stamp_files,
    tsr_name,
    verify_response,
    verify_stamp,
)
from preserve.stamps.authority import QUERY_TYPE, REPLY_TYPE
from preserve.stamps.files import MOST_BYTES
from preserve.urls import wire_url

# A calendar takes hours to a day; what is still promised after so many checkpoints is not asked for for ever.
PROMISES_ASKED: Final = 50


@dataclass(slots=True)
class StampReport:
    """What came of it.

    Attributes:
        made: files of the stamps that were had, relative to the archive.
        problems: what could not be had and why, a sentence each.
    """

    made: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def stamp(directory: Path, ledger: Ledger, settings: ArchiveSettings, services: Services) -> StampReport:
    """Have the newest checkpoint stamped by whoever has not yet, and older promises kept.

    Args:
        directory: the archive.
        ledger: open for writing.
        settings: whom to ask, and whom to trust.
        services: asks them.

    Raises:
        ArchiveError: a file can't be read or written.
        ConfigError: the roots can't be read.
    """
    desk = _Desk(directory, ledger, settings, services)
    desk.enter_strays()
    newest = desk.newest
    if newest is not None:
        note = desk.note(newest)
        for url in settings.timestamp_urls:
            if tsr_name(newest, url) not in desk.known:
                desk.ask_authority(url, newest, note)
    if settings.calendar_urls and not ots.installed():
        desk.report.problems.append(
            "No OpenTimestamps proof can be had: pip install 'preserve-archive[opentimestamps]'"
        )
    elif settings.calendar_urls:
        if newest is not None and ots_name(newest, 1) not in desk.known:
            desk.ask_calendars(newest, note)
        desk.ask_for_promised()
    return desk.report


class _Desk:
    """An archive whose checkpoints are to be stamped.

    Attributes:
        newest: size of the newest checkpoint; None without one.
        known: files of the stamps that are logged.
        report: what came of it so far.
    """

    def __init__(self, directory: Path, ledger: Ledger, settings: ArchiveSettings, services: Services) -> None:
        self._directory, self._ledger, self._settings, self._services = directory, ledger, settings, services
        self._roots: Roots = read_roots(settings.timestamp_roots)
        self._notes = {one.size: one.note for one in ledger.log.checkpoints()}
        self.newest = max(self._notes, default=None)
        self.known = {one.file for one in ledger.log.stamps()}
        self.report = StampReport()

    def note(self, size: int) -> bytes:
        """A checkpoint's file.

        Raises:
            ArchiveError: it can't be read, or is not what the ledger says.
        """
        path = self._directory / note_name(size)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ArchiveError(f"{path}: can't be read: {error.strerror}; `preserve audit` says more") from error
        if digest(data) != self._notes.get(size):
            raise ArchiveError(f"{path}: is not what the ledger says was signed; `preserve audit` says more")
        return data

    def enter_strays(self) -> None:
        """Log what a run that was killed had saved already."""
        for file in list(stamp_files(self._directory)):
            if file.name in self.known or file.size not in self._notes:
                continue
            note = self._note_or_tell(file)
            if note is None:
                continue
            result = verify_stamp(file.data, note, self._roots, file.kind)
            if result.holds:
                self._enter(file.size, file.name, file.data)
            elif result.problem:
                self.report.problems.append(f"{file.name} is not entered in the log: {result.problem}")

    def ask_authority(self, url: str, size: int, note: bytes) -> None:
        """Have a checkpoint stamped by one authority."""
        query = make_query(note)
        reply = self._services.post(url, query.body, QUERY_TYPE, REPLY_TYPE, MOST_BYTES)
        why = reply.refusal or verify_response(reply.body, note, self._roots, query.nonce).problem
        if why:
            self._missed(f"No time stamp from {url}", why)
        else:
            self._keep(size, tsr_name(size, url), reply.body)

    def ask_calendars(self, size: int, note: bytes) -> None:
        """Have OpenTimestamps calendars take a checkpoint up; one that does is enough."""
        nonce = secrets.token_bytes(ots.NONCE_BYTES)
        commitment = ots.commitment(note, nonce)
        replies: dict[str, bytes] = {}
        for url in self._settings.calendar_urls:
            reply = self._services.post(
                f"{url.rstrip('/')}/digest", commitment, ots.SUBMITTED_TYPE, ots.ACCEPT, ots.REPLY_BYTES
            )
            if reply.refusal:
                self._missed(f"No promise from the calendar {url}", reply.refusal)
            else:
                replies[url] = reply.body
        proof, wrong = ots.make_proof(note, nonce, replies)
        for url, why in wrong.items():
            self._missed(f"No promise from the calendar {url}", why)
        if proof:
            self._keep(size, ots_name(size, 1), proof)

    def ask_for_promised(self) -> None:
        """Complete the proofs whose calendars have a Bitcoin block by now."""
        silent: set[str] = set()
        proofs = [file for file in stamp_files(self._directory) if self._may_wait(file)]
        last = [list(versions)[-1] for _, versions in groupby(proofs, key=lambda file: file.size)]
        waiting = ((file, note, found) for file in reversed(last) for note, found in self._pending(file))
        for file, note, pending in islice(waiting, PROMISES_ASKED):
            replies = {}
            for one in pending:
                body = self._promised(one, silent)
                if body:
                    replies[one] = body
            proof = ots.complete_proof(file.data, note, replies)
            if proof:
                self._keep(file.size, ots_name(file.size, file.version + 1), proof)

    def _may_wait(self, file: StampFile) -> bool:
        return file.kind is StampKind.OPENTIMESTAMPS and file.name in self.known

    def _pending(self, file: StampFile) -> Iterable[tuple[bytes, tuple[ots.Pending, ...]]]:
        note = self._note_or_tell(file)
        pending = () if note is None else ots.pending_in(file.data, note)
        return [(note, pending)] if note is not None and pending else []

    def _note_or_tell(self, file: StampFile) -> bytes | None:
        try:
            return self.note(file.size)
        except ArchiveError as error:
            self.report.problems.append(f"{file.name} is left alone: {error}")
            return None

    def _promised(self, pending: ots.Pending, silent: set[str]) -> bytes:
        """What a calendar has by now; b"" where it has nothing yet."""
        if pending.uri in silent:
            return b""
        ours = {url.rstrip("/") for url in self._settings.calendar_urls}
        try:
            url = wire_url(f"{pending.uri.rstrip('/')}/timestamp/{pending.commitment.hex()}")
        except ValueError:
            return b""
        configured = pending.uri.rstrip("/") in ours
        reply = self._services.get(url, ots.ACCEPT, ots.REPLY_BYTES, configured=configured)
        if reply.status == 404:  # not in a block yet
            return b""
        if reply.refusal:
            silent.add(pending.uri)
            self._missed(f"The calendar {pending.uri} can't be asked for what it promised", reply.refusal)
            return b""
        return reply.body

    def _keep(self, size: int, name: str, data: bytes) -> None:
        save_stamp(self._directory, name, data)
        self._enter(size, name, data)
        self.report.made.append(name)

    def _enter(self, size: int, name: str, data: bytes) -> None:
        self._ledger.add_stamp(LoggedStamp(size, name, digest(data)))
        self.known.add(name)

    def _missed(self, what: str, why: str) -> None:
        self.report.problems.append(f"{what}: {why}; the next run asks again")
