"""The whole line on real sockets, files and processes: a post ends in one verdict, and it is the right one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from run_kit import Stage, answer, article, page, stage, write_post
from wire_server import Reset, WireServer

from preserve.errors import ArchiveLockedError, PostError
from preserve.model import Reason, Verdict
from preserve.rejudge import rejudge
from preserve.warc import ArchiveLock, scan_captures, warc_files

HOSTS = ("127.0.0.21", "127.0.0.22", "127.0.0.23")


@pytest.fixture
def server() -> Iterator[WireServer]:
    with WireServer({}) as running:
        yield running


@pytest.fixture
def place(tmp_path: Path) -> Stage:
    return stage(tmp_path)


def publish(server: WireServer, place: Stage, count: int) -> None:
    """`count` posts whose sources say what they say."""
    for number in range(count):
        server.scripts[f"/{number}"] = answer(page(article(number)))
        write_post(place.posts, f"2020-05-06-report-{number}.md", server.url(f"/{number}"), article(number))


def pages_asked(server: WireServer) -> list[str]:
    return [target for target in server.targets if target != "/robots.txt"]


def test_every_post_ends_in_exactly_one_verdict(server: WireServer, place: Stage) -> None:
    publish(server, place, 1)
    changed = list(article(1))
    changed[1] = changed[1].replace("2,400", "2,300")
    server.scripts["/1"] = answer(page(changed))
    server.scripts["/3"] = [Reset()]
    write_post(place.posts, "edited.md", server.url("/1"), article(1))
    write_post(place.posts, "gone.md", server.url("/2"), article(2))
    write_post(place.posts, "reset.md", server.url("/3"), article(3))
    write_post(place.posts, "no-source.md", None, article(4))
    write_post(place.posts, "bad-source.md", "javascript:alert(1)", article(5))
    (place.posts / "broken.md").write_text("---\ntitle: a\n  nothing: [\n- here\n---\ntext\n", "utf-8")
    summary, watcher = place.verify()
    assert watcher.verdicts == {
        "2020-05-06-report-0.md": Verdict.INTACT,
        "edited.md": Verdict.EDITED,
        "gone.md": Verdict.GONE,
        "reset.md": Verdict.UNREACHABLE,
        "no-source.md": Verdict.UNCHECKED,
        "bad-source.md": Verdict.UNCHECKED,
        "broken.md": Verdict.UNCHECKED,
    }
    assert len(watcher.checks) == summary.plan.posts == 7
    (change,) = watcher.of("edited.md").judgement.changes
    assert (change.old, change.new) == ("2,400", "2,300")
    assert watcher.of("broken.md").error.startswith(f"{place.posts / 'broken.md'}:3")
    with place.ledger() as ledger:
        assert {check.post for check in ledger.checks_of(summary.run)} == {c.post for c in watcher.checks}


def test_a_source_kept_twice_is_asked_once_and_judged_twice(server: WireServer, place: Stage) -> None:
    publish(server, place, 1)
    older = list(article(0))
    older[3] = older[3].replace("October", "November")
    write_post(place.posts, "older.md", server.url("/0"), older)
    _, watcher = place.verify()
    assert pages_asked(server) == ["/0"]
    assert watcher.verdicts == {"2020-05-06-report-0.md": Verdict.INTACT, "older.md": Verdict.EDITED}


def test_the_second_check_says_what_changed_since_the_first(server: WireServer, place: Stage) -> None:
    publish(server, place, 1)
    _, first = place.verify()
    assert first.checks[0].since_last is None
    _, again = place.verify()
    assert again.checks[0].since_last is not None
    assert not again.checks[0].since_last.changed
    changed = list(article(0))
    changed[2] = changed[2].replace("Ingrid Sole", "Martin Sole")
    server.scripts["/0"] = answer(page(changed))
    _, third = place.verify()
    since = third.checks[0].since_last
    assert since is not None
    assert since.changed
    assert [(change.old, change.new) for change in since.changes] == [("Ingrid", "Martin")]
    assert since.previous_at == again.checks[0].captured_at


def test_rejudging_from_the_archive_gives_the_same_verdicts(server: WireServer, place: Stage) -> None:
    publish(server, place, 2)
    place.verify()
    changed = list(article(1))
    del changed[2]
    server.scripts["/1"] = answer(page(changed))
    server.scripts["/0"] = answer(page(["Nothing"], title="404 Not Found"))
    place.verify()
    for post in place.posts.iterdir():
        post.unlink()  # the archive has to do without the collection
    with place.ledger() as ledger:
        results = list(rejudge(ledger.latest_checks(), place.settings))
    assert {result.check.judgement.verdict for result in results} == {Verdict.EDITED, Verdict.REPLACED}
    assert [result.again.judgement for result in results if result.again] == [
        result.check.judgement for result in results
    ]
    assert [result.again.since_last for result in results if result.again] == [
        result.check.since_last for result in results
    ]


def test_a_stopped_run_is_taken_up_where_it_stopped(server: WireServer, place: Stage) -> None:
    publish(server, place, 12)
    summary, first = place.verify(stop_after_visits=5)
    assert summary.interrupted
    assert 4 <= len(first.checks) < 12
    resumed, second = place.verify()
    assert resumed.run == summary.run
    assert not resumed.interrupted
    posts = [check.post for check in first.checks + second.checks]
    assert len(posts) == len(set(posts)) == 12
    assert sorted(pages_asked(server)) == sorted(f"/{number}" for number in range(12))


def test_a_new_run_checks_everything_again(server: WireServer, place: Stage) -> None:
    publish(server, place, 4)
    summary, _ = place.verify(stop_after_visits=1)
    fresh, watcher = place.verify(new_run=True)
    assert fresh.run != summary.run
    assert len(watcher.checks) == 4


def test_a_second_process_is_refused(place: Stage) -> None:
    with ArchiveLock(place.archive), pytest.raises(ArchiveLockedError, match="process"):
        place.verify()


def test_a_missing_argument_is_an_error_before_anything_is_asked(place: Stage) -> None:
    with pytest.raises(PostError, match="nowhere"):
        place.verify(arguments=[str(place.folder / "nowhere")])


def test_a_host_that_blocks_everything_is_left_alone_and_counted_once(server: WireServer, place: Stage) -> None:
    publish(server, place, 12)
    for number in range(12):
        server.scripts[f"/{number}"] = answer(b"<p>no</p>", status="403 Forbidden")
    summary, watcher = place.verify()
    verdicts = list(watcher.verdicts.values())
    assert verdicts.count(Verdict.BLOCKED) < 12
    left = [check for check in watcher.checks if check.judgement.reason is Reason.HOST_INCIDENT]
    assert len(left) + verdicts.count(Verdict.BLOCKED) == 12
    assert len(pages_asked(server)) == verdicts.count(Verdict.BLOCKED)
    assert [incident.verdict for incident in summary.incidents] == [Verdict.BLOCKED]
    with place.ledger() as ledger:
        assert ledger.incidents(summary.run)


def test_robots_txt_is_obeyed_and_archived(server: WireServer, place: Stage) -> None:
    publish(server, place, 2)
    rules = b"User-agent: *\nDisallow: /1\n"
    server.scripts["/robots.txt"] = [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(rules), rules]
    _, watcher = place.verify()
    assert watcher.of("2020-05-06-report-1.md").judgement.reason is Reason.ROBOTS
    assert watcher.verdicts["2020-05-06-report-0.md"] is Verdict.INTACT
    assert pages_asked(server) == ["/0"]
    sources = [
        item.source for path in warc_files(place.archive) for item in scan_captures(path) if hasattr(item, "exchanges")
    ]
    assert server.url("/robots.txt") in sources


def test_what_many_pages_of_a_host_add_alike_is_its_template(server: WireServer, place: Stage) -> None:
    publish(server, place, 5)
    appeal = "<p>This newspaper is owned by its readers, and eight hundred of them paid for this week's issue.</p>"
    for number in range(5):
        paragraphs = article(number)
        body = page([*paragraphs[:2], appeal[3:-4], *paragraphs[2:]])
        server.scripts[f"/{number}"] = answer(body)
    _, watcher = place.verify()
    assert set(watcher.verdicts.values()) == {Verdict.INTACT}
    assert len([notice for notice in watcher.notices if "owned by its readers" in notice]) == 1
    with place.ledger() as ledger:
        results = list(rejudge(ledger.latest_checks(), place.settings))
    assert all(result.same for result in results)


def test_an_addition_on_one_page_alone_is_an_edit(server: WireServer, place: Stage) -> None:
    publish(server, place, 5)
    paragraphs = article(3)
    added = "The ministry confirmed on Friday that the causeway has no permit, and that the bus can't run."
    server.scripts["/3"] = answer(page([*paragraphs[:2], added, *paragraphs[2:]]))
    _, watcher = place.verify()
    assert watcher.verdicts["2020-05-06-report-3.md"] is Verdict.EDITED
    assert [change.new for change in watcher.of("2020-05-06-report-3.md").judgement.changes] == [added]
    assert list(watcher.verdicts.values()).count(Verdict.INTACT) == 4


def test_the_probe_is_made_at_most_once_per_host(server: WireServer, place: Stage) -> None:
    publish(server, place, 6)
    lost = page(["Whatever was here is on another shelf now.", "Try the front desk."], title="Holm Courier")
    server.scripts.clear()
    for number in range(6):
        server.scripts[f"/{number}"] = answer(lost)
    place.verify()
    known = {f"/{number}" for number in range(6)}
    assert len([target for target in pages_asked(server) if target not in known]) <= 1


def test_every_check_names_the_record_of_the_posts_own_bytes(server: WireServer, place: Stage) -> None:
    publish(server, place, 1)
    write_post(place.posts, "no-source.md", None, article(4))
    _, watcher = place.verify()
    assert all(check.stored_record for check in watcher.checks)
    records = {check.post: check.stored_record for check in watcher.checks}
    _, again = place.verify()
    assert {check.post: check.stored_record for check in again.checks} == records
    post = place.posts / "no-source.md"
    post.write_text(post.read_text("utf-8") + "\nOne more line.\n", "utf-8")
    _, changed = place.verify()
    assert changed.of("no-source.md").stored_record != records[str(post)]


def test_a_file_without_front_matter_is_named_and_is_an_error_only_when_asked_for(
    server: WireServer, place: Stage
) -> None:
    publish(server, place, 1)
    readme = place.posts / "README.md"
    readme.write_text("# About this collection\n", "utf-8")
    summary, watcher = place.verify()
    assert summary.plan.not_posts == (str(readme),)
    assert len(watcher.checks) == 1
    with pytest.raises(PostError, match=r"README\.md"):
        place.verify(arguments=[str(readme)])


def test_posts_are_left_out_by_age_and_by_limit(server: WireServer, place: Stage) -> None:
    publish(server, place, 5)
    summary, watcher = place.with_run(limit=2).verify()
    assert (len(watcher.checks), summary.plan.over_limit) == (2, 3)
    summary, watcher = place.with_run(older_than=3600.0).verify()
    assert (len(watcher.checks), summary.plan.not_due) == (3, 2)


def test_hosts_are_asked_side_by_side_and_each_one_at_a_time(tmp_path: Path) -> None:
    place = stage(tmp_path)
    servers = [WireServer({}, address=host) for host in HOSTS]
    for index, server in enumerate(servers):
        for number in range(4):
            name = f"{index}-{number}"
            server.scripts[f"/{name}"] = answer(page(article(number)))
            write_post(place.posts, f"{name}.md", server.url(f"/{name}"), article(number))
    with servers[0], servers[1], servers[2]:
        _, watcher = place.verify()
    assert set(watcher.verdicts.values()) == {Verdict.INTACT}
    assert [server.most_at_once for server in servers] == [1, 1, 1]
