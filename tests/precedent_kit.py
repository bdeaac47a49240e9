"""A source, a post and an archive of checks, for tests of when an earlier judgement is followed."""

from __future__ import annotations

import gzip
from collections.abc import Collection, Generator, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from verdict_cases import CHINESE, ENGLISH, article, html, in_site

from preserve.digests import digest
from preserve.editions import judging_software
from preserve.http1 import parse_head
from preserve.judging import judge_capture
from preserve.ledger import Ledger, RunPlan
from preserve.model import (
    ArchivedCapture,
    Capture,
    Check,
    Exchange,
    ExchangeRole,
    Failure,
    FailureKind,
    Judgement,
    RecordRef,
    Truncation,
    Verdict,
)
from preserve.precedent import Followed, Terms, follow, todays_terms
from preserve.rejudge import Answer, Question, begin, rejudge_all
from preserve.settings import ArchiveSettings, DigestAlgorithm, JudgeSettings, Settings
from preserve.tasks import Judged, JudgedPost, JudgeTask, PostBytes
from preserve.times import SystemClock
from preserve.verify.run import settings_text
from preserve.warc import ArchiveWriter, Known, read_beginning

SOURCE = "http://paper.example/2019/05/harbour-bridge.html"
SOFTWARE = "preserve/test"
OLD = "trafilatura/1.0 old"
TITLE = "Harbour bridge closes to lorries"
START = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
POST = "_posts/2019-05-02-bridge.md"


@dataclass(frozen=True)
class Reply:
    """What the source answers.

    Attributes:
        body: before any coding.
        kind: its Content-Type; "" sends none.
        headers: further fields.
        via: addresses that redirect, one to the next and the last to where the body is.
        coded: "gzip" packs it, "chunked" sends it in small chunks.
        bare: the answer is a 304 to a conditional request.
    """

    body: bytes = b""
    status: int = 200
    kind: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    via: tuple[str, ...] = ()
    coded: str = ""
    bare: bool = False
    url: str = SOURCE
    truncated: Truncation | None = None
    failure: Failure | None = None


def exchange_of(reply: Reply, at: datetime) -> Exchange:
    body, fields = reply.body, [("Date", at.strftime("%a, %d %b %Y %H:%M:%S GMT")), *reply.headers]
    fields += [("Content-Type", reply.kind)] if reply.kind else []
    if reply.coded == "gzip":
        body = gzip.compress(body, mtime=0)
        fields.append(("Content-Encoding", "gzip"))
    if reply.coded == "chunked":
        pieces = [body[start : start + 50] for start in range(0, len(body), 50)]
        body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        fields.append(("Transfer-Encoding", "chunked"))
    return _exchange(reply.url, 304 if reply.bare else reply.status, fields, b"" if reply.bare else body, at)


def _exchange(url: str, status: int, fields: list[tuple[str, str]], body: bytes, at: datetime) -> Exchange:
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
    response = f"HTTP/1.1 {status} So\r\n{lines}\r\n".encode() + body
    head = parse_head(response)
    request = f"GET {url} HTTP/1.1\r\n\r\n".encode()
    return Exchange(
        url, ExchangeRole.SOURCE, 1, at, 0.1, request, response, head.head_end, status, head.reason, head.headers
    )


def capture_of(reply: Reply, at: datetime) -> Capture:
    """The visit that brought a reply."""
    steps = (*reply.via, reply.url)
    hops = tuple(
        _exchange(url, 301, [("Location", to), ("Content-Length", "0")], b"", at) for url, to in pairwise(steps)
    )
    last = replace(exchange_of(reply, at), truncated=reply.truncated, failure=reply.failure)
    return Capture(steps[0], steps[0], (*hops, last), reply.failure)


def post_of(texts: tuple[str, ...] = ENGLISH, *, title: str = TITLE) -> bytes:
    """A post's file."""
    body = "".join(f"<p>{text}</p>" for text in texts)
    return f"---\ntitle: {title}\ndate: 2019-05-02\nfrom: {SOURCE}\n---\n<div>\n{body}\n</div>\n".encode()


class Court:
    """An archive whose checks are made one after another, each in a run of its own.

    Args:
        folder: of the archive.
        algorithm: of its digests.

    Attributes:
        settings: of the next run.
    """

    def __init__(self, folder: Path, algorithm: DigestAlgorithm = DigestAlgorithm.SHA256) -> None:
        self.archive = str(folder / "warcs")
        self.settings = Settings(archive=ArchiveSettings(directory=self.archive, digest=algorithm))
        self.writer = ArchiveWriter(self.settings.archive, clock=SystemClock(), info={})
        self.path = folder / "ledger.db"
        self.ledger = Ledger.create_or_open(self.path)
        self.now = START
        self.originals: list[RecordRef] = []

    def close(self) -> None:
        self.writer.close()
        self.ledger.close()

    @property
    def terms(self) -> Terms:
        return todays_terms(self.settings, SOFTWARE)

    def keep(self, reply: Reply) -> tuple[Capture, ArchivedCapture]:
        """Archive a reply, as a revisit where its payload is known."""
        self.now += timedelta(days=1)
        capture = capture_of(reply, self.now)
        unmodified = {reply.url: self.originals[-1]} if reply.bare else {}
        archived = self.writer.append_capture(capture, Known(self.ledger.response_with_payload, unmodified))
        final = archived.final
        if final is not None and final.response is not None and final.revisit_of is None:
            self.originals.append(final.response)
        return capture, archived

    def task(self, archived: ArchivedCapture, *posts: tuple[str, bytes], **more: object) -> JudgeTask:
        """What a run would have judged."""
        made = tuple(PostBytes(path, data) for path, data in posts)
        previous = self.ledger.last_capture(archived.source)
        task = JudgeTask(self.archive, archived, made, previous, None, frozenset(), self.settings)
        return replace(task, **more)  # type: ignore[arg-type]

    def judge(self, reply: Reply, *posts: tuple[str, bytes], **more: object) -> Judged:
        """Check posts: archive the reply, judge it, and write the checks into the ledger."""
        _, archived = self.keep(reply)
        task = self.task(archived, *(posts or ((POST, post_of()),)), **more)
        judged = judge_capture(task)
        self.write(task, judged)
        return judged

    def judge_as_an_older_version(self, reply: Reply, *posts: tuple[str, bytes], **more: object) -> None:
        """The same, by what read another text and concluded something else of every page that it could read."""
        _, archived = self.keep(reply)
        task = self.task(archived, *(posts or ((POST, post_of()),)), **more)
        judged = judge_capture(task)
        if judged.extractor:
            text = digest(b"another text", DigestAlgorithm.SHA256)
            made = tuple(map(_as_it_was_told, judged.posts))
            judged = replace(judged, posts=made, text_digest=text, extractor=OLD, rules="compare/1")
        self.write(task, judged, "preserve/0")

    def accept(self, settings: Settings | None = None, software: str | None = None, posts: Collection[str] = ()) -> int:
        """Judge every check again and let that stand; how many it added.

        Args:
            settings: None takes those of the next run.
            software: as the run that judges again is recorded with; None takes today's.
            posts: only the checks of these; all where none is named.
        """
        self.writer.sync()
        settings = settings or self.settings
        by = software or judging_software(SOFTWARE, self.terms.rules, self.terms.extractor)
        acceptance = begin(self.ledger, SystemClock(), settings_text(settings), by)
        checks = [one for one in self.ledger.rejudging.checks() if not posts or one.check.post in posts]
        for result in acceptance.taken(rejudge_all(checks, settings, here)):
            assert not result.problem
        acceptance.finish()
        return acceptance.done

    def write(self, task: JudgeTask, judged: Judged, software: str = SOFTWARE) -> None:
        run = self.ledger.begin_run(RunPlan((), settings_text(self.settings), software, self.now))
        self.ledger.append(run, [self._check(task, judged, at) for at in range(len(judged.posts))])

    def _check(self, task: JudgeTask, judged: Judged, at: int) -> Check:
        post, final = judged.posts[at], task.capture.final
        record = self.writer.append_stored_copy(post.path, task.posts[at].data, SOURCE, self.now)
        return Check(
            post=post.path,
            source=task.capture.source,
            checked_at=self.now,
            judgement=post.judgement,
            final_url=final.url if final else None,
            http_status=final.status if final else None,
            captured_at=task.capture.captured_at,
            capture=task.capture,
            stored_record=record,
            post_digest=post.digest,
            since_last=post.since_last,
            verdict_before=post.verdict_before,
            extractor=judged.extractor,
            rules=judged.rules,
            measures=post.measures,
            probe=task.probe,
            template=tuple(sorted(task.template)),
            previous=task.previous,
            text_digest=judged.text_digest,
        )

    def follow(self, capture: Capture, task: JudgeTask, terms: Terms | None = None) -> Followed | None:
        precedents = self.ledger.precedents.of(post.path for post in task.posts)
        return follow(task, capture, precedents, terms or self.terms, lambda ref: read_beginning(self.archive, ref))

    def again(self, reply: Reply, *posts: tuple[str, bytes], **more: object) -> Followed | None:
        """What a new check of a reply follows."""
        capture, archived = self.keep(reply)
        return self.follow(capture, self.task(archived, *(posts or ((POST, post_of()),)), **more))


def here(questions: Iterable[Question], _settings: JudgeSettings) -> Generator[Answer, None, None]:
    """Judges in this process; a `Backend`."""
    for question in questions:
        yield Answer(question.tag, None if question.task is None else judge_capture(question.task))


def _as_it_was_told(post: JudgedPost) -> JudgedPost:
    verdict = Verdict.INTACT if post.judgement.verdict is Verdict.EDITED else Verdict.EDITED
    return replace(post, judgement=Judgement(verdict), measures=None, template_candidates=())


ORDINARY = html(TITLE, in_site(article(TITLE, ENGLISH)))
EDITED = html(TITLE, in_site(article(TITLE, tuple(text.replace("nine million", "ten million") for text in ENGLISH))))
ADDED = "The harbour office said on Friday that the second lane would be closed to coaches as well, until September."
EXTENDED = html(TITLE, in_site(article(TITLE, (*ENGLISH[:2], ADDED, *ENGLISH[2:]))))
WORD_ADDED = html(TITLE, in_site(article(TITLE, tuple(text.replace("a second", "a second large") for text in ENGLISH))))
NEWS = (
    "A flock of four hundred geese has settled on the football ground behind the school in Lower Mill.",
    "The caretaker counted them twice, on Tuesday before breakfast and on Wednesday after it, with a clicker.",
    "Training was moved to the gymnasium, where the under-twelves complain that the floor is too hard to slide on.",
    "An ornithologist from the university expects the birds to leave by themselves once the clover has been eaten.",
    "Until then the club sells tea and binoculars at the fence, and has earned more than with the last three matches.",
)

# By what the page is, as it comes the first time.
REPLIES: dict[str, Reply] = {
    "intact": Reply(ORDINARY),
    "intact-gzip": Reply(ORDINARY, coded="gzip"),
    "intact-chunked": Reply(ORDINARY, coded="chunked"),
    "edited": Reply(EDITED),
    "extended": Reply(EXTENDED),
    "word-added": Reply(
        html(
            TITLE,
            in_site(article(TITLE, tuple(text.replace("a second boat", "a second large boat") for text in ENGLISH))),
        )
    ),
    "admitted": Reply(
        html(
            TITLE, in_site(article(TITLE, ENGLISH[:5], extra=f"<p>Correction: an earlier version erred. {NEWS[1]}</p>"))
        )
    ),
    "chinese": Reply(html("书店", in_site(article("书店", CHINESE)), lang="zh")),
    "moved": Reply(ORDINARY, via=(SOURCE,), url="http://paper.example/archive/9281"),
    "truncated": Reply(html(TITLE, in_site(article(TITLE, ENGLISH[:2], extra="<p>Subscribe to read on.</p>")))),
    "login": Reply(
        html("Sign in", "<h1>Sign in</h1><p>Please log in.</p><form><input type=password></form>"),
        via=(SOURCE,),
        url="http://paper.example/login?next=bridge",
    ),
    "other-article": Reply(html("Geese", in_site(article("Geese take over a football ground", NEWS)))),
    "soft-404": Reply(html("Page not found", in_site("<h1>Page not found</h1><p>It may have been deleted.</p>"))),
    "not-found": Reply(html("Not found", in_site("<h1>Not found</h1>")), status=404),
    "not-found-still-there": Reply(ORDINARY, status=404),
    "not-found-empty": Reply(b"", status=404),
    "not-found-cut-off": Reply(
        html("Not found", in_site("<h1>Not found</h1>")),
        status=404,
        failure=Failure(FailureKind.CUT_OFF, "3 of 4 bytes"),
    ),
    "forbidden": Reply(html("403", "<h1>Forbidden</h1>" + " " * 300), status=403),
    "server-error": Reply(html("500", "<h1>Server error</h1>" + " " * 300), status=500),
    "challenge": Reply(
        html("One moment", "<h1>Show that you are not a robot</h1><p>Tick the box.</p>" + "<!-- -->" * 50)
    ),
    "challenge-header": Reply(html("", "<p>Wait</p>" + "<!-- -->" * 50), headers=(("cf-mitigated", "challenge"),)),
    "parked": Reply(
        html("paper.example", "<h1>paper.example</h1><p>This domain may be for sale.</p>" + "<!-- -->" * 50)
    ),
    "shell": Reply(html("", "<div id=app></div><script src=/a.js></script>" + "<!-- -->" * 50)),
    "isolated": Reply(html("Hm", "<p>It rains today, and we are out for a walk with the dog.</p>" + "<!-- -->" * 50)),
    "front-page": Reply(
        html("The Paper", in_site("".join(f"<h2><a href=/{n}>{text}</a></h2>" for n, text in enumerate(NEWS * 3))))
    ),
    "pdf": Reply(b"%PDF-1.4 " + b"x" * 400, kind="application/pdf"),
    "pdf-as-html": Reply(b"%PDF-1.4 " + b"x" * 400),
    "cut-short": Reply(ORDINARY[:-300], truncated=Truncation.LENGTH),
    "empty": Reply(b""),
    "blank": Reply(b" " * 400),
    "not-gzip": Reply(ORDINARY, headers=(("Content-Encoding", "br"),)),
}
PROBE = Reply(REPLIES["soft-404"].body, url="http://paper.example/2019/05/never-was-4711")
