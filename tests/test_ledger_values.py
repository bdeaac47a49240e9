"""What is written to the ledger is what is read from it, for every check there can be."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_samples import all_rows

from preserve.jsonlines import check_object, line_object
from preserve.ledger import Ledger, RunPlan, RunState
from preserve.ledger.codec import (
    pack_digest,
    pack_evidence,
    pack_json,
    pack_moment,
    pack_record_id,
    pack_text,
    pack_time,
    unpack_digest,
    unpack_evidence,
    unpack_flag,
    unpack_moment,
    unpack_record_id,
    unpack_text,
    unpack_time,
)
from preserve.model import (
    REASONS,
    Admission,
    AdmissionKind,
    ArchivedCapture,
    ArchivedExchange,
    Change,
    ChangeKind,
    Check,
    CommitState,
    Evidence,
    Judgement,
    Measures,
    Nature,
    PostVersion,
    RecordRef,
    SinceLast,
    Span,
    Verdict,
)

ZONES = st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(-timedelta(hours=3, minutes=30))])
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=ZONES)
# A file name that is not UTF-8 reaches Python with lone surrogates in it.
NAMES = st.text(st.characters(codec="utf-8") | st.sampled_from("\udc80\udcff\x00\n"), max_size=12)
RECORD_IDS = st.uuids().map(lambda one: one.urn) | NAMES
DIGESTS = st.binary(min_size=32, max_size=32).map(lambda raw: "sha256:" + raw.hex()) | st.sampled_from(
    ["", "sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "sha256:" + "A" * 64, "sha256:short"]
)
COUNTS = st.integers(0, 2**40)
SHARES = st.floats(0, 1)
ASCII_IDS = st.uuids().map(lambda one: one.urn) | st.text(st.characters(max_codepoint=126), max_size=8)
RECORDS = st.builds(RecordRef, ASCII_IDS, NAMES, COUNTS, COUNTS)
SPANS = st.none() | st.builds(Span, COUNTS, COUNTS, COUNTS)
NATURES = st.lists(st.sampled_from(Nature), max_size=3).map(tuple)
CHANGES = st.lists(
    st.builds(Change, st.sampled_from(ChangeKind), NAMES, NAMES, NAMES, NAMES, SPANS, SPANS, NATURES, SHARES),
    max_size=2,
).map(tuple)
EXCHANGES = st.builds(
    ArchivedExchange,
    NAMES,
    st.none() | st.integers(100, 999),
    st.none() | RECORDS,
    DIGESTS,
    DIGESTS,
    st.none() | RECORDS,
)


COMMITS = (
    st.just("")
    | st.binary(min_size=20, max_size=20).map(bytes.hex)
    | st.binary(min_size=32, max_size=32).map(bytes.hex)
)
VERSIONS = st.builds(PostVersion, st.sampled_from(CommitState), COMMITS, st.none() | TIMES)


@st.composite
def captures(draw: st.DrawFn) -> ArchivedCapture:
    """Any capture; its records lie in one file, and its last response may be what closes it."""
    file, summary = draw(NAMES), draw(RECORDS)
    exchanges = []
    for exchange in draw(st.lists(EXCHANGES, max_size=3)):
        response = draw(st.sampled_from([exchange.response, summary])) if exchange.response else None
        exchanges.append(replace(exchange, response=response and replace(response, file=file)))
    first = replace(draw(RECORDS), file=file)
    return ArchivedCapture(draw(NAMES), draw(NAMES), draw(TIMES), first, replace(summary, file=file), tuple(exchanges))


CAPTURES = captures()


@st.composite
def judgements(draw: st.DrawFn) -> Judgement:
    verdict = draw(st.sampled_from(Verdict))
    return Judgement(
        verdict,
        draw(st.sampled_from([None, *sorted(REASONS[verdict])])),
        draw(NATURES),
        draw(CHANGES),
        draw(st.lists(st.builds(Evidence, NAMES, st.booleans(), NAMES), max_size=2).map(tuple)),
        draw(st.none() | SHARES),
        draw(st.booleans()),
        draw(st.none() | st.builds(Admission, st.sampled_from(AdmissionKind), NAMES)),
    )


@st.composite
def checks(draw: st.DrawFn) -> Check:
    capture = draw(st.none() | CAPTURES)
    previous = draw(st.none() | CAPTURES)
    own = [st.just(capture.captured_at)] if capture else []
    earlier = [st.just(previous.captured_at)] if previous else []
    stored = draw(st.none() | RECORDS)
    return Check(
        post=draw(NAMES),
        source=draw(st.none() | NAMES),
        checked_at=draw(TIMES),
        judgement=draw(judgements()),
        final_url=draw(st.none() | NAMES),
        http_status=draw(st.none() | st.integers(100, 999)),
        captured_at=draw(st.one_of(st.none(), TIMES, *own)),
        capture=capture,
        stored_record=stored,
        post_digest=draw(DIGESTS),
        since_last=draw(st.none() | st.builds(SinceLast, st.booleans(), CHANGES, st.one_of(TIMES, *earlier))),
        extractor=draw(NAMES),
        rules=draw(NAMES),
        measures=draw(st.none() | st.builds(Measures, *[SHARES] * 6)),
        error=draw(NAMES),
        text_digest=draw(DIGESTS),
        probe=draw(st.none() | CAPTURES),
        template=draw(st.lists(NAMES, max_size=3).map(tuple)),
        previous=previous,
        post_version=draw(st.none() | VERSIONS) if stored else None,
        verdict_before=draw(st.none() | st.sampled_from(Verdict)),
    )


NUMBERS = itertools.count(1)


def with_own_summary(check: Check) -> Check:
    """The check with summary records that no other capture of this module has."""

    def own(capture: ArchivedCapture | None) -> ArchivedCapture | None:
        if capture is None:
            return None
        return replace(capture, summary=replace(capture.summary, record_id=UUID(int=next(NUMBERS)).urn))

    return replace(check, capture=own(check.capture), probe=own(check.probe), previous=own(check.previous))


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    path: Path = tmp_path_factory.mktemp("values") / "ledger.db"
    with Ledger.create_or_open(path) as opened:
        yield opened


@settings(max_examples=60, deadline=None)
@given(found=st.lists(checks(), min_size=1, max_size=3, unique_by=lambda check: check.post))
def test_a_check_read_is_the_check_written(ledger: Ledger, found: list[Check]) -> None:
    written = [with_own_summary(check) for check in found]
    run = ledger.begin_run(RunPlan(("posts",), "{}", "test", datetime(2026, 1, 1, tzinfo=UTC)))

    ledger.append(run, written)

    assert list(ledger.checks_of(run)) == written
    for check in written:
        assert ledger.latest(check.post) == check
        assert ledger.history(check.post)[-1] == check
        if check.capture:
            assert ledger.captures_without_check([check.capture]) == []


@settings(max_examples=40, deadline=None)
@given(found=st.lists(checks(), min_size=1, max_size=3, unique_by=lambda check: check.post))
def test_what_was_logged_is_what_the_rows_say(tmp_path_factory: pytest.TempPathFactory, found: list[Check]) -> None:
    with Ledger.create_or_open(tmp_path_factory.mktemp("logged") / "ledger.db") as ledger:
        run = ledger.begin_run(RunPlan(("posts",), "{}", "test", datetime(2026, 1, 1, tzinfo=UTC)))
        ledger.append(run, [with_own_summary(check) for check in found])
        ledger.end_run(run, datetime(2026, 1, 2, tzinfo=UTC), RunState.FINISHED)
        entries = list(ledger.log.entries())
    assert [entry.position for entry in entries] == list(range(len(found) + 2))
    assert [entry for entry in entries if entry.now != entry.hash] == []


@settings(max_examples=30, deadline=None)
@given(found=st.lists(checks(), min_size=2, max_size=5, unique_by=lambda check: check.post))
def test_checks_written_together_are_those_written_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, found: list[Check]
) -> None:
    """Every row and every leaf of the log."""
    written = [with_own_summary(check) for check in found]
    beside = [check.capture for check in written if check.capture][:1]
    blocks = [("host", check.post, (check.text_digest, "block")) for check in written]
    folder = tmp_path_factory.mktemp("batches")
    for name, batches in (
        ("together.db", [(written, blocks, beside)]),
        ("alone.db", [*(([], [one], []) for one in blocks), *(([one], [], []) for one in written), ([], [], beside)]),
    ):
        with Ledger.create_or_open(folder / name) as ledger:
            run = ledger.begin_run(RunPlan(("posts",), "{}", "test", datetime(2026, 1, 1, tzinfo=UTC)))
            for batch in batches:
                ledger.append(run, *batch)
    assert all_rows(folder / "together.db") == all_rows(folder / "alone.db")


@settings(max_examples=60, deadline=None)
@given(found=st.lists(checks(), min_size=1, max_size=3, unique_by=lambda check: check.post))
def test_a_line_says_what_its_whole_check_says(tmp_path_factory: pytest.TempPathFactory, found: list[Check]) -> None:
    with Ledger.create_or_open(tmp_path_factory.mktemp("lines") / "ledger.db") as ledger:
        run = ledger.begin_run(RunPlan(("posts",), "{}", "test", datetime(2026, 1, 1, tzinfo=UTC)))
        ledger.append(run, [with_own_summary(check) for check in found])
        lines, whole = list(ledger.latest_lines()), list(ledger.latest_with_observations())
    assert [line_object(line) for line, _ in lines] == [check_object(check) for check, _ in whole]
    assert [seen for _, seen in lines] == [seen for _, seen in whole]


@given(TIMES, TIMES)
def test_times_come_back_and_sort_as_text(one: datetime, other: datetime) -> None:
    assert unpack_time(pack_time(one)) == one
    assert (pack_time(one) < pack_time(other)) == (one < other)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        pack_time(datetime(2026, 1, 1))


@given(TIMES)
def test_moments_come_back(one: datetime) -> None:
    assert unpack_moment(pack_moment(one)) == one


@pytest.mark.parametrize("value", ["2026-01-01T00:00:00.000000Z", 1.5, None, 1 << 62])
def test_what_is_no_moment_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"no time|beyond"):
        unpack_moment(value)


@given(NAMES)
def test_any_name_comes_back(name: str) -> None:
    assert unpack_text(pack_text(name)) == name


@given(RECORD_IDS)
def test_any_record_id_comes_back(record_id: str) -> None:
    assert unpack_record_id(pack_record_id(record_id)) == record_id


def test_the_usual_record_id_takes_16_bytes_and_another_spelling_is_not_changed() -> None:
    usual = "urn:uuid:12345678-1234-4321-8765-0123456789ab"
    assert len(pack_record_id(usual)) == 16
    assert pack_record_id(usual.upper()) == usual.upper()


@given(DIGESTS)
def test_any_digest_comes_back(digest: str) -> None:
    assert unpack_digest(pack_digest(digest)) == digest


def test_the_usual_digest_takes_32_bytes() -> None:
    assert len(pack_digest("sha256:" + "ab" * 32)) == 32


@given(st.lists(NAMES))
def test_json_comes_back_and_is_utf_8(names: list[str]) -> None:
    text = pack_json(names)
    assert json.loads(text.encode("utf-8")) == names


def test_json_has_no_numbers_that_json_has_not() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        pack_json(float("nan"))


@pytest.mark.parametrize("text", ["2026-03-01T06:00:00,000000Z", "2026-03-01 06:00:00.000000Z", "2026-03-01T06:00:00Z"])
def test_a_time_in_another_spelling_was_not_written_by_the_ledger(text: str) -> None:
    with pytest.raises(ValueError, match="no time as the ledger writes it"):
        unpack_time(text)


@pytest.mark.parametrize("value", [2, -1, "1"])
def test_a_flag_is_yes_or_no(value: int) -> None:
    with pytest.raises(ValueError, match="neither"):
        unpack_flag(value)


@pytest.mark.parametrize("held", [True, 1, 1.0])
def test_evidence_is_written_as_it_is_whatever_equal_evidence_was_written_before(held: Any) -> None:
    pack_evidence((Evidence("rule", True, "3"),))
    assert pack_evidence((Evidence("rule", held, "3"),)) == f'[{{"rule":"rule","held":{json.dumps(held)},"saw":"3"}}]'


@pytest.mark.parametrize(("name", "value"), [("rule", None), ("held", 1), ("held", "true"), ("saw", ["3"])])
def test_what_is_no_evidence_is_refused(name: str, value: object) -> None:
    entry = {"rule": "rule", "held": True, "saw": "3"}
    assert unpack_evidence(json.dumps([entry])) == (Evidence("rule", True, "3"),)
    with pytest.raises(ValueError, match="no evidence as the ledger writes it"):
        unpack_evidence(json.dumps([entry, {**entry, name: value}]))
