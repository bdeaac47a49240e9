"""Owns the rules that SARIF names: each verdict with its reason, and a sentence on what it means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from preserve.model import REASONS, Reason, Verdict

_MEANINGS: Final[Mapping[Verdict | Reason, str]] = {
    Verdict.MOVED: "The source is intact at another address",
    Verdict.EDITED: "The source no longer says what the stored copy says",
    Reason.PAYWALL: "Only the beginning is left of the source: the rest is for subscribers",
    Reason.LOGIN_WALL: "Only the beginning is left of the source: the rest is for those who log in",
    Reason.CUT_SHORT: "Only the beginning is left of the source",
    Reason.SOFT_404: "The source's address says “not found” with a status that means success",
    Reason.HOME_PAGE: "The source's address leads to a front page",
    Reason.OTHER_ARTICLE: "The source's address has another article",
    Reason.PARKED: "The source's domain is for sale or carries nothing but advertisements",
    Reason.CONSENT_WALL: "The source's address asks for consent and does not show the article",
    Reason.NOT_FOUND: "The source is not found (404)",
    Reason.GONE_410: "The source is gone for good (410)",
    Reason.NO_SUCH_HOST: "The source's host name no longer exists",
    Reason.FORBIDDEN: "The source refuses to answer us",
    Reason.TOO_MANY_REQUESTS: "The source refuses to answer us for now (429)",
    Reason.LEGAL_REASONS: "The source is withheld for legal reasons (451)",
    Reason.CHALLENGE: "The source wants to tell people from robots",
    Reason.TIMEOUT: "The source did not answer in time",
    Reason.RESET: "The source reset the connection",
    Reason.REFUSED: "Nobody listens at the source's address",
    Reason.TLS: "The source's certificate or handshake failed",
    Reason.DNS: "The source's host name could not be resolved",
    Reason.SERVER_ERROR: "The source's server failed (5xx)",
    Reason.CUT_OFF: "The source sent fewer bytes than it announced",
    Reason.BAD_RESPONSE: "The source's answer can't be understood",
    Reason.REDIRECT_LOOP: "The source's redirects come back to where they were",
    Reason.TOO_MANY_REDIRECTS: "The source redirects too often",
    Reason.PROXY: "The proxy on the way to the source failed",
    Reason.NOT_HTML: "The source is not a page that can be compared",
    Reason.SCRIPT_SHELL: "The source is a page that scripts would fill",
    Reason.EMPTY: "The source has no text",
    Reason.TOO_LARGE: "The source is too large",
    Reason.UNDECODABLE: "The source can't be decoded",
    Reason.EXTRACTOR_FAILED: "The source's text could not be extracted",
    Reason.CLIENT_ERROR: "The source answered with a client error (4xx)",
    Reason.UNREADABLE_POST: "The post can't be read",
    Reason.INVALID_SOURCE: "The post names a source that can't be asked",
}


def _rules() -> dict[str, str]:
    found = {}
    for verdict in Verdict:
        for reason in sorted(REASONS[verdict]) or (None,):
            meaning = _MEANINGS.get(verdict if reason is None else reason)
            if meaning is not None:
                found[f"{verdict}/{reason}" if reason else str(verdict)] = meaning
    return found


RULES: Final[Mapping[str, str]] = _rules()
TOLD_RULES: Final = tuple(sorted(RULES))
