"""A host that fails as a whole is one incident, and is left alone."""

from __future__ import annotations

from preserve.model import Judgement, Reason, Verdict
from preserve.settings import RunSettings
from preserve.verify.hosts import HostState

SETTINGS = RunSettings(incident_share=0.3, incident_least=5)
BLOCKED = Judgement(Verdict.BLOCKED, Reason.FORBIDDEN)
GONE = Judgement(Verdict.GONE, Reason.NOT_FOUND)
INTACT = Judgement(Verdict.INTACT)


def host(*judgements: Judgement) -> HostState:
    state = HostState("news.example")
    for judgement in judgements:
        state.note(judgement)
    return state


def test_more_than_thirty_percent_alike_is_an_incident() -> None:
    found = host(*[GONE] * 6, *[INTACT] * 13).incident(SETTINGS)
    assert found is not None
    assert (found.verdict, found.count, found.of) == (Verdict.GONE, 6, 19)


def test_thirty_percent_is_not_more_than_thirty_percent() -> None:
    assert host(*[GONE] * 6, *[INTACT] * 14).incident(SETTINGS) is None


def test_a_few_failures_of_a_small_host_are_not_an_incident() -> None:
    assert host(*[GONE] * 4).incident(SETTINGS) is None


def test_failures_of_different_kinds_do_not_add_up() -> None:
    mixed = [BLOCKED, GONE] * 4
    assert host(*mixed, *[INTACT] * 8).incident(SETTINGS) is None


def test_a_host_that_blocks_five_times_in_a_row_is_left_alone() -> None:
    assert host(*[BLOCKED] * 5).must_stop(SETTINGS)
    assert not host(*[BLOCKED] * 4).must_stop(SETTINGS)


def test_an_answer_in_between_goes_on() -> None:
    assert not host(*[BLOCKED] * 4, INTACT, *[BLOCKED] * 4).must_stop(SETTINGS)


def test_gone_pages_never_stop_the_asking() -> None:
    assert not host(*[GONE] * 50).must_stop(SETTINGS)
