"""The ratchet: a sample of the evaluation set, judged in this process, may only get better.

`make evaluate` runs the whole set through the command line; this takes every ninth case that needs no network
behaviour, so that a change of the rules which costs quality fails here, within seconds. Skipped where the set is not
beside the checkout.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from preserve.jsonlines import change_object
from preserve.judging import judge_capture
from preserve.model import Capture, Exchange, ExchangeRole
from preserve.settings import ArchiveSettings, Settings
from preserve.tasks import JudgedPost, JudgeTask, PostBytes
from preserve.times import SystemClock
from preserve.warc import ArchiveWriter

SET = Path(__file__).parent.parent.parent / "shared" / "evaluation"
FLOORS = Path(__file__).parent / "quality_floors.json"
EVERY = 9
AT = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.skipif(not (SET / "truth.jsonl").is_file(), reason="the evaluation set is not here")


@dataclass(frozen=True)
class Sample:
    """The cases that are played, and the site they are played on."""

    cases: list[dict[str, Any]]
    site: dict[str, Any]

    def answer(self, case: dict[str, Any]) -> dict[str, Any] | None:
        """What the case's address answers in epoch 2; None where it takes a network to play it."""
        rule: dict[str, Any] = self.site["urls"].get(case["url"].partition("://")[2], {})
        plain = rule.get("body") and "behaviour" not in rule and "content_encoding" not in rule
        return rule if plain and rule.get("status", 200) == 200 and not rule.get("pad_bytes") else None


def sample() -> Sample:
    truth = [json.loads(line) for line in (SET / "truth.jsonl").read_text("utf-8").splitlines()]
    played = Sample(truth, json.loads((SET / "site.json").read_text("utf-8")))
    chosen = [case for case in truth if played.answer(case) is not None and not case.get("group")]
    return Sample(sorted(chosen, key=lambda case: str(case["id"]))[::EVERY], played.site)


def body_of(name: str) -> bytes:
    data = (SET / name).read_bytes()
    return gzip.decompress(data) if name.endswith(".gz") else data


def capture_of(case: dict[str, Any], headers: dict[str, str], body: bytes) -> Capture:
    fields = tuple(headers.items())
    head = "HTTP/1.1 200 OK\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n"
    exchange = Exchange(
        url=case["url"],
        role=ExchangeRole.SOURCE,
        attempt=1,
        started_at=AT,
        seconds=0.0,
        request=b"",
        response=head.encode("latin-1") + body,
        head_end=len(head),
        status=200,
        reason="OK",
        headers=fields,
    )
    return Capture(case["url"], case["url"], (exchange,))


def result_of(case: dict[str, Any], post: JudgedPost) -> dict[str, Any]:
    judgement = post.judgement
    return {
        "post": case["post"],
        "verdict": judgement.verdict.value,
        "reason": judgement.reason.value if judgement.reason else None,
        "nature": [nature.value for nature in judgement.natures],
        "changes": [change_object(change) for change in judgement.changes],
        "since_last": post.since_last
        and {
            "changed": post.since_last.changed,
            "changes": [change_object(change) for change in post.since_last.changes],
        },
    }


def play(chosen: Sample, archive: Path) -> list[dict[str, Any]]:
    results = []
    html = {"Content-Type": "text/html; charset=utf-8"}
    with ArchiveWriter(ArchiveSettings(directory=str(archive)), clock=SystemClock(), info={}) as writer:
        for case in chosen.cases:
            rule = chosen.answer(case)
            assert rule is not None
            before = body_of(chosen.site["epoch1"][case["url"].partition("://")[2]])
            first = writer.append_capture(capture_of(case, html, before))
            second = writer.append_capture(capture_of(case, rule["headers"], body_of(rule["body"])))
            data = (SET / "posts" / case["post"]).read_bytes()
            task = JudgeTask(
                str(archive), second, (PostBytes(case["post"], data),), first, None, frozenset(), Settings()
            )
            results.append(result_of(case, judge_capture(task).posts[0]))
    return results


def score(chosen: Sample, results: list[dict[str, Any]], folder: Path) -> dict[str, float]:
    truth, found, out = folder / "truth.jsonl", folder / "results.jsonl", folder / "score.json"
    truth.write_text("".join(json.dumps(case) + "\n" for case in chosen.cases), "utf-8")
    found.write_text("".join(json.dumps(result) + "\n" for result in results), "utf-8")
    command = [sys.executable, str(SET / "score.py"), str(truth), str(found), "--json", str(out)]
    subprocess.run(command, check=True, capture_output=True)
    scored = json.loads(out.read_text("utf-8"))
    scored |= {f"since_{name}": value for name, value in scored.pop("since").items()}
    return {name: value for name, value in scored.items() if name in json.loads(FLOORS.read_text("utf-8"))["least"]}


@pytest.mark.timeout(300)
def test_the_sample_is_judged_as_well_as_it_ever_was(tmp_path: Path) -> None:
    floors = json.loads(FLOORS.read_text("utf-8"))
    digest = hashlib.sha256((SET / "truth.jsonl").read_bytes()).hexdigest()
    if digest != floors["truth_sha256"]:
        pytest.skip("the floors are of another evaluation set")
    chosen = sample()
    scored = score(chosen, play(chosen, tmp_path / "archive"), tmp_path)
    fallen = {
        name: (scored[name], least)
        for name, least in floors["least"].items()
        if (scored[name] > least if "false_alarm" in name else scored[name] < least)
    }
    assert not fallen, f"figure: (found, floor) {fallen}"
