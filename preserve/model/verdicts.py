"""Verdicts, their reasons, and the labels of an edit."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Verdict(StrEnum):
    """What a check concludes; exactly one per check (docs/verdicts.md)."""

    INTACT = "intact"
    EDITED = "edited"
    TRUNCATED = "truncated"
    REPLACED = "replaced"
    MOVED = "moved"
    GONE = "gone"
    BLOCKED = "blocked"
    UNREACHABLE = "unreachable"
    UNEXTRACTABLE = "unextractable"
    UNCHECKED = "unchecked"


class Reason(StrEnum):
    """Why a verdict other than `intact`, `edited` and `moved` was reached; `REASONS` says which goes with which."""

    # truncated
    PAYWALL = "paywall"
    LOGIN_WALL = "login-wall"
    CUT_SHORT = "cut-short"
    # replaced
    SOFT_404 = "soft-404"
    HOME_PAGE = "home-page"
    OTHER_ARTICLE = "other-article"
    PARKED = "parked"
    CONSENT_WALL = "consent-wall"
    # gone
    NOT_FOUND = "not-found"
    GONE_410 = "gone-410"
    NO_SUCH_HOST = "no-such-host"
    # blocked
    FORBIDDEN = "forbidden"
    TOO_MANY_REQUESTS = "too-many-requests"
    LEGAL_REASONS = "legal-reasons"
    CHALLENGE = "challenge"
    # unreachable
    TIMEOUT = "timeout"
    RESET = "reset"
    REFUSED = "refused"
    TLS = "tls"
    DNS = "dns"
    SERVER_ERROR = "server-error"
    CUT_OFF = "cut-off"
    BAD_RESPONSE = "bad-response"
    REDIRECT_LOOP = "redirect-loop"
    TOO_MANY_REDIRECTS = "too-many-redirects"
    PROXY = "proxy"
    # unextractable
    NOT_HTML = "not-html"
    SCRIPT_SHELL = "script-shell"
    EMPTY = "empty"
    TOO_LARGE = "too-large"
    UNDECODABLE = "undecodable"
    EXTRACTOR_FAILED = "extractor-failed"
    CLIENT_ERROR = "client-error"
    # unchecked
    UNREADABLE_POST = "unreadable-post"
    NO_SOURCE = "no-source"
    INVALID_SOURCE = "invalid-source"
    NO_STORED_COPY = "no-stored-copy"
    ROBOTS = "robots"
    PRIVATE_ADDRESS = "private-address"
    HOST_INCIDENT = "host-incident"
    BUDGET = "budget"


REASONS: Mapping[Verdict, frozenset[Reason]] = {
    Verdict.INTACT: frozenset(),
    Verdict.EDITED: frozenset(),
    Verdict.MOVED: frozenset(),
    Verdict.TRUNCATED: frozenset({Reason.PAYWALL, Reason.LOGIN_WALL, Reason.CUT_SHORT}),
    Verdict.REPLACED: frozenset(
        {Reason.SOFT_404, Reason.HOME_PAGE, Reason.OTHER_ARTICLE, Reason.PARKED, Reason.CONSENT_WALL}
    ),
    Verdict.GONE: frozenset({Reason.NOT_FOUND, Reason.GONE_410, Reason.NO_SUCH_HOST}),
    Verdict.BLOCKED: frozenset({Reason.FORBIDDEN, Reason.TOO_MANY_REQUESTS, Reason.LEGAL_REASONS, Reason.CHALLENGE}),
    Verdict.UNREACHABLE: frozenset(
        {
            Reason.TIMEOUT,
            Reason.RESET,
            Reason.REFUSED,
            Reason.TLS,
            Reason.DNS,
            Reason.SERVER_ERROR,
            Reason.CUT_OFF,
            Reason.BAD_RESPONSE,
            Reason.REDIRECT_LOOP,
            Reason.TOO_MANY_REDIRECTS,
            Reason.PROXY,
        }
    ),
    Verdict.UNEXTRACTABLE: frozenset(
        {
            Reason.NOT_HTML,
            Reason.SCRIPT_SHELL,
            Reason.EMPTY,
            Reason.TOO_LARGE,
            Reason.UNDECODABLE,
            Reason.EXTRACTOR_FAILED,
            Reason.CLIENT_ERROR,
        }
    ),
    Verdict.UNCHECKED: frozenset(
        {
            Reason.UNREADABLE_POST,
            Reason.NO_SOURCE,
            Reason.INVALID_SOURCE,
            Reason.NO_STORED_COPY,
            Reason.ROBOTS,
            Reason.PRIVATE_ADDRESS,
            Reason.HOST_INCIDENT,
            Reason.BUDGET,
        }
    ),
}


class Nature(StrEnum):
    """What kind of difference a change is; several may hold."""

    HEADLINE = "headline"
    BYLINE = "byline"
    DATE = "date"
    NUMBER = "number"
    NAME = "name"
    NEGATION = "negation"
    QUOTE = "quote"
    TYPO = "typo"
    SENTENCE_ADDED = "sentence-added"
    SENTENCE_REMOVED = "sentence-removed"
    PARAGRAPH_ADDED = "paragraph-added"
    PARAGRAPH_REMOVED = "paragraph-removed"
    REORDERED = "reordered"
    REWRITTEN = "rewritten"
    COSMETIC = "cosmetic"
    SCRIPT_VARIANT = "script-variant"
