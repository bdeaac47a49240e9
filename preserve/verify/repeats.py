"""What need not be sent or stored again: earlier pages still good, and payloads that lie in the archive.

Owns the choice between asking whether a page has changed and asking for the page. Called by the fetching
threads; it asks the ledger (which takes one question at a time) and reads the archive, and writes nothing.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from preserve.errors import ArchiveError
from preserve.fetch import Validators, validators_of
from preserve.ledger import Ledger
from preserve.model import ArchivedCapture, RecordRef
from preserve.settings import Settings
from preserve.warc import Known, read_capture, read_original

# Responses of this run that the ledger may not have yet; it learns of a capture long before this many follow.
REMEMBERED = 8192


@dataclass(frozen=True, slots=True)
class Basis:
    """An earlier page that a server may say is unchanged.

    Attributes:
        validators: to ask with.
        original: the response that has the page.
    """

    validators: Validators
    original: RecordRef


class Repeats:
    """Finds earlier pages and payloads; thread-safe.

    Args:
        ledger: of the archive.
        settings: where the archive is, and how often a page is asked for unconditionally.
    """

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self._ledger = ledger
        self._directory = Path(settings.archive.directory)
        self._every = settings.fetch.unconditional_every
        self._lock = threading.Lock()
        self._recent: OrderedDict[str, RecordRef] = OrderedDict()

    def basis(self, source: str) -> Basis | None:
        """What to ask conditionally with, or None to ask for the page itself.

        The page is asked for when there is no earlier one that could be read back, when its answer gave no
        validators, and when they were trusted so many times in a row that it is time to see for oneself.
        """
        last = self._ledger.last_capture(source) if self._every > 1 else None
        if last is None or last.final is None or last.final.response is None:
            return None
        if self._ledger.not_modified_in_a_row(source) >= self._every - 1:
            return None
        original = last.final.revisit_of or last.final.response
        try:
            seen = read_capture(self._directory, last).final
            read_original(self._directory, original)  # a 304 is worth nothing without it
        except ArchiveError:
            return None
        validators = validators_of(seen) if seen is not None else None
        return None if validators is None else Basis(validators, original)

    def known(self, basis: Basis | None) -> Known:
        """What a capture may repeat, for `ArchiveWriter.append_capture`.

        Args:
            basis: what the source was asked with.
        """
        return Known(self._payload, {basis.validators.url: basis.original} if basis is not None else {})

    def remember(self, capture: ArchivedCapture) -> None:
        """Note what a capture of this run has brought, before the ledger knows it."""
        with self._lock:
            for exchange in capture.exchanges:
                if exchange.response is not None and exchange.revisit_of is None and exchange.payload_digest:
                    self._recent[exchange.payload_digest] = exchange.response
                    self._recent.move_to_end(exchange.payload_digest)
            while len(self._recent) > REMEMBERED:
                self._recent.popitem(last=False)

    def _payload(self, digest: str, url: str) -> RecordRef | None:
        found = self._ledger.response_with_payload(digest, url)
        if found is not None:
            return found
        with self._lock:
            return self._recent.get(digest)
