"""Runs by several processes of this machine: whole, across hosts, and with any of them killed in their midst."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from multiprocessing import Pipe
from pathlib import Path
from threading import Thread

import pytest
from loopback_kit import Collection, Loopback, alive, ports_of, verifying, wait_until, workers_of
from run_kit import Stage, article, page, stage, write_post

from preserve.audit import audit
from preserve.model import Verdict
from preserve.work.processes import LINES_AT_ONCE, Teller
from preserve.work.values import Event, FileClosed, FileLines

pytestmark = pytest.mark.timeout(120)
HELD = ("127.0.0.41", "/2")
SLOW = 0.1  # so slow a page that a run hears of an interrupt before the rest of its batch is done
HERE, THERE = "127.0.0.41", "127.0.0.42"


@pytest.fixture
def place(tmp_path: Path) -> Stage:
    return stage(tmp_path)


@pytest.fixture
def site() -> Iterator[Loopback]:
    with Loopback() as running:
        yield running


def test_several_processes_do_a_run_together(place: Stage, site: Loopback) -> None:
    made = Collection.made(site, place, hosts=6, each=5)
    with site.hold(*HELD), verifying(place) as run:
        wait_until(lambda: site.asked(*HELD), "the run to be in its midst")
        workers = workers_of(run.process.pid)
        site.release(*HELD)
        assert run.end() == 0, run.text
    assert len(workers) >= 2
    made.assert_whole()


def test_a_process_that_is_killed_has_its_batch_done_by_another(place: Stage, site: Loopback) -> None:
    made = Collection.made(site, place, hosts=4, each=6, seconds=0.02)
    with site.hold(*HELD), verifying(place) as run:
        wait_until(lambda: site.waiting() and made.count() >= 2, "the run to be in its midst")
        (victim,) = (pid for pid in workers_of(run.process.pid) if set(site.waiting()) & ports_of(pid))
        os.kill(victim, signal.SIGKILL)
        site.release(*HELD)
        assert run.end() == 0, run.text
        assert "A worker was lost" in run.text
    made.assert_whole()


def test_a_run_whose_processes_die_one_after_the_other_gives_up_and_resumes(place: Stage, site: Loopback) -> None:
    made = Collection.made(site, place, hosts=4, each=6)
    with site.hold(*HELD), verifying(place) as run:
        while run.process.poll() is None:
            for pid in workers_of(run.process.pid):
                if set(site.waiting()) & ports_of(pid):
                    os.kill(pid, signal.SIGKILL)
        assert run.end() == 2, run.text
        assert "5 working processes were lost" in run.text
        assert "Traceback" not in run.text
        site.release(*HELD)
        wait_until(lambda: not workers_of(run.process.pid), "the others to be gone")
    with verifying(place) as again:
        assert again.end() == 0, again.text
    made.assert_whole()


def test_a_coordinator_that_is_killed_takes_its_processes_with_it(place: Stage, site: Loopback) -> None:
    made = Collection.made(site, place, hosts=4, each=6, seconds=0.02)
    with site.hold(*HELD):
        with verifying(place) as run:
            wait_until(lambda: site.waiting() and made.count() >= 2, "the run to be in its midst")
            workers = workers_of(run.process.pid)
            run.kill()
        wait_until(lambda: not any(alive(pid) for pid in workers), "the processes to notice")
        wait_until(lambda: not site.waiting(), "the site to see them gone")
        site.release(*HELD)
        with verifying(place) as again:
            assert again.end() == 0, again.text
    made.assert_whole()


@pytest.mark.parametrize("whom", ["the run", "its group"])
def test_an_interrupt_ends_the_run_after_what_is_under_way(place: Stage, site: Loopback, whom: str) -> None:
    made = Collection.made(site, place, hosts=4, each=6, seconds=SLOW)
    with site.hold(*HELD), verifying(place) as run:
        wait_until(lambda: site.waiting() and made.count() >= 2, "the run to be in its midst")
        if whom == "the run":
            run.process.send_signal(signal.SIGINT)
        else:  # as a terminal does
            os.killpg(run.process.pid, signal.SIGINT)
        wait_until(lambda: "Stopping" in run.text, "the run to hear of it")
        site.release(*HELD)
        assert run.end() == 130, run.text
    assert made.count() < made.posts
    assert f"http://{HELD[0]}:{site.port}{HELD[1]}" in made.captures(), "what was under way is kept"
    with verifying(place) as again:
        assert again.end() == 0, again.text
    made.assert_whole()


def test_a_run_that_was_stopped_ends_although_its_processes_die(place: Stage, site: Loopback) -> None:
    made = Collection.made(site, place, hosts=4, each=6, seconds=SLOW)
    with site.hold(*HELD), verifying(place) as run:
        wait_until(lambda: site.waiting() and made.count() >= 2, "the run to be in its midst")
        run.process.send_signal(signal.SIGINT)
        wait_until(lambda: "Stopping" in run.text, "the run to hear of it")
        for pid in workers_of(run.process.pid):
            os.kill(pid, signal.SIGKILL)
        assert run.end() == 130, run.text
        site.release(*HELD)
    with verifying(place) as again:
        assert again.end() == 0, again.text
    made.assert_whole()


def verdicts(made: Collection) -> dict[str, Verdict]:
    return {Path(check.post).stem: check.judgement.verdict for check in made.checks()}


def assert_sound(made: Collection, posts: int) -> None:
    assert len(made.checks()) == posts
    assert made.site.log.overlaps() == []
    assert [page for page, times in made.captures().items() if times > 1] == []
    assert audit(made.place.archive).findings == []


def test_chains_that_cross_hosts_of_other_workers_never_ask_a_host_twice_at_once(place: Stage, site: Loopback) -> None:
    made = Collection.made(site, place, hosts=4, each=6, seconds=0.01)
    hosts = made.hosts
    for number in range(12):  # from each host to the next, and on to the one after
        first, second, third = (hosts[(number + step) % 4] for step in range(3))
        site.add(first, f"/from/{number}", b"", status=302, location=site.url(second, f"/over/{number}"), seconds=0.01)
        site.add(second, f"/over/{number}", b"", status=301, location=site.url(third, f"/to/{number}"), seconds=0.01)
        site.add(third, f"/to/{number}", page(article(100 + number)), seconds=0.01)
        write_post(place.posts, f"moved-{number}.md", site.url(first, f"/from/{number}"), article(100 + number))
    with verifying(place) as run:
        assert run.end() in (0, 1), run.text
    assert_sound(made, made.posts + 12)
    found = verdicts(made)
    assert {found[f"moved-{number}"] for number in range(12)} == {Verdict.MOVED} or {
        found[f"moved-{number}"] for number in range(12)
    } == {Verdict.INTACT}


def test_a_worker_killed_in_the_midst_of_a_chain_loses_nothing(place: Stage, site: Loopback) -> None:
    made = Collection.made(site, place, hosts=2, each=6, seconds=0.01)
    site.add(HERE, "/from", b"", status=302, location=site.url(THERE, "/to"))
    site.add(THERE, "/to", page(article(100)))
    write_post(place.posts, "moved.md", site.url(HERE, "/from"), article(100))
    with site.hold(THERE, "/to"), verifying(place) as run:
        wait_until(site.waiting, "the chain to come to the other host")
        (victim,) = (pid for pid in workers_of(run.process.pid) if set(site.waiting()) & ports_of(pid))
        os.kill(victim, signal.SIGKILL)
        site.release(THERE, "/to")
        assert run.end() in (0, 1), run.text
    assert_sound(made, made.posts + 1)


def test_a_robots_txt_redirected_to_another_host_is_read_there_once(place: Stage, site: Loopback) -> None:
    made = Collection.made(site, place, hosts=4, each=6, seconds=0.01)
    site.add(HERE, "/robots.txt", b"", status=301, location=site.url(THERE, "/rules"))
    site.add(THERE, "/rules", b"User-agent: *\nDisallow: /3\n", seconds=0.05)
    with verifying(place) as run:
        assert run.end() == 0, run.text
    assert_sound(made, made.posts)
    assert sum(asked.path == "/rules" for asked in site.log.all) == 1
    found = verdicts(made)
    assert found["h0-3"] is Verdict.UNCHECKED
    assert found["h0-4"] is Verdict.INTACT
    assert found["h1-3"] is Verdict.INTACT, "the rules are for the host that they were asked of"


def test_two_hosts_whose_robots_txt_lead_to_each_other_do_not_wait_for_ever(place: Stage, site: Loopback) -> None:
    made = Collection.made(site, place, hosts=2, each=6)
    for host, there, rule in ((HERE, THERE, b"/3"), (THERE, HERE, b"/4")):
        site.add(host, "/robots.txt", b"", status=301, location=site.url(there, "/rules"), seconds=0.2)
        site.add(there, "/rules", b"User-agent: *\nDisallow: %b\n" % rule)
    with verifying(place) as run:
        assert run.end() == 0, run.text
    assert_sound(made, made.posts)
    assert sum(asked.path == "/rules" for asked in site.log.all) == 2
    found = verdicts(made)
    assert sorted(post for post, verdict in found.items() if verdict is Verdict.UNCHECKED) == ["h0-3", "h1-4"]


def test_a_worker_killed_while_it_follows_a_robots_txt_loses_nothing(place: Stage, site: Loopback) -> None:
    made = Collection.made(site, place, hosts=4, each=6, seconds=0.01)
    site.add(HERE, "/robots.txt", b"", status=301, location=site.url(THERE, "/rules"))
    site.add(THERE, "/rules", b"User-agent: *\nDisallow: /3\n")
    with site.hold(THERE, "/rules"), verifying(place) as run:
        wait_until(site.waiting, "the rules to be asked for")
        (victim,) = (pid for pid in workers_of(run.process.pid) if set(site.waiting()) & ports_of(pid))
        os.kill(victim, signal.SIGKILL)
        site.release(THERE, "/rules")
        assert run.end() == 0, run.text
    assert_sound(made, made.posts)
    assert verdicts(made)["h0-3"] is Verdict.UNCHECKED


def test_a_host_that_refuses_does_not_keep_those_whose_robots_txt_leads_to_it(place: Stage, site: Loopback) -> None:
    made = Collection.made(site, place, hosts=2, each=8)
    for number in range(8):
        site.add(THERE, f"/{number}", b"no", status=403)
    site.add(HERE, "/robots.txt", b"", status=301, location=site.url(THERE, "/rules"))
    site.add(THERE, "/rules", b"User-agent: *\nDisallow: /3\n")
    for number in range(8):
        site.add(HERE, f"/via/{number}", b"", status=302, location=site.url(THERE, f"/{number}"))
        write_post(place.posts, f"via-{number}.md", site.url(HERE, f"/via/{number}"), article(200 + number))
    with verifying(place, "--jobs", "2") as run:
        assert run.end() == 1, run.text
    assert len(made.checks()) == made.posts + 8
    assert site.log.overlaps() == []


def test_the_lines_of_a_large_file_are_told_in_parts() -> None:
    here, there = Pipe()
    told: list[Event] = []

    def hear() -> None:
        while not told or not isinstance(told[-1], FileClosed):
            told.extend(here.recv())

    ears = Thread(target=hear)
    ears.start()
    lines = [f"{number:06}\n".encode() for number in range(2 * LINES_AT_ONCE + 1)]
    Teller(there).closed("a.warc.gz", iter(lines))
    ears.join()

    assert [type(event) for event in told] == [FileLines, FileLines, FileClosed]
    assert [line for event in told if isinstance(event, FileLines | FileClosed) for line in event.lines] == lines
