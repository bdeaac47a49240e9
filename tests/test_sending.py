"""What goes from process to process arrives equal, of the same class, frozen, and can be copied."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, fields, replace

import pytest
from hypothesis import given
from ledger_samples import EDIT, SOURCE, Sample, capture_of, check_of
from test_ledger_values import checks

from preserve.model import Check, Precedent, Span
from preserve.sending import sent
from preserve.settings import Settings
from preserve.tasks import Judged, JudgedPost, JudgeTask, PostBytes
from preserve.work.values import Back, Batch, Concluded, Fetched, Kind, Order


@sent
@dataclass(frozen=True, slots=True)
class One:
    """Holds one thing."""

    thing: tuple[int, ...]


CAPTURE = capture_of(Sample())
POST = PostBytes("a.md", b"the post")
EARLIER = Precedent(replace(check_of(Sample()), capture=CAPTURE), "", "1")
ORDER = Order(7, Kind.SOURCE, SOURCE, (POST,), last=CAPTURE, precedents={"a.md": EARLIER})
SENT = [
    Batch("a.example", (ORDER,), is_last=True),
    Fetched(7, CAPTURE, beside=(CAPTURE,)),
    Concluded(7, Judged((JudgedPost("a.md", "sha256:00", EDIT),), text_digest="sha256:00"), frozenset({"sha256:01"})),
    Back("a.example", (8, 9), 1.5),
    JudgeTask("warcs", CAPTURE, (POST,), None, CAPTURE, frozenset({"sha256:00"}), Settings()),
    Span(1, 2, 3),
    One((1, 2)),
]


@pytest.mark.parametrize("value", SENT, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("way", [lambda value: pickle.loads(pickle.dumps(value)), copy.copy, copy.deepcopy])
def test_a_value_arrives_as_it_was(value: object, way: Callable[[object], object]) -> None:
    arrived = way(value)
    assert type(arrived) is type(value)
    assert arrived == value
    with pytest.raises(FrozenInstanceError):
        setattr(arrived, fields(arrived)[0].name, 0)  # type: ignore[arg-type]


def test_what_is_there_twice_is_sent_once() -> None:
    arrived = pickle.loads(pickle.dumps(ORDER))
    assert arrived.precedents["a.md"].check.capture is arrived.last


@given(checks())
def test_any_check_arrives_as_it_was(check: Check) -> None:
    assert pickle.loads(pickle.dumps(check)) == check
