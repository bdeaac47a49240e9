"""Asking services that are no sources, such as time stamp authorities: one exchange, nothing kept of it.

A service that the configuration names may have any address, as a proxy may: the user chose it. One that something else
names is asked as a source is, never at a private address. Redirects are not followed: nobody named where they lead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from preserve.fetch.exchange import Asker, host_field, user_agent
from preserve.fetch.tools import FetchTools
from preserve.fetch.wire import Wire
from preserve.http1 import HttpError, entity_body, field_values
from preserve.model import Failure
from preserve.settings import FetchSettings

EVERYWHERE = ("0.0.0.0/0", "::/0")
Fields = list[tuple[str, str]]
TOTAL_SECONDS = 30.0  # a run waits for nothing else then, and what is missing is asked for again


@dataclass(frozen=True, slots=True)
class Reply:
    """What a service answered.

    Attributes:
        status: None when no answer came.
        body: its whole entity body; b"" with a failure.
        failure: why there is no whole answer; "" when there is one.
    """

    status: int | None
    body: bytes = b""
    failure: str = ""

    @property
    def refusal(self) -> str:
        """Why the body is not what was asked for, as far as HTTP tells; "" when nothing says so."""
        return self.failure or ("" if self.status == 200 else f"it answered with status {self.status}")


class Services(Protocol):
    """Asks services; outcomes are values."""

    def post(self, url: str, body: bytes, content_type: str, accept: str, most: int) -> Reply:
        """Send `body` to a service that the configuration names; at most `most` bytes are taken back."""
        ...

    def get(self, url: str, accept: str, most: int, *, configured: bool) -> Reply:
        """Ask a service; `configured` says that the configuration names it."""
        ...


class HttpServices:
    """The same over HTTP, through the proxy that sources are asked through."""

    def __init__(self, settings: FetchSettings, tools: FetchTools) -> None:
        """Prepare both ways of asking.

        Raises:
            ConfigError: as for `Asker`.
        """
        bounded = replace(settings, total_timeout=min(settings.total_timeout, TOTAL_SECONDS))
        self._guarded = Asker(bounded, tools)
        self._trusted = Asker(replace(bounded, allow_private=EVERYWHERE), tools)
        self._agent = user_agent(settings.contact)
        self._stop = tools.stop

    def post(self, url: str, body: bytes, content_type: str, accept: str, most: int) -> Reply:
        """As `Services.post`."""
        fields = [*self._fields(url, accept), ("Content-Type", content_type), ("Content-Length", str(len(body)))]
        return self._ask(self._trusted, url, fields, most, body)

    def get(self, url: str, accept: str, most: int, *, configured: bool) -> Reply:
        """As `Services.get`."""
        asker = self._trusted if configured else self._guarded
        return self._ask(asker, url, self._fields(url, accept), most)

    def _ask(self, asker: Asker, url: str, fields: Fields, most: int, body: bytes | None = None) -> Reply:
        if self._stop.is_set():
            return Reply(None, failure="it was not asked, since the run was asked to stop")
        return _reply(*asker.send(url, fields, most, body))

    def _fields(self, url: str, accept: str) -> Fields:
        return [
            ("Host", host_field(url)),
            ("User-Agent", self._agent),
            ("Accept", accept),
            ("Accept-Encoding", "identity"),
        ]


def _reply(wire: Wire | None, failure: Failure | None) -> Reply:
    answer = None if wire is None else wire.answer
    if failure is None and answer is not None:
        failure = answer.failure
    if failure is not None or answer is None or answer.head is None:
        return Reply(None, failure="no answer came" if failure is None else failure.message)
    head = answer.head
    if answer.truncated is not None:
        return Reply(head.status, failure="its answer is too long")
    if [one for one in field_values(head.headers, "content-encoding") if one.lower() != "identity"]:
        return Reply(head.status, failure="its answer is compressed, though that was not asked for")
    try:
        return Reply(head.status, entity_body(answer.response, head.head_end, head.headers))
    except HttpError as error:
        return Reply(head.status, failure=f"its answer can't be read: {error}")
