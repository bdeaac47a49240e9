"""The ledger's answers: runs, checks, captures, what is learned of hosts; and that it only grows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from ledger_samples import (
    EDIT,
    PLAN,
    POST,
    SOURCE,
    START,
    Sample,
    capture_of,
    check_of,
    digest,
    record,
    without_capture,
)

from preserve.confirm import Observation
from preserve.errors import ArchiveError
from preserve.ledger import (
    Incident,
    Ledger,
    LoggedCheckpoint,
    LoggedFile,
    LoggedStamp,
    RunKind,
    RunState,
    SummaryRow,
    UnfinishedRun,
)
from preserve.ledger.schema import APPEND_ONLY
from preserve.ledger.writing import ENOUGH_SOURCES
from preserve.model import Judgement, Reason, Rejudgement, Verdict


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with Ledger.create_or_open(path) as opened:
        yield opened


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """A ledger of three posts, two of one source; for tests that only ask."""
    with Ledger.create_or_open(tmp_path_factory.mktemp("shelf") / "ledger.db") as opened:
        add(
            opened,
            Sample(),
            Sample(post="old/2021-05-06-a-title.md"),
            Sample(post="_posts/2022-01-01-other_%.md", source="https://other.example/"),
        )
        yield opened


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a ledger with a row in every table."""
    path: Path = tmp_path_factory.mktemp("full") / "ledger.db"
    with Ledger.create_or_open(path) as opened:
        fill(opened)
    return path


def add(ledger: Ledger, *samples: Sample) -> int:
    """A finished run with these checks."""
    run = ledger.begin_run(PLAN)
    ledger.append(run, [check_of(sample) for sample in samples])
    ledger.end_run(run, START, RunState.FINISHED)
    return run


# ---------------------------------------------------------------- runs


def test_a_run_is_unfinished_until_its_end_is_noted(ledger: Ledger) -> None:
    assert ledger.unfinished_run() is None
    run = ledger.begin_run(PLAN)
    ledger.append(run, [check_of(Sample())])
    assert ledger.unfinished_run() == UnfinishedRun(run, START, ("_posts",), 1)

    ledger.end_run(run, START, RunState.INTERRUPTED)

    assert ledger.unfinished_run() is None


def test_only_the_last_run_can_be_taken_up_again(ledger: Ledger) -> None:
    ledger.begin_run(PLAN)
    add(ledger)
    assert ledger.unfinished_run() is None


def test_a_run_ends_once(ledger: Ledger) -> None:
    run = add(ledger)
    with pytest.raises(ArchiveError, match="run_ends"):
        ledger.end_run(run, START, RunState.ABANDONED)


def test_a_run_knows_its_posts(ledger: Ledger) -> None:
    first = add(ledger, Sample(post="a.md"), Sample(post="b.md"))
    second = add(ledger, Sample(post="a.md", week=1))
    assert ledger.posts_checked_in(first) == {"a.md", "b.md"}
    assert ledger.posts_checked_in(second) == {"a.md"}
    assert ledger.posts_checked_in(99) == set()


# ---------------------------------------------------------------- checks


def test_history_is_in_the_order_of_the_checks_and_latest_is_its_end(ledger: Ledger) -> None:
    samples = [Sample(), Sample(week=1, judgement=EDIT), Sample(week=2)]
    for sample in samples:
        add(ledger, sample, replace(sample, post="other.md", source="https://other.example/"))

    assert ledger.history(POST) == [check_of(sample) for sample in samples]
    assert ledger.latest(POST) == check_of(samples[-1])
    assert [check.post for check in ledger.latest_checks()] == [POST, "other.md"]


def test_an_unknown_post_has_no_checks(ledger: Ledger) -> None:
    assert ledger.latest("none.md") is None
    assert ledger.history("none.md") == []


def test_a_post_is_checked_once_a_run_and_a_refused_batch_leaves_nothing(ledger: Ledger) -> None:
    run = ledger.begin_run(PLAN)
    ledger.append(run, [check_of(Sample())])

    with pytest.raises(ArchiveError, match=r"checks\.post_id, checks\.run_id"):
        ledger.append(run, [check_of(Sample(post="new.md")), check_of(Sample())])

    assert ledger.posts_checked_in(run) == {POST}
    ledger.append(run, [check_of(Sample(post="new.md"))])


def test_a_check_needs_its_run(ledger: Ledger) -> None:
    with pytest.raises(ArchiveError, match="FOREIGN KEY"):
        ledger.append(7, [check_of(Sample())])


def test_posts_checked_between_two_times_are_told_but_not_those_that_were_only_put_off(ledger: Ledger) -> None:
    put_off = [Reason.BUDGET, Reason.HOST_INCIDENT]
    samples = [
        Sample(post=f"{reason}.md", source=None, verdict=Verdict.UNCHECKED, reason=reason)
        for reason in [*put_off, Reason.ROBOTS, Reason.NO_SOURCE]
    ]
    add(ledger, Sample(week=3), *samples)
    first, last = START + timedelta(seconds=3), START + timedelta(weeks=3, seconds=3)
    tick = timedelta(microseconds=1)
    assert ledger.checked_between(first - tick, last + tick) == {POST, "robots.md", "no-source.md"}
    assert ledger.checked_between(first, last + tick) == {POST}
    assert ledger.checked_between(first - tick, last) == {"robots.md", "no-source.md"}


def test_whether_many_posts_have_checks_is_told(ledger: Ledger) -> None:
    add(ledger, Sample(week=1), Sample(post="b.md"))
    add(ledger, Sample(week=2))
    assert [ledger.more_posts_than(bound) for bound in (1, 2)] == [True, False]


@pytest.mark.parametrize(
    ("fragment", "found"),
    [
        ("_posts/2021-05-06-a-title.md", ("_posts/2021-05-06-a-title.md",)),
        ("2021-05-06-a-title.md", ("_posts/2021-05-06-a-title.md", "old/2021-05-06-a-title.md")),
        ("old/2021-05-06-a-title.md", ("old/2021-05-06-a-title.md",)),
        (SOURCE, ("_posts/2021-05-06-a-title.md", "old/2021-05-06-a-title.md")),
        (
            SOURCE.replace("https", "http") + "/",
            ("_posts/2021-05-06-a-title.md", "old/2021-05-06-a-title.md"),
        ),
        ("other.example", ("_posts/2022-01-01-other_%.md",)),
        ("other_%", ("_posts/2022-01-01-other_%.md",)),
        ("./old/2021-05-06-a-title.md", ("old/2021-05-06-a-title.md",)),
        ("/home/me/old/2021-05-06-a-title.md", ("old/2021-05-06-a-title.md",)),
        ("/home/me/told/2021-05-06-a-title.md", ()),
        ("ther%%", ()),
        ("", ()),
    ],
)
def test_a_post_is_found_by_path_source_or_part(shelf: Ledger, fragment: str, found: tuple[str, ...]) -> None:
    assert shelf.find_posts_matching(fragment) == found


def test_the_last_time_is_that_of_the_last_entry_of_any_kind(ledger: Ledger) -> None:
    assert ledger.last_time() is None
    run = ledger.begin_run(PLAN)
    assert ledger.last_time() == PLAN.started_at
    check = check_of(Sample(week=1))
    ledger.append(run, [check])
    assert ledger.last_time() == check.checked_at
    ledger.end_run(run, check.checked_at + timedelta(hours=1), RunState.FINISHED)
    assert ledger.last_time() == check.checked_at + timedelta(hours=1)


# ---------------------------------------------------------------- where the collection stands


def test_the_summary_counts_latest_checks_only(ledger: Ledger) -> None:
    add(ledger, Sample(), Sample(post="b.md"), Sample(post="c.md"))
    add(ledger, Sample(week=1, verdict=Verdict.GONE, reason=Reason.NOT_FOUND), Sample(post="b.md", week=1))

    assert ledger.summary() == (
        SummaryRow("", Verdict.INTACT, 2),
        SummaryRow("not-found", Verdict.GONE, 1),
    )


def test_the_summary_by_host_has_a_line_for_posts_without_one(ledger: Ledger) -> None:
    add(
        ledger,
        Sample(),
        Sample(post="b.md"),
        Sample(post="c.md", source=None, verdict=Verdict.UNCHECKED, reason=Reason.NO_SOURCE),
    )
    assert ledger.summary("host") == (
        SummaryRow("news.example", Verdict.INTACT, 2),
        SummaryRow("", Verdict.UNCHECKED, 1),
    )


def test_the_summary_by_year_reads_the_year_off_the_path(ledger: Ledger) -> None:
    paths = [
        "a/2019-01-02-x.md",
        "2019-01-02-y.md",
        "p/2020/x/index.md",
        "2020/z.md",
        "no-year.md",
        "1999-x.md",
    ]
    add(ledger, *(Sample(post=path) for path in paths))
    assert ledger.summary("year") == (
        SummaryRow("", Verdict.INTACT, 2),
        SummaryRow("2019", Verdict.INTACT, 2),
        SummaryRow("2020", Verdict.INTACT, 2),
    )


def test_the_derived_table_can_be_derived_anew(ledger: Ledger, path: Path) -> None:
    for week in range(3):
        add(ledger, Sample(week=week), Sample(post=f"only-{week}.md"))
    before = list(ledger.latest_checks())
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM latest")
    connection.close()
    assert list(ledger.latest_checks()) == []

    ledger.rebuild_latest()

    assert list(ledger.latest_checks()) == before


# ---------------------------------------------------------------- captures and records


def test_posts_of_one_source_share_one_capture(ledger: Ledger, path: Path) -> None:
    add(ledger, Sample(), Sample(post="b.md"))
    assert count(path, "captures") == count(path, "exchanges") == 1
    assert {check.capture for check in ledger.latest_checks()} == {capture_of(Sample())}


def test_the_last_capture_is_the_last_that_brought_the_article(ledger: Ledger) -> None:
    assert ledger.last_capture(SOURCE) is None
    add(ledger, Sample(week=0))
    add(ledger, Sample(week=1, judgement=EDIT))
    add(ledger, Sample(week=2, verdict=Verdict.REPLACED, reason=Reason.SOFT_404))
    add(ledger, Sample(week=3, verdict=Verdict.GONE, reason=Reason.NOT_FOUND, status=404))
    add(ledger, Sample(week=4, status=304))
    add(ledger, Sample(week=5, source="https://other.example/"))

    assert ledger.last_capture(SOURCE) == capture_of(Sample(week=1))


def test_a_batch_of_sources_is_told_what_each_would_be_alone(ledger: Ledger) -> None:
    other = "https://other.example/"
    add(ledger, Sample(), Sample(post="b.md"), Sample(post="c.md", source=other))
    add(ledger, Sample(week=1, status=304), Sample(post="c.md", source=other, week=1, judgement=EDIT))
    visits = [(SOURCE, (POST, "b.md")), ("https://never.example/", ("never.md",)), (other, ("c.md",))]
    found = ledger.precedents.backgrounds(visits)
    for (source, posts), known in zip(visits, found, strict=True):
        assert known.last == ledger.last_capture(source)
        assert known.not_modified == (ledger.not_modified_in_a_row(source) if known.last else 0)
        assert known.precedents == ledger.precedents.of(posts)
    assert [known.last is None for known in found] == [False, True, False]
    assert [len(known.precedents) for known in found] == [2, 0, 1]


def test_the_last_capture_before_another_is_what_judging_it_again_needs(ledger: Ledger) -> None:
    for week in range(3):
        add(ledger, Sample(week=week))
    assert ledger.last_capture(SOURCE, before=capture_of(Sample(week=2))) == capture_of(Sample(week=1))
    assert ledger.last_capture(SOURCE, before=capture_of(Sample(week=0))) is None
    assert ledger.last_capture(SOURCE, before=capture_of(Sample(week=9))) == capture_of(Sample(week=2))


def test_captures_without_a_check_are_told_from_the_others(ledger: Ledger) -> None:
    captures = [capture_of(Sample(week=week)) for week in range(4)]
    add(ledger, Sample(week=1))
    add(ledger, Sample(week=3))
    assert ledger.captures_without_check(captures) == [captures[0], captures[2]]


def test_a_stored_copy_is_witnessed_by_its_first_record(ledger: Ledger) -> None:
    add(ledger, Sample())
    ledger.append(ledger.begin_run(PLAN), [replace(check_of(Sample(week=1)), stored_record=record("again"))])
    assert ledger.stored_copy(POST, digest(POST)) == (record(POST), None)
    assert ledger.stored_copy(POST, digest("other bytes")) is None
    assert ledger.stored_copy("other.md", digest(POST)) is None


def test_bytes_that_were_read_but_not_archived_are_no_witness(ledger: Ledger) -> None:
    ledger.append(ledger.begin_run(PLAN), [replace(check_of(Sample()), stored_record=None)])
    assert ledger.stored_copy(POST, digest(POST)) is None


# ---------------------------------------------------------------- what is learned of hosts


def test_blocks_are_counted_by_distinct_sources_of_a_host(ledger: Ledger) -> None:
    for source in ("one", "two", "two"):
        ledger.add_blocks("news.example", source, [digest("footer"), digest(source)])
    ledger.add_blocks("other.example", "one", [digest("footer")])

    assert ledger.block_counts("news.example") == {digest("footer"): 2, digest("one"): 1, digest("two"): 1}
    assert ledger.block_counts("news.example", at_least=2) == {digest("footer"): 2}
    assert ledger.block_counts("unknown.example") == {}


def test_blocks_are_kept_with_the_checks_or_not_at_all(ledger: Ledger) -> None:
    run = add(ledger, Sample())
    with pytest.raises(ArchiveError):
        ledger.append(run, [check_of(Sample())], [("news.example", SOURCE, [digest("footer")])])
    assert ledger.block_counts("news.example") == {}
    ledger.append(run, [check_of(Sample(post="b.md"))], [("news.example", SOURCE, [digest("footer")])])
    assert ledger.block_counts("news.example") == {digest("footer"): 1}


def test_counting_stops_when_a_block_is_template_beyond_doubt(ledger: Ledger) -> None:
    pages = [("h", f"source {number}", ["footer"]) for number in range(ENOUGH_SOURCES + 20)]
    ledger.append(0, (), pages)
    assert ledger.block_counts("h") == {"footer": ENOUGH_SOURCES}


def test_incidents_belong_to_their_run(ledger: Ledger) -> None:
    run = ledger.begin_run(PLAN)
    ledger.add_incident(run, "news.example", "unreachable/timeout", 8, 10)
    assert ledger.incidents(run) == (Incident("news.example", "unreachable/timeout", 8, 10),)
    assert ledger.incidents(run + 1) == ()


def test_observations_know_text_capture_and_incident(ledger: Ledger) -> None:
    add(ledger, Sample())
    run = add(ledger, Sample(week=1, verdict=Verdict.UNREACHABLE, reason=Reason.TIMEOUT))
    ledger.add_incident(run, "news.example", "unreachable/timeout", 8, 10)
    add(ledger, Sample(post="b.md", source="https://other.example/"))

    first, second = ledger.observations(POST)

    assert (first.at, first.verdict, first.text) == (START, Verdict.INTACT, digest("the text"))
    assert (first.incident, second.incident) == (False, True)
    assert second.reason is Reason.TIMEOUT
    assert first.capture == capture_of(Sample()).summary.record_id
    assert dict(ledger.all_observations()) == {POST: [first, second], "b.md": ledger.observations("b.md")}


def test_without_a_text_the_same_changes_say_that_the_page_says_the_same(ledger: Ledger) -> None:
    other = Judgement(Verdict.EDITED, changes=(replace(EDIT.changes[0], new="2200"),))
    for week, judgement in enumerate([EDIT, EDIT, other]):
        check = check_of(Sample(week=week, judgement=judgement))
        ledger.append(ledger.begin_run(PLAN), [replace(check, text_digest="")])
    one, two, three = (seen.text for seen in ledger.observations(POST))
    assert one == two != three
    assert one


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("verdict", "'fine'"),
        ("natures", "'[1'"),
        ("checked_at", "'noon'"),
        ("reason", "7"),
        ("verdict", "x'ff'"),
    ],
)
def test_a_check_that_was_tampered_with_is_named(ledger: Ledger, path: Path, column: str, value: str) -> None:
    add(ledger, Sample())
    connection = sqlite3.connect(path)
    connection.execute("DROP TRIGGER checks_no_update")
    connection.execute(f"UPDATE checks SET {column} = {value}")
    connection.commit()
    connection.close()
    with pytest.raises(ArchiveError, match=r"can't be read .* changed by something else; put a backup"):
        ledger.latest(POST)


# ---------------------------------------------------------------- the file for others


def count(path: Path, table: str) -> int:
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    finally:
        connection.close()


def fill(ledger: Ledger) -> None:
    """A row in every table."""
    run = add(ledger, Sample(judgement=EDIT))
    ledger.add_incident(run, "news.example", "unreachable/timeout", 8, 10)
    ledger.add_blocks("news.example", SOURCE, [digest("footer")])
    ledger.add_files([LoggedFile("preserve-1.warc.gz", 4000, digest("file"))])
    ledger.add_checkpoint(LoggedCheckpoint(1, b"r" * 32, digest("note"), (b"r" * 32,)))
    ledger.add_stamp(LoggedStamp(1, "checkpoints/000000000001.note.ots", digest("stamp")))
    (one,) = ledger.rejudging.checks()
    again = ledger.begin_run(replace(PLAN, kind=RunKind.REJUDGE))
    ledger.rejudging.append(again, [Rejudgement(one.number, one.run, START, replace(one.check, rules="rules 2"))])


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_nothing_in_the_ledger_can_be_changed_or_deleted(full: Path, table: str) -> None:
    before = count(full, table)
    assert before
    connection = sqlite3.connect(full)
    try:
        column = connection.execute(f"SELECT name FROM pragma_table_info('{table}') LIMIT 1").fetchone()[0]
        with pytest.raises(sqlite3.IntegrityError, match="the ledger only grows"):
            connection.execute(f"UPDATE {table} SET {column} = {column}")
        with pytest.raises(sqlite3.IntegrityError, match="the ledger only grows"):
            connection.execute(f"DELETE FROM {table}")
    finally:
        connection.close()
    assert count(full, table) == before


def test_every_table_that_is_not_derived_is_guarded(full: Path) -> None:
    connection = sqlite3.connect(full)
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    assert tables == {*APPEND_ONLY, "latest"}


def test_the_views_show_people_what_the_tables_keep_for_machines(ledger: Ledger, path: Path) -> None:
    fill(ledger)
    add(ledger, Sample(week=1))
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    try:
        first, second = connection.execute("SELECT * FROM history ORDER BY run").fetchall()
        (latest,) = connection.execute("SELECT * FROM latest_checks").fetchall()
        states = connection.execute("SELECT state, checks FROM run_overview").fetchall()
    finally:
        connection.close()

    written = check_of(Sample(judgement=EDIT))
    assert written.capture and written.capture.final and written.capture.final.response
    assert tuple(latest) == tuple(second)
    assert [tuple(state) for state in states] == [("finished", 1), ("unfinished", 0), ("finished", 1)]
    assert (first["post"], first["source_url"], first["host"]) == (POST, SOURCE, "news.example")
    assert first["capture_record"] == written.capture.summary.record_id
    assert first["response_record"] == written.capture.final.response.record_id
    assert first["payload_digest"] == written.capture.final.payload_digest
    assert first["post_digest"] == written.post_digest
    assert first["captured_at"] == "2026-03-01T06:00:00.000000Z"
    assert json.loads(first["natures"]) == ["number"]
    assert json.loads(first["changes"])[0]["old"] == "2400"
    assert json.loads(first["evidence"])[1] == {"rule": "changes", "held": True, "saw": "one change"}
    assert json.loads(first["measures"])["dice"] == 0.8


def test_a_check_without_capture_is_in_the_views_too(ledger: Ledger, path: Path) -> None:
    ledger.append(ledger.begin_run(PLAN), [without_capture(check_of(Sample(source=None)))])
    assert count(path, "history") == count(path, "latest_checks") == 1


def test_an_unchanged_check_is_small(ledger: Ledger, path: Path) -> None:
    def size() -> int:
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        return path.stat().st_size

    posts = 400
    for week in range(2):
        before = size()
        run = ledger.begin_run(PLAN)
        judged = replace(EDIT, verdict=Verdict.INTACT)
        samples = (
            Sample(post=f"_posts/{n}.md", source=f"https://h.example/{n}", week=week, judgement=judged)
            for n in range(posts)
        )
        ledger.append(run, [check_of(sample) for sample in samples])

    assert (size() - before) / posts < 500


# ---------------------------------------------------------------- last checks beside all observations


def test_the_last_check_of_each_post_comes_with_all_its_observations(path: Path) -> None:
    with Ledger.create_or_open(path) as ledger:
        for week, order in enumerate(("abc", "cab", "b")):
            add(ledger, *(Sample(post=f"{name}.md", week=week) for name in order))
    with Ledger.open_readonly(path) as ledger:
        found = list(ledger.latest_with_observations())
        assert [(check.post, len(observed)) for check, observed in found] == [("a.md", 2), ("b.md", 3), ("c.md", 2)]
        for check, observed in found:
            assert check == ledger.latest(check.post)
            assert observed == ledger.observations(check.post)


def test_what_a_run_adds_between_the_two_questions_is_in_neither_answer(path: Path) -> None:
    with Ledger.create_or_open(path) as writing:
        add(writing, Sample(post="a.md"), Sample(post="b.md"))

        class Interrupted(Ledger):
            def all_observations(self) -> Iterator[tuple[str, list[Observation]]]:
                add(writing, Sample(post="b.md", week=1), Sample(post="c.md"))
                yield from super().all_observations()

        with Interrupted.open_readonly(path) as reading:
            found = [(check.post, len(observed)) for check, observed in reading.latest_with_observations()]
        assert found == [("a.md", 1), ("b.md", 1)]
        assert len(list(writing.latest_with_observations())) == 3


def test_a_ledger_may_be_closed_before_all_was_read(path: Path) -> None:
    with Ledger.create_or_open(path) as ledger:
        add(ledger, Sample(post="a.md"), Sample(post="b.md"))
        found = ledger.latest_with_observations()
        next(found)
    found.close()  # type: ignore[attr-defined]
    with Ledger.open_readonly(path) as ledger:
        first = ledger.latest_with_observations()
        next(first)
        assert len(list(ledger.latest_with_observations())) == 2  # one beside the other
        assert len(list(first)) == 1


def test_a_table_of_last_checks_that_misses_a_post_is_an_error(path: Path) -> None:
    with Ledger.create_or_open(path) as ledger:
        add(ledger, Sample(post="a.md"), Sample(post="b.md"))
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM latest WHERE post_id = (SELECT id FROM posts WHERE path = 'b.md')")
    database.close()
    with Ledger.open_readonly(path) as ledger, pytest.raises(ArchiveError, match=r"b\.md.*preserve audit"):
        list(ledger.latest_with_observations())


@pytest.mark.parametrize(
    ("fragment", "found"), [("", 2), ("2021-05", 2), ("old/", 1), ("title.md", 2), ("%", 1), ("absent", 0)]
)
def test_paths_are_found_by_any_part(shelf: Ledger, fragment: str, found: int) -> None:
    assert len(shelf.posts_with(fragment, 2)) == found
