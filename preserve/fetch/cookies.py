"""The cookies of one redirect chain: kept while it is followed, then forgotten."""

from __future__ import annotations

from email.message import Message

import requests
from requests.cookies import MockRequest, MockResponse, RequestsCookieJar, get_cookie_header

from preserve.model import Exchange

MAX_FIELDS = 100
MAX_FIELD = 8 * 1024  # characters; browsers stop at 4 KiB


class ChainCookies:
    """A jar for one chain; not shared between threads."""

    def __init__(self) -> None:
        """Start empty."""
        self._jar = RequestsCookieJar()

    def keep(self, exchange: Exchange) -> None:
        """Take the cookies an answer sets (RFC 6265, section 5.3, as http.cookiejar has it)."""
        message = Message()
        fields = [value for name, value in exchange.headers if name.lower() == "set-cookie"]
        for value in fields[:MAX_FIELDS]:
            if len(value) <= MAX_FIELD:
                message["Set-Cookie"] = value
        if "Set-Cookie" in message:
            response, request = MockResponse(message), MockRequest(_prepared(exchange.url))
            self._jar.extract_cookies(response, request)  # type: ignore[arg-type] # stand-ins by requests

    def header(self, url: str) -> str:
        """The `Cookie` field to send with a request for `url`; "" without cookies."""
        field: str | None = get_cookie_header(self._jar, _prepared(url))  # type: ignore[no-untyped-call]
        return field or ""


def _prepared(url: str) -> requests.PreparedRequest:
    request = requests.PreparedRequest()
    request.method, request.url = "GET", url
    request.headers = requests.structures.CaseInsensitiveDict()
    return request
