"""Explaining a check: what it names is what was weighed, and it stands where it is said to stand."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from run_kit import Stage, answer, article, page, stage, write_post
from wire_server import WireServer

import preserve
from preserve.compare import compare, places
from preserve.explain import Explanation, Outcome, explain
from preserve.jsonlines import check_object
from preserve.judging import weigh_post
from preserve.model import Check, Layer, Verdict
from preserve.rejudge import task_of

ELSEWHERE = "A reader's letter asks for the boat to be kept for the sake of the lighthouse school."
HIDDEN = "The old timetable hangs in the museum of the harbour office, behind glass, since March."


@dataclass(frozen=True)
class Told:
    """One run, and every check of it."""

    place: Stage
    checks: dict[str, Check]

    def explain(self, name: str) -> Explanation:
        return explain(self.checks[name], self.place.settings)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    place = stage(tmp_path_factory.mktemp("explained"))
    with WireServer({}) as server:
        changed = list(article(0))
        changed[1] = changed[1].replace("2,400", "2,300")
        meta = f'<script type="application/ld+json">{{"@type": "NewsArticle", "articleBody": "{HIDDEN}"}}</script>'
        letter = f"</article><aside><p>{ELSEWHERE}</p></aside><article>{meta}"
        server.scripts["/0"] = answer(page(changed, extra=letter))
        server.scripts["/1"] = answer(page(article(1)))
        kept = [*article(0), ELSEWHERE, HIDDEN]
        write_post(place.posts, "edited.md", server.url("/0"), kept)
        write_post(
            place.posts, "intact.md", server.url("/1"), [*article(1), "Get more RSS feeds: https://feeds.example"]
        )
        write_post(place.posts, "gone.md", server.url("/gone"), article(2))
        write_post(place.posts, "no-source.md", None, article(3))
        _, watcher = place.verify()
    for post in place.posts.iterdir():
        post.unlink()  # the archive has to do without the collection
    yield Told(place, {Path(check.post).name: check for check in watcher.checks})


def test_the_chain_ends_with_the_rule_that_decided(told: Told) -> None:
    for name, decider in (("edited.md", "edited"), ("intact.md", "intact"), ("gone.md", "status")):
        explained = told.explain(name)
        assert [rule.rule for rule in explained.rules if rule.outcome is Outcome.DECIDED] == [decider]
        assert explained.rules[-1].rule == decider
        assert explained.same


def test_silent_rules_are_named_in_the_place_they_were_tried(told: Told) -> None:
    explained = told.explain("edited.md")
    rules = [rule.rule for rule in explained.rules]
    assert rules.index("garbled") < rules.index("in-sight") < rules.index("truncated") < rules.index("edited")
    assert all(bool(rule.saw) is (rule.outcome is not Outcome.SILENT) for rule in explained.rules)
    evidence = [one.rule for one in told.checks["edited.md"].judgement.evidence]
    assert [rule.rule for rule in explained.rules if rule.outcome is not Outcome.SILENT] == evidence


def test_every_sentence_stands_where_it_is_said_to_stand(told: Told) -> None:
    explained = told.explain("edited.md")
    by_text = {sentence.text: sentence for sentence in explained.sentences}
    unchanged = by_text[article(0)[3]]
    assert (unchanged.layer, unchanged.inside) == (Layer.MAIN, Layer.VISIBLE)
    assert [place.text for place in unchanged.places] == [unchanged.text]
    assert by_text[ELSEWHERE].layer in (Layer.MAIN, Layer.VISIBLE)
    assert [place.text for place in by_text[ELSEWHERE].places] == [ELSEWHERE]


def test_a_sentence_of_the_structured_text_is_found_there(told: Told) -> None:
    (sentence,) = (one for one in told.explain("edited.md").sentences if one.text == HIDDEN)
    assert (sentence.layer, sentence.inside) == (Layer.STRUCTURED, Layer.STRUCTURED)
    assert [place.text for place in sentence.places] == [HIDDEN]


def test_a_missing_sentence_points_to_what_became_of_it(told: Told) -> None:
    (missing,) = (one for one in told.explain("edited.md").sentences if one.layer is Layer.MISSING)
    assert "2,400" in missing.text
    (place,) = missing.places
    assert place.text == missing.text.replace("2,400", "2,300")
    assert 0.9 < missing.alike < 1.0


def test_places_agree_with_the_layers_of_the_comparison(told: Told) -> None:
    for name in ("edited.md", "intact.md"):
        task = task_of(told.checks[name], told.place.settings)
        assert task is not None
        case = weigh_post(task).case
        assert case is not None
        assert case.page is not None
        found = places(case.stored, case.page)
        assert tuple(one.layer for one in found) == compare(case.stored, case.page).layers


def test_what_was_set_aside_is_named_with_its_rule(told: Told) -> None:
    explained = told.explain("intact.md")
    assert [(one.rule, one.text[:12]) for one in explained.copy_aside] == [("feed-footer", "Get more RSS")]
    assert explained.measures == told.checks["intact.md"].measures


def test_where_the_answer_decides_no_text_is_weighed(told: Told) -> None:
    explained = told.explain("gone.md")
    assert explained.judgement is not None
    assert explained.judgement.verdict is Verdict.GONE
    assert explained.sentences == ()
    assert explained.comparison is None


def test_what_was_never_asked_says_why_it_is_not_judged_again(told: Told) -> None:
    explained = told.explain("no-source.md")
    assert explained.judgement is None
    assert "nothing was captured" in explained.why_not
    assert explained.same


def documented(heading: str) -> set[str]:
    """The keys that docs/verdicts.md explains below a heading."""
    text = (Path(__file__).parent.parent / "docs" / "verdicts.md").read_text("utf-8")
    section = re.split(r"\n##", text.split(f"\n{heading}\n")[1])[0]
    cells = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    return {key for cell in cells for key in re.findall(r"`(\w+)`", cell)}


def command(told: Told, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(preserve.__file__).parent.parent), "COLUMNS": "80"}
    return subprocess.run(
        [sys.executable, "-P", "-m", "preserve", *words, "--archive", str(told.place.archive)],
        capture_output=True,
        text=True,
        env=environment | {"NO_COLOR": "1"},
        check=False,
        timeout=100,
    )


def test_the_command_prints_it_within_the_terminal(told: Told) -> None:
    done = command(told, "explain", "edited.md")
    assert done.returncode == 0, done.stderr
    for title in ("Rules tried", "Sentences of the stored copy", "Measures"):
        assert title in done.stdout
    assert "● edited" in done.stdout
    assert "1 missing" in done.stdout
    assert max(map(len, done.stdout.splitlines()[1:])) <= 80


def test_json_has_the_places_beside_the_check(told: Told) -> None:
    said = json.loads(command(told, "explain", "edited.md", "--json").stdout)
    assert said["verdict"] == said["verdict_today"] == "edited"
    assert said["same"] is True
    assert said["record_id"].startswith("urn:uuid:")
    assert said["rules_tried"][-1] == {
        "rule": "edited",
        "outcome": "decided",
        "saw": said["evidence"][-1]["saw"],
    }
    assert documented("### The keys of `explain --json`") - {"places"} == set(said) - set(
        check_object(told.checks["edited.md"])
    )
    missing = [sentence for sentence in said["sentences"] if sentence["layer"] == "missing"]
    assert [place["text"].count("2,300") for sentence in missing for place in sentence["places"]] == [1]
