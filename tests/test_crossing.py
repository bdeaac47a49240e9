"""Visits that wait for their turn at another host, when that host is given up meanwhile."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from loopback_kit import Collection, Loopback
from run_kit import Watcher, environment, stage

from preserve.fetch import Fetcher, HttpFetcher, Journey, Validators, Visit, system_tools
from preserve.model import Reason, Verdict
from preserve.settings import RunSettings
from preserve.verify.run import verify
from preserve.verify.tools import Tools
from preserve.work.hiring import own

HERE, THERE = "127.0.0.41", "127.0.0.42"


@dataclass
class InTurn:
    """A fetcher that begins at one host while a page of the other is out, and lets that end once the visit is back."""

    inner: Fetcher
    waits: str  # the page
    is_out: threading.Event = field(default_factory=threading.Event)
    handed_back: threading.Event = field(default_factory=threading.Event)

    def fetch(self, source: str, validators: Validators | None = None, *, within: str = "") -> Visit:
        if within == HERE:
            assert self.is_out.wait(30)
        if source == self.waits:
            self.is_out.set()
            assert self.handed_back.wait(30)
        return self.inner.fetch(source, validators, within=within)

    def resume(self, journey: Journey, *, within: str) -> Visit:
        return self.inner.resume(journey, within=within)

    def probe(self, url: str, *, within: str = "") -> Visit:
        return self.inner.probe(url, within=within)

    def ready_in(self, host: str) -> float:
        if host == HERE:  # asked once what came of the visit was told
            self.handed_back.set()
        return self.inner.ready_in(host)

    def close(self) -> None:
        self.inner.close()


@pytest.mark.timeout(60)
def test_a_host_is_not_kept_for_a_robots_txt_at_a_host_that_was_given_up(tmp_path: Path) -> None:
    with Loopback() as site:
        place = stage(tmp_path)
        made = Collection.made(site, place, hosts=2, each=8)
        for number in range(8):
            site.add(THERE, f"/{number}", b"no", status=403)
        site.add(HERE, "/robots.txt", b"", status=301, location=site.url(THERE, "/rules"))
        site.add(THERE, "/rules", b"User-agent: *\nDisallow: /3\n")
        tools = system_tools(place.settings.fetch, threading.Event(), environment(), seed="test")
        last_straw = site.url(THERE, f"/{RunSettings().incident_least - 1}")
        fetcher = InTurn(HttpFetcher(place.settings.fetch, tools), last_straw)
        run_tools = Tools(own(fetcher, tools), tools.clock, tools.stop, "preserve/test")
        watcher = Watcher()
        verify((str(place.posts),), place.settings, run_tools, watcher)
        assert sorted(Counter(check.post for check in watcher.checks).values()) == [1] * made.posts
        here = [check.judgement for check in watcher.checks if "/h0-" in check.post]
        given_up = [judgement for judgement in here if judgement.reason is Reason.HOST_INCIDENT]
        assert len(given_up) >= 1, "the visit that waited there"
        assert sum(judgement.verdict is Verdict.INTACT for judgement in here) >= 6
        assert site.log.overlaps() == []
