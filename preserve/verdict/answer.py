"""The rules that need no text: no answer, the status code, what kind of thing was sent.

Owns the mapping of failures and status codes to verdicts; challenge markers that outrank a status are
asked first (see chain.py).
"""

from __future__ import annotations

from preserve.model import FailureKind, Reason, Truncation, Verdict
from preserve.signatures import WITHIN, signed
from preserve.verdict.case import Finding
from preserve.verdict.view import View

_FAILURES: dict[FailureKind, tuple[Verdict, Reason]] = {
    FailureKind.NO_SUCH_HOST: (Verdict.GONE, Reason.NO_SUCH_HOST),
    FailureKind.DNS: (Verdict.UNREACHABLE, Reason.DNS),
    FailureKind.REFUSED: (Verdict.UNREACHABLE, Reason.REFUSED),
    FailureKind.CONNECT_TIMEOUT: (Verdict.UNREACHABLE, Reason.TIMEOUT),
    FailureKind.READ_TIMEOUT: (Verdict.UNREACHABLE, Reason.TIMEOUT),
    FailureKind.TOTAL_TIMEOUT: (Verdict.UNREACHABLE, Reason.TIMEOUT),
    FailureKind.RESET: (Verdict.UNREACHABLE, Reason.RESET),
    FailureKind.UNREACHABLE: (Verdict.UNREACHABLE, Reason.REFUSED),
    FailureKind.TLS: (Verdict.UNREACHABLE, Reason.TLS),
    FailureKind.CUT_OFF: (Verdict.UNREACHABLE, Reason.CUT_OFF),
    FailureKind.BAD_RESPONSE: (Verdict.UNREACHABLE, Reason.BAD_RESPONSE),
    FailureKind.HEADER_TOO_LARGE: (Verdict.UNREACHABLE, Reason.BAD_RESPONSE),
    FailureKind.PRIVATE_ADDRESS: (Verdict.UNCHECKED, Reason.PRIVATE_ADDRESS),
    FailureKind.INVALID_URL: (Verdict.UNCHECKED, Reason.INVALID_SOURCE),
    FailureKind.REDIRECT_LOOP: (Verdict.UNREACHABLE, Reason.REDIRECT_LOOP),
    FailureKind.TOO_MANY_REDIRECTS: (Verdict.UNREACHABLE, Reason.TOO_MANY_REDIRECTS),
    FailureKind.PROXY: (Verdict.UNREACHABLE, Reason.PROXY),
    FailureKind.ROBOTS: (Verdict.UNCHECKED, Reason.ROBOTS),
    FailureKind.INTERRUPTED: (Verdict.UNCHECKED, Reason.BUDGET),
}
# Of a redirect's target these say nothing about the source: it answered, with an address that leads nowhere.
_FAILURES_AFTER_REDIRECT: dict[FailureKind, tuple[Verdict, Reason]] = {
    FailureKind.NO_SUCH_HOST: (Verdict.UNREACHABLE, Reason.DNS),
    FailureKind.PRIVATE_ADDRESS: (Verdict.UNREACHABLE, Reason.BAD_RESPONSE),
    FailureKind.INVALID_URL: (Verdict.UNREACHABLE, Reason.BAD_RESPONSE),
}
_CUT = frozenset({FailureKind.CUT_OFF, FailureKind.RESET, FailureKind.READ_TIMEOUT, FailureKind.TOTAL_TIMEOUT})
_STATUS: dict[int, tuple[Verdict, Reason]] = {
    401: (Verdict.BLOCKED, Reason.FORBIDDEN),
    402: (Verdict.BLOCKED, Reason.FORBIDDEN),  # payment asked of crawlers
    403: (Verdict.BLOCKED, Reason.FORBIDDEN),
    404: (Verdict.GONE, Reason.NOT_FOUND),
    407: (Verdict.UNREACHABLE, Reason.PROXY),
    408: (Verdict.UNREACHABLE, Reason.TIMEOUT),
    410: (Verdict.GONE, Reason.GONE_410),
    # No standard knows these uses; bot checks answer so (412, 418 and 493 in China, 420 and 430 elsewhere).
    412: (Verdict.BLOCKED, Reason.CHALLENGE),
    418: (Verdict.BLOCKED, Reason.CHALLENGE),
    420: (Verdict.BLOCKED, Reason.TOO_MANY_REQUESTS),
    429: (Verdict.BLOCKED, Reason.TOO_MANY_REQUESTS),
    430: (Verdict.BLOCKED, Reason.TOO_MANY_REQUESTS),
    451: (Verdict.BLOCKED, Reason.LEGAL_REASONS),
    493: (Verdict.BLOCKED, Reason.CHALLENGE),
    999: (Verdict.BLOCKED, Reason.FORBIDDEN),
}
_TEXT_TYPES = ("text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml", "")


def failed(view: View) -> Finding | None:
    """No whole response: unreachable, gone or unchecked by the kind of failure."""
    failure = view.capture.failure
    if failure is None:
        if view.status == 0:
            return Finding("nothing was asked or answered", Verdict.UNREACHABLE, Reason.BAD_RESPONSE)
        return Finding("a whole response came")
    if failure.kind in _CUT and view.status in _STATUS:
        return Finding(f"cut off, but its status says enough: {failure.message}")
    table = _FAILURES_AFTER_REDIRECT if len(view.capture.hops) > 1 else {}
    verdict, reason = table.get(failure.kind) or _FAILURES[failure.kind]
    if failure.kind in _CUT and view.status and _has_body(view):
        reason = Reason.CUT_OFF
    return Finding(failure.message, verdict, reason)


def status(view: View) -> Finding | None:
    """The status code (RFC 9110, section 15), where it says more than "here is the page"."""
    code = view.status
    saw = f"status {code}"
    if code in _STATUS:
        return Finding(saw, *_STATUS[code])
    if 500 <= code < 600:
        return Finding(saw, Verdict.UNREACHABLE, Reason.SERVER_ERROR)
    if 400 <= code < 500:
        return Finding(saw, Verdict.UNEXTRACTABLE, Reason.CLIENT_ERROR)
    if code in (204, 205):
        return Finding(f"{saw}: no content", Verdict.UNEXTRACTABLE, Reason.EMPTY)
    if not 200 <= code < 300:
        return Finding(f"{saw} is no page", Verdict.UNREACHABLE, Reason.BAD_RESPONSE)
    return Finding(saw)


def not_a_page(view: View) -> Finding | None:
    """Something else than a hypertext page was sent: by its declared type, or by its first bytes."""
    final = view.capture.final
    if final is None:
        return None
    declared = (final.header("content-type") or "").partition(";")[0].strip().lower()
    if view.page is None and declared not in _TEXT_TYPES:
        return Finding(f"the content type is {declared}", Verdict.UNEXTRACTABLE, Reason.NOT_HTML)
    kind = signed(final.response[final.head_end : final.head_end + WITHIN])
    if kind and not view.present:
        return Finding(f"the body is {kind}", Verdict.UNEXTRACTABLE, Reason.NOT_HTML)
    return Finding(f"the content type is {declared or 'not declared'}")


def unread(view: View) -> Finding | None:
    """There is no page: the body was empty, could not be decoded, or reading it failed."""
    if view.page is not None:
        return None
    problem = view.case.problem
    if view.case.reader_failed:
        return Finding(problem, Verdict.UNEXTRACTABLE, Reason.EXTRACTOR_FAILED)
    if problem.startswith("more than") or _too_long(view):
        return Finding(problem or "the body is too large", Verdict.UNEXTRACTABLE, Reason.TOO_LARGE)
    if problem:
        return Finding(problem, Verdict.UNEXTRACTABLE, Reason.UNDECODABLE)
    return Finding("the body is empty", Verdict.UNEXTRACTABLE, Reason.EMPTY)


def incomplete(view: View) -> Finding | None:
    """Only part of the body is known and not the whole article in it: what is missing may be in the rest."""
    final, comparison = view.capture.final, view.comparison
    problem = view.case.problem
    if final is None or (final.truncated is None and not problem):
        return None
    whole = comparison is not None and not comparison.changes and comparison.coverage >= 0.99
    saw = problem or f"the body was cut ({final.truncated})"
    if whole:
        return Finding(f"{saw}, but the stored article is wholly in what came")
    if _too_long(view) or problem.startswith("more than"):
        return Finding(saw, Verdict.UNEXTRACTABLE, Reason.TOO_LARGE)
    if problem and "breaks off" not in problem:
        return Finding(saw, Verdict.UNEXTRACTABLE, Reason.UNDECODABLE)
    return Finding(saw, Verdict.UNREACHABLE, Reason.CUT_OFF)


def garbled(view: View) -> Finding | None:
    """The text could not be decoded: much of it is replacement characters (U+FFFD)."""
    if view.page is None or view.present:
        return None
    text = "".join(block.text for block in view.page.visible)[:20000]
    broken = text.count("\ufffd")
    if len(text) >= 40 and broken / len(text) >= 0.05:
        saw = f"{broken} of {len(text)} characters could not be decoded"
        return Finding(saw, Verdict.UNEXTRACTABLE, Reason.UNDECODABLE)
    return None


def no_stored_copy(view: View) -> Finding | None:
    """The post keeps no text to compare with."""
    if view.case.stored.blocks:
        return None
    return Finding("the post has no text of its own", Verdict.UNCHECKED, Reason.NO_STORED_COPY)


def _too_long(view: View) -> bool:
    final = view.capture.final
    return final is not None and final.truncated is Truncation.LENGTH


def _has_body(view: View) -> bool:
    final = view.capture.final
    return final is not None and 0 < final.head_end < len(final.response)
