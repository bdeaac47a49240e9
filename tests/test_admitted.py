"""An edited page's admission on its way from the archive to what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from run_kit import article, page

from preserve.cli.showing import admission_line
from preserve.jsonlines import check_object
from preserve.judging import judge_capture
from preserve.model import (
    Admission,
    AdmissionKind,
    ArchivedCapture,
    Capture,
    Check,
    Exchange,
    ExchangeRole,
    Judgement,
    Verdict,
)
from preserve.settings import ArchiveSettings, Settings
from preserve.tasks import JudgeTask, PostBytes
from preserve.times import SystemClock
from preserve.warc import ArchiveWriter

URL = "http://courier.example/ferry"
AT = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
KEPT = article(1)
EDITED = tuple(text.replace("2,400", "2,300") for text in KEPT)
EDITED_TWICE = tuple(text.replace("three times", "two times") for text in EDITED)
NOTICE = "Correction: an earlier version gave the wrong number of passengers."
SAID = Admission(AdmissionKind.NOTICE, NOTICE)


def capture_of(body: bytes) -> Capture:
    headers = (("Content-Type", "text/html; charset=utf-8"),)
    request = b"GET /ferry HTTP/1.1\r\nHost: courier.example\r\n\r\n"
    exchange = Exchange(URL, ExchangeRole.SOURCE, 1, AT, 0.1, request, HEAD + body, len(HEAD), 200, "OK", headers)
    return Capture(URL, URL, (exchange,))


@dataclass(frozen=True)
class Archive:
    """An archive of captures of one source, judged against one post."""

    directory: Path
    captures: tuple[ArchivedCapture, ...]

    def judgement(self, number: int, previous: int | None = None) -> Judgement:
        body = "".join(f"<p>{paragraph}</p>" for paragraph in KEPT)
        post = f"---\ntitle: Ferry line to close\ndate: 2020-05-06\nfrom: {URL}\n---\n<div>{body}</div>\n".encode()
        task = JudgeTask(
            archive=str(self.directory),
            capture=self.captures[number],
            posts=(PostBytes("a.md", post),),
            previous=None if previous is None else self.captures[previous],
            probe=None,
            template=frozenset(),
            settings=Settings(archive=ArchiveSettings(directory=str(self.directory))),
        )
        return judge_capture(task).posts[0].judgement


def archive_of(directory: Path, bodies: Sequence[bytes]) -> Archive:
    with ArchiveWriter(ArchiveSettings(directory=str(directory)), clock=SystemClock(), info={}) as writer:
        return Archive(directory, tuple(writer.append_capture(capture_of(body)) for body in bodies))


def noticed(texts: Sequence[str]) -> bytes:
    return page(texts, extra=f"<p>{NOTICE}</p>")


def test_an_edit_with_a_notice_is_admitted_and_one_without_is_silent(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, [page(EDITED), noticed(EDITED)])
    silent, admitted = archive.judgement(0), archive.judgement(1)

    assert (silent.verdict, silent.admission) == (Verdict.EDITED, None)
    assert (admitted.verdict, admitted.admission) == (Verdict.EDITED, SAID)


def test_only_an_edit_has_something_to_admit(tmp_path: Path) -> None:
    updated = page(KEPT, extra="<p>Updated: 3 May 2026</p>")
    judgement = archive_of(tmp_path, [updated]).judgement(0)
    assert (judgement.verdict, judgement.admission) == (Verdict.INTACT, None)


def test_an_admission_stays_while_the_text_does(tmp_path: Path) -> None:
    again = noticed(EDITED).replace(b"Quay Street", b"Quay Street 4")
    archive = archive_of(tmp_path, [page(KEPT), noticed(EDITED), again])

    assert archive.judgement(1, previous=0).admission == SAID
    assert archive.judgement(2, previous=1).admission == SAID


def test_an_old_notice_does_not_speak_of_a_later_edit(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, [noticed(EDITED), noticed(EDITED_TWICE)])
    assert archive.judgement(1).admission == SAID
    assert archive.judgement(1, previous=0).admission is None


def test_json_tells_silent_from_admitted_and_both_from_neither() -> None:
    check = Check("a.md", URL, AT, Judgement(Verdict.EDITED, admission=SAID))
    silent = replace(check, judgement=Judgement(Verdict.EDITED))
    intact = replace(check, judgement=Judgement(Verdict.INTACT))

    assert check_object(check)["admitted"] == {"silent": False, "kind": "notice", "text": NOTICE}
    assert check_object(silent)["admitted"] == {"silent": True, "kind": None, "text": None}
    assert check_object(intact)["admitted"] is None


def test_a_sentence_names_a_silent_edit_so() -> None:
    assert admission_line(SAID) == f"the page says so: {NOTICE}"
    assert admission_line(None) == "the page does not say that it was changed (silent edit)"
