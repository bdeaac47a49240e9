"""Every revisit against the response that it says it repeats."""

from __future__ import annotations

from pathlib import Path

from preserve.audit.findings import UNREADABLE, Audit, Part
from preserve.audit.stretches import Looked, resting_on
from preserve.errors import ArchiveError
from preserve.ledger import Ledger
from preserve.model import RecordRef
from preserve.warc import likeness, read_original


class Originals:
    """What responses are like, and what revisits say of them, from all stretches together.

    Each is kept once: of a collection that does not change, as much as its pages, however often they were asked for.
    """

    def __init__(self) -> None:
        self._seen: dict[RecordRef, bytes] = {}
        self._said: dict[RecordRef, list[tuple[bytes, RecordRef]]] = {}

    def take(self, looked: Looked) -> None:
        """Take what was seen in a stretch."""
        self._seen.update(looked.originals)
        for (original, said), revisit in looked.revisits.items():
            others = self._said.setdefault(original, [])
            if all(said != other for other, _ in others):
                others.append((said, revisit))

    def compare(self, directory: Path, ledger: Ledger | None, audit: Audit) -> None:
        """Tell which originals are not there, are damaged, or are not what their revisits say."""
        refs = dict.fromkeys(self._said)
        if ledger is not None:
            try:
                refs |= dict.fromkeys(ledger.examination.originals())
            except UNREADABLE as error:
                audit.found(Part.LEDGER, "exchanges", f"can't be read: {error}")
        for ref in sorted(refs, key=lambda ref: (ref.file, ref.offset, ref.record_id)):
            self._compare_one(directory, ref, ledger, audit)

    def _compare_one(self, directory: Path, ref: RecordRef, ledger: Ledger | None, audit: Audit) -> None:
        where = f"{ref.file}, offset {ref.offset}, record {ref.record_id}"
        seen = self._seen.get(ref)
        if seen is None:  # not met where it should lie: what is wrong is told by whoever reads it alone
            try:
                original = read_original(directory, ref)
            except ArchiveError as error:
                hence = "" if ledger is None else resting_on(ledger, ref.record_id)
                audit.found(Part.WARC, where, f"revisits refer to it: {error}", hence)
                return
            seen = likeness(original.url, original.date, original.payload_digest)
        for said, revisit in self._said.get(ref, ()):
            if said != seen:
                place = f"{revisit.file}, offset {revisit.offset}, revisit record {revisit.record_id}"
                what = f"says another URL, date or payload digest of its original than that has ({where})"
                audit.found(Part.WARC, place, what, "its own bytes are as its digest says")
