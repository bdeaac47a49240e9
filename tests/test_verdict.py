"""The chain of rules over hand-made values: failures, statuses, kinds of body, and laws that hold for every case."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from verdict_cases import (
    ENGLISH,
    SOURCE,
    article,
    capture,
    case,
    exchange,
    failed,
    html,
    in_site,
    of_capture,
    stored,
)

from preserve.model import (
    REASONS,
    Block,
    BlockKind,
    Capture,
    Change,
    ChangeKind,
    Comparison,
    Extraction,
    FailureKind,
    Layer,
    Nature,
    PageFacts,
    Reason,
    StoredCopy,
    Truncation,
    Verdict,
)
from preserve.verdict import Case, judge

TITLE = "Harbour bridge closes to lorries"
PAGE = html(TITLE, in_site(article(TITLE, ENGLISH)))
LOSS = (Verdict.GONE, Verdict.REPLACED)


# ------------------------------------------------------------------ failures


@pytest.mark.parametrize(
    ("kind", "verdict", "reason"),
    [
        (FailureKind.NO_SUCH_HOST, Verdict.GONE, Reason.NO_SUCH_HOST),
        (FailureKind.DNS, Verdict.UNREACHABLE, Reason.DNS),
        (FailureKind.REFUSED, Verdict.UNREACHABLE, Reason.REFUSED),
        (FailureKind.CONNECT_TIMEOUT, Verdict.UNREACHABLE, Reason.TIMEOUT),
        (FailureKind.READ_TIMEOUT, Verdict.UNREACHABLE, Reason.TIMEOUT),
        (FailureKind.TOTAL_TIMEOUT, Verdict.UNREACHABLE, Reason.TIMEOUT),
        (FailureKind.RESET, Verdict.UNREACHABLE, Reason.RESET),
        (FailureKind.TLS, Verdict.UNREACHABLE, Reason.TLS),
        (FailureKind.CUT_OFF, Verdict.UNREACHABLE, Reason.CUT_OFF),
        (FailureKind.BAD_RESPONSE, Verdict.UNREACHABLE, Reason.BAD_RESPONSE),
        (FailureKind.PRIVATE_ADDRESS, Verdict.UNCHECKED, Reason.PRIVATE_ADDRESS),
        (FailureKind.INVALID_URL, Verdict.UNCHECKED, Reason.INVALID_SOURCE),
        (FailureKind.REDIRECT_LOOP, Verdict.UNREACHABLE, Reason.REDIRECT_LOOP),
        (FailureKind.TOO_MANY_REDIRECTS, Verdict.UNREACHABLE, Reason.TOO_MANY_REDIRECTS),
        (FailureKind.PROXY, Verdict.UNREACHABLE, Reason.PROXY),
        (FailureKind.ROBOTS, Verdict.UNCHECKED, Reason.ROBOTS),
    ],
)
def test_a_failure_decides_by_its_kind(kind: FailureKind, verdict: Verdict, reason: Reason) -> None:
    judged = judge(Case(stored(), failed(kind), None, None))
    assert (judged.verdict, judged.reason) == (verdict, reason)
    assert judged.evidence[-1].rule == "failure"
    assert str(kind) in judged.evidence[-1].saw


@pytest.mark.parametrize("kind", FailureKind)
def test_every_failure_has_a_verdict_of_its_own(kind: FailureKind) -> None:
    judged = judge(Case(stored(), failed(kind), None, None))
    assert judged.reason in REASONS[judged.verdict]


@pytest.mark.parametrize("kind", [FailureKind.NO_SUCH_HOST, FailureKind.PRIVATE_ADDRESS, FailureKind.INVALID_URL])
def test_where_a_redirect_leads_nowhere_the_source_is_unreachable(kind: FailureKind) -> None:
    judged = judge(Case(stored(), failed(kind, hops=2), None, None))
    assert judged.verdict is Verdict.UNREACHABLE


@pytest.mark.parametrize("kind", [FailureKind.RESET, FailureKind.READ_TIMEOUT, FailureKind.CUT_OFF])
def test_a_response_that_breaks_off_is_cut_off(kind: FailureKind) -> None:
    broken = failed(kind, status=200, body=PAGE[: len(PAGE) // 2])
    judged = judge(of_capture(broken, stored(), PAGE[: len(PAGE) // 2]))
    assert (judged.verdict, judged.reason) == (Verdict.UNREACHABLE, Reason.CUT_OFF)


def test_an_invalid_source_was_never_asked() -> None:
    judged = judge(Case(stored(), Capture("nonsense", "", (), failed(FailureKind.INVALID_URL).failure), None, None))
    assert (judged.verdict, judged.reason) == (Verdict.UNCHECKED, Reason.INVALID_SOURCE)


# ------------------------------------------------------------------ statuses


@pytest.mark.parametrize(
    ("status", "verdict", "reason"),
    [
        (204, Verdict.UNEXTRACTABLE, Reason.EMPTY),
        (304, Verdict.UNREACHABLE, Reason.BAD_RESPONSE),
        (400, Verdict.UNEXTRACTABLE, Reason.CLIENT_ERROR),
        (401, Verdict.BLOCKED, Reason.FORBIDDEN),
        (403, Verdict.BLOCKED, Reason.FORBIDDEN),
        (404, Verdict.GONE, Reason.NOT_FOUND),
        (405, Verdict.UNEXTRACTABLE, Reason.CLIENT_ERROR),
        (410, Verdict.GONE, Reason.GONE_410),
        (412, Verdict.BLOCKED, Reason.CHALLENGE),
        (429, Verdict.BLOCKED, Reason.TOO_MANY_REQUESTS),
        (451, Verdict.BLOCKED, Reason.LEGAL_REASONS),
        (500, Verdict.UNREACHABLE, Reason.SERVER_ERROR),
        (502, Verdict.UNREACHABLE, Reason.SERVER_ERROR),
        (503, Verdict.UNREACHABLE, Reason.SERVER_ERROR),
        (504, Verdict.UNREACHABLE, Reason.SERVER_ERROR),
        (999, Verdict.BLOCKED, Reason.FORBIDDEN),
    ],
)
@pytest.mark.parametrize("body", [b"", html("Oh", "<h1>Oh</h1><p>That went wrong.</p>")], ids=["empty", "page"])
def test_a_status_decides(status: int, verdict: Verdict, reason: Reason, body: bytes) -> None:
    judged = judge(case(body, status=status))
    assert (judged.verdict, judged.reason) == (verdict, reason), judged.evidence
    assert str(status) in judged.evidence[-1].saw


CHALLENGE = html(
    "One more step", "<h1>Please show that you are no robot</h1><p>Unusual traffic came from your network.</p>"
)


@pytest.mark.parametrize("status", [200, 202, 404, 405, 410, 500, 503, 520])
def test_a_challenge_outranks_the_status(status: int) -> None:
    judged = judge(case(CHALLENGE, status=status))
    assert judged.verdict is Verdict.BLOCKED, judged.evidence


@pytest.mark.parametrize("status", [200, 404, 503])
def test_a_vendors_header_is_enough_even_without_a_body(status: int) -> None:
    headers = (("Content-Type", "text/html"), ("cf-mitigated", "challenge"))
    judged = judge(case(b"", status=status, headers=headers))
    assert (judged.verdict, judged.reason) == (Verdict.BLOCKED, Reason.CHALLENGE)


def test_a_real_404_page_stays_gone_in_spite_of_security_words() -> None:
    body = html("404", in_site("<h1>Page not found</h1><p>Check the address, or search our security news.</p>"))
    assert judge(case(body, status=404)).verdict is Verdict.GONE


# ------------------------------------------------------------------ bodies


@pytest.mark.parametrize("kind", ["application/pdf", "image/png", "audio/mpeg", "application/zip", "application/json"])
def test_what_is_no_page_is_not_html(kind: str) -> None:
    judged = judge(case(b"\x00\x01\x02", headers=(("Content-Type", kind),)))
    assert (judged.verdict, judged.reason) == (Verdict.UNEXTRACTABLE, Reason.NOT_HTML)


def test_a_pdf_under_a_pages_name_is_not_html() -> None:
    judged = judge(case(b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj stream of things"))
    assert (judged.verdict, judged.reason) == (Verdict.UNEXTRACTABLE, Reason.NOT_HTML)


@pytest.mark.parametrize("body", [b"", b" \r\n ", b"<html><head></head><body></body></html>"])
def test_nothing_at_all_is_empty(body: bytes) -> None:
    judged = judge(case(body))
    assert (judged.verdict, judged.reason) == (Verdict.UNEXTRACTABLE, Reason.EMPTY)


def test_a_body_that_could_not_be_decoded_is_undecodable() -> None:
    judged = judge(Case(stored(), capture(b"xx"), None, None, problem="br breaks off: bad window"))
    assert (judged.verdict, judged.reason) == (Verdict.UNEXTRACTABLE, Reason.UNDECODABLE)


def test_a_body_that_grows_too_large_is_too_large() -> None:
    judged = judge(Case(stored(), capture(b"xx"), None, None, problem="more than 99 bytes when decompressed"))
    assert (judged.verdict, judged.reason) == (Verdict.UNEXTRACTABLE, Reason.TOO_LARGE)


def test_a_page_that_killed_its_reader_is_extractor_failed() -> None:
    judged = judge(Case(stored(), capture(PAGE), None, None, problem="the process died", reader_failed=True))
    assert (judged.verdict, judged.reason) == (Verdict.UNEXTRACTABLE, Reason.EXTRACTOR_FAILED)


def test_a_cut_body_counts_when_the_whole_article_came_and_not_otherwise() -> None:
    def cut(body: bytes) -> Case:
        made = capture(body)
        last = replace(made.exchanges[-1], truncated=Truncation.LENGTH)
        return of_capture(replace(made, exchanges=(last,)), stored(), body)

    assert judge(cut(PAGE)).verdict is Verdict.INTACT
    half = judge(cut(html(TITLE, article(TITLE, ENGLISH[:3]))))
    assert (half.verdict, half.reason) == (Verdict.UNEXTRACTABLE, Reason.TOO_LARGE)


def test_text_that_is_mostly_replacement_characters_is_undecodable() -> None:
    judged = judge(case(html("\ufffd\ufffd", "<p>" + "\ufffd\ufffda\ufffd" * 60 + "</p>")))
    assert (judged.verdict, judged.reason) == (Verdict.UNEXTRACTABLE, Reason.UNDECODABLE)


def test_a_post_without_text_is_not_compared() -> None:
    judged = judge(case(PAGE, StoredCopy(TITLE, "", "", ())))
    assert (judged.verdict, judged.reason) == (Verdict.UNCHECKED, Reason.NO_STORED_COPY)


def test_a_post_without_text_whose_source_is_gone_is_gone() -> None:
    assert judge(case(b"", StoredCopy(TITLE, "", "", ()), status=404)).verdict is Verdict.GONE


def test_a_description_in_the_head_is_not_the_article() -> None:
    text = ENGLISH[0]
    head = f'<meta property="og:description" content="{text}"><meta name="description" content="{text}">'
    shell = html(TITLE, "<div id=root></div><script src=/a.js></script>", head=head)
    judged = judge(case(shell, stored(texts=(text,))))
    assert (judged.verdict, judged.reason) == (Verdict.UNEXTRACTABLE, Reason.SCRIPT_SHELL), judged.evidence


# ------------------------------------------------------------------ the chain


def test_the_evidence_tells_the_chain_and_ends_with_what_decided() -> None:
    judged = judge(case(PAGE))
    assert [seen.held for seen in judged.evidence] == [False] * (len(judged.evidence) - 1) + [True]
    assert judged.evidence[-1].rule == "intact"
    assert "in-sight" in [seen.rule for seen in judged.evidence]


def test_the_differences_of_a_page_that_is_not_the_article_are_not_reported() -> None:
    judged = judge(case(CHALLENGE))
    assert (judged.changes, judged.natures, judged.remaining) == ((), (), None)


def page_of(facts: PageFacts) -> Extraction:
    return Extraction("", (), "", "", "", "", "utf-8", "header", (), (), (), facts, "hand-made")


@st.composite
def cases(draw: st.DrawFn) -> Case:
    layers = tuple(draw(st.lists(st.sampled_from(Layer), max_size=12)))
    found = sum(layer is not Layer.MISSING for layer in layers) / len(layers) if layers else 0.0
    changes = tuple(
        Change(ChangeKind.DELETE, "old text", "") for _ in range(draw(st.integers(0, 3)) if found < 1 else 0)
    )
    natures = draw(st.sets(st.sampled_from(Nature), max_size=2))
    comparison = Comparison(
        changes, tuple(natures), found, found, found, 1000, int(1000 * found), 500, draw(st.booleans()), layers=layers
    )
    words = ("verify", "robot", "not found", "page", "domain for sale", "cookies", "subscribe", "lorries", "验证", "")
    texts = draw(st.lists(st.sampled_from(words).flatmap(lambda word: st.just(word * 3 or "x")), max_size=6))
    facts = PageFacts(
        title=draw(st.sampled_from(words)),
        visible_chars=draw(st.integers(0, 5000)),
        scripts=draw(st.integers(0, 3)),
        links=draw(st.integers(0, 30)),
        password_fields=draw(st.integers(0, 1)),
        markers=tuple(draw(st.sets(st.sampled_from(("challenge/x", "captcha/x", "parked/x", "consent/x"))))),
    )
    page = replace(page_of(facts), visible=tuple(Block(BlockKind.PARAGRAPH, text) for text in texts))
    status = draw(st.sampled_from([200, 200, 200, 203, 301, 403, 404, 410, 429, 500, 503, 600]))
    made = capture(b"x", status=status, via=draw(st.sampled_from([(), (SOURCE,)])), url="http://paper.example/x")
    with_page = draw(st.booleans())
    return Case(stored(), made, page if with_page else None, comparison if with_page else None)


@settings(max_examples=80, deadline=None)
@given(cases())
def test_every_judgement_has_a_reason_of_its_verdict_and_is_repeatable(one: Case) -> None:
    judged = judge(one)
    reasons = REASONS[judged.verdict]
    assert judged.reason in reasons if reasons else judged.reason is None
    assert judged.evidence
    assert judged.evidence[-1].held
    assert judge(one) == judged


@settings(max_examples=80, deadline=None)
@given(cases())
def test_a_page_with_a_bot_checks_markers_is_never_a_loss(one: Case) -> None:
    if one.page is None or "challenge/x" not in one.page.facts.markers or one.capture.failure:
        return
    comparison = one.comparison
    assert comparison is not None
    if comparison.coverage < 0.4 and not comparison.headline_found:
        assert judge(one).verdict not in LOSS


@settings(max_examples=80, deadline=None)
@given(cases())
def test_a_page_with_most_of_the_article_is_never_called_something_else(one: Case) -> None:
    status = one.capture.final.status if one.capture.final else None
    comparison = one.comparison
    if status != 200 or comparison is None or Layer.MAIN not in comparison.layers or comparison.coverage < 0.4:
        return
    assert judge(one).verdict in (Verdict.INTACT, Verdict.EDITED, Verdict.MOVED, Verdict.TRUNCATED)


def test_a_redirect_by_refresh_counts_as_a_redirect() -> None:
    first = exchange(SOURCE, html("x", ""))
    made = Capture(SOURCE, SOURCE, (first, exchange("http://paper.example/new/bridge", PAGE)))
    assert judge(of_capture(made, stored(), PAGE)).verdict is Verdict.MOVED
