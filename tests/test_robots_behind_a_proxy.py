"""What a proxy says for a host that it could not reach is not that host's robots.txt."""

from __future__ import annotations

import threading

import pytest
from run_kit import answer, article, page
from wire_server import WireServer

from preserve.fetch import HttpFetcher, system_tools
from preserve.model import FailureKind
from preserve.settings import FetchSettings

SOURCE = "http://far.example/a"


def visit(robots_status: str) -> tuple[list[str], FailureKind | None]:
    """What was asked of a proxy that answers robots.txt with `robots_status`, and how the visit ended."""
    scripts = {
        "http://far.example/robots.txt": answer(b"", status=robots_status),
        SOURCE: answer(page(article(1))),
    }
    with WireServer(scripts) as proxy:
        settings = FetchSettings(delay=0.0, tries=1, proxy=proxy.url(""))
        fetcher = HttpFetcher(settings, system_tools(settings, threading.Event(), {}))
        capture = fetcher.fetch(SOURCE).capture
        return proxy.targets, capture.failure.kind if capture.failure else None


@pytest.mark.parametrize("status", ["502 Bad Gateway", "504 Gateway Timeout"])
def test_a_gateway_error_leaves_it_to_the_source_to_show(status: str) -> None:
    targets, failure = visit(status)
    assert targets == ["http://far.example/robots.txt", SOURCE]
    assert failure is None


def test_a_server_error_of_the_host_still_refuses() -> None:
    targets, failure = visit("500 Oops")
    assert targets == ["http://far.example/robots.txt"]
    assert failure is FailureKind.ROBOTS
