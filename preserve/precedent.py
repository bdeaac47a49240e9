"""When an earlier judgement holds for a new capture: what judging it would conclude, without reading its page.

Owns the question which of a judgement's inputs must be as they were: the post's bytes, extractor and rules, settings,
what was asked and answered, the payload, and the header fields that a rule looks at. Where one is not, or can't be
told, the page is judged anew (`preserve.judging`); a judgement that may be followed is what judging would give, field
for field. Light to import: what parses HTML or weighs texts is loaded for the few pages that need it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Final

from preserve.digests import digest
from preserve.editions import RULES, installed_extractor, judging_software
from preserve.http1 import Head, HttpError, entity_body, field_values, parse_head
from preserve.model import (
    ArchivedCapture,
    ArchivedExchange,
    Capture,
    Change,
    ChangeKind,
    Check,
    Judgement,
    Nature,
    Precedent,
    RecordRef,
    SinceLast,
    Verdict,
    judging_settings,
)
from preserve.settings import DigestAlgorithm, Settings
from preserve.signatures import WITHIN, signed
from preserve.tasks import Judged, JudgedPost, JudgeTask, PostBytes

# Reads the first bytes of a record's block; b"" where they can't be had.
ReadBeginning = Callable[[RecordRef], bytes]

COMPARED: Final = frozenset({Verdict.INTACT, Verdict.EDITED, Verdict.MOVED, Verdict.TRUNCATED})
# By the rules' names (`preserve.verdict.chain`). Those that ask whether all of an answer came are followed in nothing:
# how an answer broke off is not in the ledger.
BY_ANSWER: Final = frozenset({"vendor-challenge", "challenge-at-error", "status", "content-type"})
BY_PAGE: Final = frozenset({"garbled", "no-stored-copy"})
NOT_THE_ARTICLE: Final = frozenset(
    {
        "challenge-shape",
        "outage",
        "script-shell",
        "parked",
        "consent-wall",
        "login-wall",
        "error-page",
        "front-page",
        "isolated",
        "random-path",
    }
)
BY_TEXT: Final = frozenset({"truncated", "other-article", "edited", "moved", "intact"})
WANTING_PROBE: Final = frozenset({"error-page", "front-page", "isolated", "other-article"})
WHOLE: Final = "a whole response came"
OTHER_TYPE: Final = "the content type is "
_LOOKED_AT: Final = 4096  # bytes of a body that are looked at for its first ones; chunks may be small


@dataclass(frozen=True, slots=True)
class Terms:
    """By what pages are judged today.

    Attributes:
        extractor, rules: as checks are recorded with them.
        settings: those that bear on a judgement, as a `Precedent` has them.
        software: name and version of what judges, as runs are recorded with it; word lists and the reading of posts
            have no version of their own.
    """

    extractor: str
    rules: str
    settings: str
    software: str


@dataclass(frozen=True, slots=True)
class Followed:
    """A judgement that holds.

    Attributes:
        task: what it is the answer to: the task as given, but with the template of the earlier check. What the host's
            template is known to be since does not bear on it; the new check is recorded with the earlier one's.
        judged: what judging `task` would give, but for `text`, which is in the archive since the earlier check. The
            `template_candidates` of a page that is not the article are left out too: the ledger has learned them.
            The text of a judgement that was accepted since its visit is no exception: an unchanged page's text is
            archived once, as it was read when it came.
    """

    task: JudgeTask
    judged: Judged


def todays_terms(settings: Settings, software: str) -> Terms:
    """By what pages are judged in a run with these settings.

    Args:
        settings: all of them.
        software: as the run is recorded with.
    """
    return Terms(installed_extractor(), RULES, judging_settings(asdict(settings)), software)


def follow(
    task: JudgeTask, capture: Capture, precedents: Mapping[str, Precedent], terms: Terms, read: ReadBeginning
) -> Followed | None:
    """The judgement of `task` where earlier checks of all its posts tell it; None where it must be judged.

    Args:
        task: as for `preserve.judging.judge_capture`; nothing is read from its archive but by `read`.
        capture: what `task.capture` is the archived form of, as it was fetched.
        precedents: an earlier check of each post, by path.
        terms: today's.
        read: how a record of the archive begins. Asked for the earlier answer's head, and, where a 304 stands for
            another record than the earlier check's, for that record's.
    """
    found = [precedents.get(post.path) for post in task.posts]
    known = [one for one in found if one is not None]
    if not known or len(known) < len(found) or not _is_whole(capture):
        return None
    checks = [one.check for one in known]
    templates = {check.template for check in checks}
    pages = {(check.text_digest, check.extractor, check.rules) for check in checks}
    if len(templates) > 1 or len(pages) > 1 or not all(_on_terms(one, terms) for one in known):
        return None
    old = replace(task, template=frozenset(templates.pop()))
    answer = _Answer(task.capture, capture, read)
    posts = []
    for post, check in zip(task.posts, checks, strict=True):
        judged = _followed_post(post, check, task, old.template) if answer.same_as(check) else None
        if judged is None:
            return None
        posts.append(judged)
    text_digest, extractor, rules = pages.pop()
    return Followed(old, Judged(tuple(posts), "", text_digest, extractor, rules))


def _on_terms(one: Precedent, terms: Terms) -> bool:
    """Whether a check was concluded under the same terms.

    One without a page names no extractor. That there was none to read is sure where none was sent; else the process
    that should have read it may have died.
    """
    made_by = (one.check.extractor, one.check.rules)
    named = made_by == (terms.extractor, terms.rules) or (made_by == ("", "") and _is_no_page(one.check.judgement))
    software = terms.software
    if one.check.judged_again is not None:
        software = judging_software(terms.software, terms.rules, terms.extractor)
    return named and bool(terms.settings) and (one.settings, one.software) == (terms.settings, software)


# ---------------------------------------------------------------- the post


def _followed_post(post: PostBytes, check: Check, task: JudgeTask, template: frozenset[str]) -> JudgedPost | None:
    judgement = check.judgement
    compared = judgement.verdict in COMPARED
    if check.post_digest != digest(post.data, DigestAlgorithm.SHA256) or not _can_be_told(judgement):
        return None
    if _admission_is_of_another(check) or not _same_probe(check, task) or _template_was_not_learned(check):
        return None
    candidates = _candidates(judgement) if compared else frozenset()
    if candidates is None or not _template_has_no_say(check, candidates, template, task.template):
        return None
    since = None
    if compared and task.previous is not None:
        if not _same_page(task.previous, task.capture):
            return None
        since = SinceLast(False, (), task.previous.captured_at)
    before = None
    if judgement.verdict is Verdict.REPLACED and task.previous is not None:
        if (check.previous, check.probe) != (task.previous, task.probe):
            return None
        before = check.verdict_before
    found = JudgedPost(post.path, check.post_digest, judgement, since, check.measures, tuple(sorted(candidates)))
    return found if before is None else replace(found, verdict_before=before)


def _decided_by(judgement: Judgement) -> str:
    last = judgement.evidence[-1] if judgement.evidence else None
    return last.rule if last is not None and last.held else ""


def _is_no_page(judgement: Judgement) -> bool:
    """Whether the declared content type decided, before the body was looked at."""
    return _decided_by(judgement) == "content-type" and judgement.evidence[-1].saw.startswith(OTHER_TYPE)


def _can_be_told(judgement: Judgement) -> bool:
    """Whether the evidence says that a whole answer came and was read, as far as the deciding rule looks at that."""
    rules = {one.rule: one.saw for one in judgement.evidence}
    if rules.get("failure") != WHOLE:
        return False
    decided = _decided_by(judgement)
    return decided in BY_ANSWER or (decided in BY_PAGE | NOT_THE_ARTICLE | BY_TEXT and "incomplete" not in rules)


def _admission_is_of_another(check: Check) -> bool:
    """Whether an edit was held against an earlier page, which is not the one it would be held against today."""
    since = check.since_last
    return check.judgement.verdict is Verdict.EDITED and since is not None and since.changed


def _template_was_not_learned(check: Check) -> bool:
    """Whether a page was compared without a visit, and what it had more than the stored copy is not told.

    A run learns its host's template from that; nothing is learned where judgements are accepted.
    """
    return check.judged_again is not None and check.measures is not None and check.judgement.verdict not in COMPARED


def _same_probe(check: Check, task: JudgeTask) -> bool:
    """Whether the host's answer to a random path is the same, or is not looked at: the article is in sight."""
    if check.probe == task.probe:
        return True
    decided = _decided_by(check.judgement)
    in_sight = any(one.rule == "in-sight" for one in check.judgement.evidence)
    return decided not in WANTING_PROBE and (in_sight or decided in BY_ANSWER | BY_PAGE)


def _candidates(judgement: Judgement) -> frozenset[str] | None:
    """The blocks that a compared page has and the stored copy has not; None where they can't be told."""
    added = [change for change in judgement.changes if _is_added(change)]
    if not added:
        return frozenset()
    if Nature.SCRIPT_VARIANT in judgement.natures:  # folded to one script, by a table that the page is needed for
        return None
    from preserve.text import block_digest, fold  # noqa: PLC0415 - only pages with additions pay

    return frozenset(block_digest(fold(change.new_context)) for change in added)


def _is_added(change: Change) -> bool:
    """Whether a change is sentences of the page without counterpart, and not words within one."""
    return change.kind is ChangeKind.INSERT and not change.old_context


def _template_has_no_say(
    check: Check, candidates: frozenset[str], before: frozenset[str], today: frozenset[str]
) -> bool:
    """Whether what was learned of the host's template since gives no reason to look again.

    The same rule by which a run looks at a page twice: only where an addition turned out to be template. What decides
    before texts are compared doesn't look at additions.
    """
    if before == today:
        return True
    if not before <= today:
        return False
    if check.measures is None or check.judgement.verdict in COMPARED:
        return not candidates & today
    return _decided_by(check.judgement) not in BY_TEXT


def _same_page(one: ArchivedCapture, other: ArchivedCapture) -> bool:
    """Whether two captures ended at one address with one payload."""
    first, second = one.final, other.final
    return first is not None and second is not None and first.url == second.url and _same_payload(first, second)


def _same_payload(one: ArchivedExchange, other: ArchivedExchange) -> bool:
    """Whether two answers brought the same bytes; SHA-1 alone proves nothing, a common original does."""
    if not one.payload_digest or one.payload_digest != other.payload_digest:
        return False
    same = (one.revisit_of or one.response) == (other.revisit_of or other.response)
    return same or one.payload_digest.startswith(f"{DigestAlgorithm.SHA256}:")


# ---------------------------------------------------------------- the answer


def _is_whole(capture: Capture) -> bool:
    final = capture.final
    return (
        capture.failure is None
        and final is not None
        and final.failure is None
        and final.truncated is None
        and final.status is not None
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the rules see of an answer, its payload apart."""

    head: Head
    begins: bytes  # of the payload


class _Answer:
    """What the source answered now, held against what it answered before."""

    def __init__(self, archived: ArchivedCapture, capture: Capture, read: ReadBeginning) -> None:
        self._archived, self._capture, self._read = archived, capture, read
        self._now: _Seen | None = None

    def same_as(self, check: Check) -> bool:
        """Whether no rule could tell this answer from that of `check`."""
        before, now = check.capture, self._archived
        if before is None or before.final is None or now.final is None:
            return False
        if before.url != now.url or _asked(before) != _asked(now):
            return False
        if not _same_page(before, now):
            return False
        return _judged_from(before.final) == _judged_from(now.final) or self._looks_same(check, before, now.final)

    def _looks_same(self, check: Check, before: ArchivedCapture, now: ArchivedExchange) -> bool:
        """The same for answers that are judged from two records."""
        old, new = self._seen_before(before), self._seen_now(now)
        if old is None or new is None:
            return False
        if signed(new.begins) and not _is_no_page(check.judgement):  # framing moves the first bytes about
            return False
        return (
            old.head.status == new.head.status
            and _first(old.head, "content-type") == _first(new.head, "content-type")
            and field_values(old.head.headers, "content-encoding") == field_values(new.head.headers, "content-encoding")
            and (_is_plainly_the_article(check.judgement, new.head.status) or _same_traces(old.head, new.head))
        )

    def _seen_before(self, capture: ArchivedCapture) -> _Seen | None:
        """What was seen then. Only the record that closes a capture is sure to have a head as it was judged from."""
        final = capture.final
        ref = _judged_from(final) if final is not None else None
        if final is None or ref is None or (ref == final.response and ref != capture.summary):
            return None
        return _seen(self._read(ref))

    def _seen_now(self, now: ArchivedExchange) -> _Seen | None:
        if self._now is None:
            final, ref = self._capture.final, _judged_from(now)
            if ref is not None and ref == now.revisit_of:
                self._now = _seen(self._read(ref))
            elif final is not None and final.status is not None:
                head = Head(final.status, final.reason, final.headers, final.head_end, "")
                self._now = _Seen(head, _begins(final.response[: final.head_end + _LOOKED_AT], head))
        return self._now


def _asked(capture: ArchivedCapture) -> tuple[tuple[str, int | None], ...]:
    """What was asked and with what status it was answered; the last status is told with its answer."""
    steps = [(exchange.url, exchange.status) for exchange in capture.exchanges]
    return (*steps[:-1], (steps[-1][0], None)) if steps else ()


def _judged_from(exchange: ArchivedExchange) -> RecordRef | None:
    """The record an answer is judged from: of a 304, the response that it stands for."""
    return exchange.revisit_of if exchange.status == 304 and exchange.revisit_of is not None else exchange.response


def _seen(block: bytes) -> _Seen | None:
    try:
        head = parse_head(block)
    except HttpError:
        return None
    return _Seen(head, _begins(block, head))


def _begins(response: bytes, head: Head) -> bytes:
    """The first bytes of the payload in the beginning of a response."""
    return entity_body(response, head.head_end, head.headers)[:WITHIN]


def _first(head: Head, name: str) -> str | None:
    return next((value for key, value in head.headers if key.lower() == name), None)


def _is_plainly_the_article(judgement: Judgement, status: int) -> bool:
    """Whether no vendor's traces are looked for: a success, with all of the stored copy on the page."""
    return 200 <= status < 300 and judgement.remaining is not None and judgement.remaining >= 1.0


def _same_traces(one: Head, other: Head) -> bool:
    from preserve.verdict import header_traces  # noqa: PLC0415 - heavy; only pages that may be walls pay

    return header_traces(one.headers) == header_traces(other.headers)
