"""What need not be sent or stored again: earlier pages still good, and payloads that lie in the archive.

Owns the choice between asking whether a page has changed and asking for the page. Reads the archive, writes nothing.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from preserve.errors import ArchiveError
from preserve.fetch import Validators, validators_of
from preserve.http1 import parse_head
from preserve.model import ArchivedCapture, RecordRef
from preserve.settings import Settings
from preserve.warc import Known, Original, read_block, read_original
from preserve.work.values import Order

# Responses of this run that the ledger may not have yet; it learns of a capture long before this many follow.
REMEMBERED = 8192

Payloads = Callable[[str, str], RecordRef | None]
"""Gives the response that has a payload, by labelled digest and URL; None where there is none."""


@dataclass(frozen=True, slots=True)
class Basis:
    """An earlier page that a server may say is unchanged, or send again.

    Attributes:
        url: the page's.
        original: the response that has the page, read and checked.
        validators: to ask with; None where the server gave none.
    """

    url: str
    original: Original
    validators: Validators | None


class Repeats:
    """Finds earlier pages and payloads; thread-safe.

    Args:
        payloads: of the whole archive, as far as it can be asked.
        settings: where the archive is, and how often a page is asked for unconditionally.
    """

    def __init__(self, payloads: Payloads, settings: Settings) -> None:
        self._payloads = payloads
        self._directory = Path(settings.archive.directory)
        self._every = settings.fetch.unconditional_every
        self._lock = threading.Lock()
        self._recent: OrderedDict[str, RecordRef] = OrderedDict()

    def basis(self, order: Order) -> Basis | None:
        """What to ask conditionally with, and to hold the answer against; None for neither.

        The page itself is asked for when there is no earlier one that could be read back, when its answer gave no
        validators, and when they were trusted so many times in a row that it is time to see for oneself.
        """
        last = order.last if self._every > 1 else None
        if last is None or last.final is None or last.final.response is None:
            return None
        if order.not_modified >= self._every - 1:
            return None
        final = last.final
        try:
            # A 304 is worth nothing without the page it speaks of.
            original = read_original(self._directory, final.revisit_of or last.final.response)
            headers = original.head.headers
            if final.revisit_of is not None and final.status != 304:  # it came again, under a head of its own
                headers = parse_head(read_block(self._directory, last.final.response)).headers
        except (ArchiveError, ValueError):
            return None
        return Basis(final.url, original, validators_of(final.url, headers))

    def known(self, basis: Basis | None, last: ArchivedCapture | None) -> Known:
        """What a capture may repeat, for `ArchiveWriter.append_capture`.

        Args:
            basis: what the source was asked with.
            last: the source's last capture, whose payload is known without asking for it.
        """

        def payload(digest: str, url: str) -> RecordRef | Original | None:
            if basis is not None and (basis.original.payload_digest, basis.url) == (digest, url):
                return basis.original
            final = last.final if last is not None else None
            if final is not None and final.payload_digest == digest and final.url == url:
                return final.revisit_of or final.response
            found = self._payloads(digest, url)
            if found is not None:
                return found
            with self._lock:
                return self._recent.get(digest)

        unmodified = {basis.url: basis.original} if basis is not None and basis.validators is not None else {}
        return Known(payload, unmodified)

    def remember(self, capture: ArchivedCapture) -> None:
        """Note what a capture of this run has brought, before the ledger knows it."""
        with self._lock:
            for exchange in capture.exchanges:
                if exchange.response is not None and exchange.revisit_of is None and exchange.payload_digest:
                    self._recent[exchange.payload_digest] = exchange.response
                    self._recent.move_to_end(exchange.payload_digest)
            while len(self._recent) > REMEMBERED:
                self._recent.popitem(last=False)
