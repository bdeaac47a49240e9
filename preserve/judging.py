"""From an archived capture to judgements: read the records, extract, compare, judge.

The one path that both `verify` and `rejudge` take, so that the same bytes give the same verdict. It reads the
archive and nothing else: no network, no clock, no ledger. It runs in a judging process (`preserve.judges`),
because HTML is parsed here and lxml is kept to one thread.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from preserve import http1
from preserve.compare import RULES, Readings, compare, compare_pages
from preserve.digests import digest
from preserve.errors import PostError
from preserve.extract import decode_html
from preserve.extractions import Extractions
from preserve.model import (
    ArchivedCapture,
    Capture,
    Comparison,
    Evidence,
    Exchange,
    Extraction,
    Judgement,
    Reason,
    SinceLast,
    StoredCopy,
    Verdict,
)
from preserve.posts import parse_post
from preserve.posts.body import stored_copy
from preserve.settings import DigestAlgorithm, Settings
from preserve.tasks import Judged, JudgedPost, JudgeTask, PostBytes
from preserve.text import join_folded
from preserve.verdict import Before, Case, ProbeSeen, find_admission, find_markers, judge, needs_markers
from preserve.warc import read_capture

HTML_TYPES = ("text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml", "")
COMPARABLE = frozenset({Verdict.INTACT, Verdict.EDITED, Verdict.MOVED, Verdict.TRUNCATED})
# The verdicts that a page's text decides, so that another extractor may come to another one.
ANSWERED = COMPARABLE | {Verdict.REPLACED}


@dataclass(frozen=True, slots=True)
class Weighed:
    """A judged post and what was on the scales.

    Attributes:
        judged: the outcome.
        case: what the rules were given; None where the post could not be read.
    """

    judged: JudgedPost
    case: Case | None


@dataclass(frozen=True)
class _Page:
    """A capture's page, as far as it could be read; with what of it and other pages was folded already."""

    capture: Capture
    extraction: Extraction | None
    problem: str
    reader_failed: bool = False
    body: bytes = b""
    readings: Readings = field(default_factory=Readings)

    @cached_property
    def marked(self) -> Extraction | None:
        """The extraction with the vendors' markers found in headers and markup; looked for when first asked."""
        if self.extraction is None or self.capture.final is None:
            return self.extraction
        html = decode_html(self.body, self.capture.final.header("content-type")).text
        facts = replace(self.extraction.facts, markers=find_markers(self.capture, html))
        return replace(self.extraction, facts=facts)


def judge_capture(task: JudgeTask, extractions: Extractions | None = None) -> Judged:
    """Judge every post of `task` against its capture.

    Args:
        task: what to judge.
        extractions: those of pages judged before; None to extract what is needed.

    Raises:
        ArchiveError: a record is missing or does not match its digest.
    """
    reader = _Reader(task, extractions)
    page = reader.page(task.capture)
    probe = _probe_seen(reader, task)
    earlier = _Earlier(reader, task, page)
    posts = tuple(_judge_post(post, page, probe, earlier, task).judged for post in task.posts)
    if page.extraction is None:
        return Judged(posts)
    texts = [block.text for block in page.extraction.main]
    text_digest = ""
    if texts:
        folded = join_folded(page.readings.main(page.extraction).keys, texts)
        text_digest = digest(folded.encode(), DigestAlgorithm.SHA256)
    return Judged(posts, "\n\n".join(texts), text_digest, page.extraction.extractor, RULES)


def judge_unread(task: JudgeTask, problem: str) -> Judged:
    """Judge a capture whose page could not be read at all (its judging process died or ran out of time).

    Args:
        task: as for `judge_capture`.
        problem: what happened, for the evidence.
    """
    capture = read_capture(Path(task.archive), task.capture)
    page = _Page(capture, None, problem, reader_failed=True)
    return Judged(tuple(_judge_post(post, page, None, None, task).judged for post in task.posts))


def weigh_post(task: JudgeTask) -> Weighed:
    """Judge the one post of `task` as `judge_capture` does, and hand out what was weighed too.

    Raises:
        ArchiveError: a record is missing or does not match its digest.
    """
    (post,) = task.posts
    reader = _Reader(task, None)
    page = reader.page(task.capture)
    return _judge_post(post, page, _probe_seen(reader, task), _Earlier(reader, task, page), task)


def extraction_of(archive: Path, ref: ArchivedCapture, settings: Settings) -> Extraction | None:
    """The page a capture brought, extracted by today's extractor; None where it brought no text to read.

    Raises:
        ArchiveError: a record is missing or does not match its digest.
    """
    return _read_page(archive, ref, settings, Extractions()).extraction


def _read_page(archive: Path, ref: ArchivedCapture, settings: Settings, extractions: Extractions) -> _Page:
    capture = read_capture(archive, ref)
    final = capture.final
    if final is None or final.status is None:
        return _Page(capture, None, "")
    content_type = final.header("content-type")
    if (content_type or "").partition(";")[0].strip().lower() not in HTML_TYPES:
        return _Page(capture, None, "")
    decoded = decoded_body(final, settings)
    if not decoded.body.strip():
        return _Page(capture, None, decoded.problem)
    extraction = extractions.of(decoded.body, content_type=content_type, url=final.url)
    return _Page(capture, extraction, decoded.problem, body=decoded.body)


def decoded_body(exchange: Exchange, settings: Settings) -> http1.Decoded:
    """The exchange's body with transfer and content coding removed, within the bounds of `settings`."""
    body = http1.entity_body(exchange.response, exchange.head_end, exchange.headers)
    return http1.decode_content(body, exchange.headers, settings.fetch.max_decoded_bytes, settings.fetch.max_ratio)


class _Reader:
    """Reads the pages of one task, each extracted once."""

    def __init__(self, task: JudgeTask, extractions: Extractions | None) -> None:
        self._archive, self._settings = Path(task.archive), task.settings
        self._extractions = extractions if extractions is not None else Extractions()
        self._readings = Readings()

    def page(self, ref: ArchivedCapture) -> _Page:
        page = _read_page(self._archive, ref, self._settings, self._extractions)
        return replace(page, readings=self._readings)


def _probe_seen(reader: _Reader, task: JudgeTask) -> ProbeSeen | None:
    if task.probe is None:
        return None
    probe = reader.page(task.probe)
    return ProbeSeen(probe.capture, probe.marked)


class _Earlier:
    """The earlier capture of the same source, extracted with today's extractor when it is first needed."""

    def __init__(self, reader: _Reader, task: JudgeTask, page: _Page) -> None:
        self._reader, self._task, self._page = reader, task, page
        self._read: _Page | None = None
        self._comparison: Comparison | None = None

    @property
    def template_candidates(self) -> frozenset[str]:
        return frozenset(self._comparison.template_candidates if self._comparison is not None else ())

    @property
    def changed_from(self) -> Extraction | None:
        """The earlier page, where `since_last` found that its text changed; None where it was changed before."""
        changed = self._comparison is not None and bool(self._comparison.changes)
        return self._read.extraction if changed and self._read is not None else None

    def since_last(self, stored: StoredCopy) -> SinceLast | None:
        """What changed since; `stored` tells where on the page its article stands."""
        previous = self._task.previous
        if previous is None or self._page.extraction is None:
            return None
        if _same_payload(previous, self._task.capture):
            return SinceLast(False, (), previous.captured_at)
        extraction = self._before(previous).extraction
        if extraction is None:
            return None
        self._comparison = compare_pages(
            extraction,
            self._page.extraction,
            stored=stored,
            template=self._task.template,
            readings=self._page.readings,
        )
        changes = self._comparison.changes
        return SinceLast(bool(changes), changes, previous.captured_at)

    def verdict(self, stored: StoredCopy, probe: ProbeSeen | None, now: Verdict) -> Verdict | None:
        """What the earlier page is by today's rules against the same stored copy, `now` being the page's verdict;
        None without one."""
        previous = self._task.previous
        if previous is None:
            return None
        if _same_payload(previous, self._task.capture):
            return now
        return judge(_case(stored, self._before(previous), probe, self._task.template)).verdict

    def _before(self, previous: ArchivedCapture) -> _Page:
        if self._read is None:
            self._read = self._reader.page(previous)
        return self._read


def _same_payload(one: ArchivedCapture, other: ArchivedCapture) -> bool:
    first, second = one.final, other.final
    return (
        first is not None
        and second is not None
        and bool(first.payload_digest)
        and first.payload_digest == second.payload_digest
        and first.url == second.url
    )


def _judge_post(
    post: PostBytes, page: _Page, probe: ProbeSeen | None, earlier: _Earlier | None, task: JudgeTask
) -> Weighed:
    key = digest(post.data, DigestAlgorithm.SHA256)
    try:
        header = parse_post(post.path, post.data, task.settings.posts)
        stored = stored_copy(header, post.data, task.settings.posts)
    except PostError as error:  # the file changed since the run was planned
        saw = Evidence("unreadable-post", True, str(error))
        judgement = Judgement(Verdict.UNCHECKED, Reason.UNREADABLE_POST, evidence=(saw,))
        return Weighed(JudgedPost(post.path, key, judgement), None)
    case = _case(stored, page, probe, task.template)
    extraction, comparison = case.page, case.comparison
    judgement = judge(case)
    comparable = judgement.verdict in COMPARABLE
    since_last = earlier.since_last(stored) if earlier is not None and comparable else None
    if judgement.verdict is Verdict.EDITED and extraction is not None:
        before = Before(stored, earlier.changed_from if earlier is not None else None)
        admission = find_admission(extraction, before, template=task.template, readings=page.readings)
        judgement = replace(judgement, admission=admission)
    verdict_before = None
    if earlier is not None and judgement.verdict in ANSWERED and (since_last is None or since_last.changed):
        verdict_before = earlier.verdict(stored, probe, judgement.verdict)
    candidates = set(comparison.template_candidates if comparison is not None else ())
    if earlier is not None and comparable:
        candidates |= earlier.template_candidates
    judged = JudgedPost(
        path=post.path,
        digest=key,
        judgement=judgement,
        since_last=since_last,
        verdict_before=verdict_before,
        measures=comparison.measures if comparison is not None else None,
        template_candidates=tuple(sorted(candidates)),
    )
    return Weighed(judged, case)


def _case(stored: StoredCopy, page: _Page, probe: ProbeSeen | None, template: frozenset[str]) -> Case:
    comparison = None
    if page.extraction is not None and stored.blocks:
        comparison = compare(stored, page.extraction, template=template, readings=page.readings)
    extraction = page.marked if needs_markers(page.capture, comparison) else page.extraction
    return Case(stored, page.capture, extraction, comparison, probe, page.problem, page.reader_failed)
