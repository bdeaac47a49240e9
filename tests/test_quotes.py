"""The quote check over real runs: a quotation that was there, was changed, was taken out, and came back."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from run_kit import Stage, answer, article, page, stage, write_post
from test_selectors import check_vocabulary
from wire_server import WireServer

import preserve
from preserve.model import Verdict
from preserve.quotations import Grade, Quotation
from preserve.quotes import Checked, Layer, Scope, SightState, Standing, check_quotations
from preserve.quotes.pool import spread
from preserve.settings import JudgeSettings
from preserve.warc import read_block

TAKEN = "the decision was taken without asking the islanders"
LETTER = "the old boat was painted blue by her own father"
ZH = (
    "青石县的渡轮自一九五三年起每天往返六次，船票至今只要两元。",
    "县长昨日在会上说：“渡轮不会停开，居民可以放心。”会场里响起了掌声。",
    "渔民老周告诉记者，他每天早上都坐第一班船去对岸卖鱼，二十年没有变过。",
    "新桥预计明年秋天通车，届时渡轮将改为观光路线。",
)
KEPT = "Nobody had asked the pilots what the fog does to the narrow channel in the early morning."
WALL = (
    "<div class='paywall'><h2>Subscribe to continue reading</h2><p>This article is for subscribers only."
    " Already a subscriber? <a href='/login'>Log in</a></p></div>"
)
MANUSCRIPT = f"""\
The paper wrote that “{TAKEN}”, and “{LETTER}”.

县长说：「渡轮不会停开，居民可以放心」；而老周「每天早上都坐第一班船去对岸卖鱼」。據報「新橋預計明年秋天通車」。

> Report 2: The council voted on Tuesday […] since 1921.

A “bus” came. “The last boat will leave the village quay at ten in the evening.” “This was never printed by anybody
at all.” “{KEPT}”
"""


@dataclass(frozen=True)
class Told:
    """Four runs over four posts: as kept, edited, shortened, restored."""

    place: Stage

    def check(self, *quoted: str, scope: Scope | None = None, workers: int = 1) -> list[Checked]:
        settings = replace(self.place.settings, judge=JudgeSettings(workers=workers))
        with self.place.ledger() as ledger:
            asked = [Quotation(text) for text in quoted]
            return list(check_quotations(asked, ledger, settings, scope or Scope()))

    def states(self, quoted: str) -> list[SightState]:
        (checked,) = self.check(quoted)
        return [sight.state for sight in checked.places[0].sights]

    def command(self, *words: str, width: int = 100) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(Path(preserve.__file__).parent.parent), "NO_COLOR": "1"}
        return subprocess.run(
            [sys.executable, "-P", "-m", "preserve", "quote", *words, "--archive", str(self.place.archive)],
            capture_output=True,
            text=True,
            env=environment | {"COLUMNS": str(width)},
            check=False,
            timeout=100,
            cwd=self.place.folder,
        )


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    place = stage(tmp_path_factory.mktemp("quoted"))
    first = article(0)
    changed = [part.replace("was taken", "was not taken") for part in first]
    shorter = [part for part in first if "was taken" not in part]
    letter = f"<aside><p>A reader writes that {LETTER}.</p></aside>"
    zh = [ZH[0], ZH[1].replace("不会停开", "会停开"), ZH[3]]
    walled = [
        article(4)[0].replace("Tuesday", "Monday"),
        article(4)[1],
        "Report 4: The harbour master, Ingrid Sole, said…",
    ]
    with WireServer({}) as server:
        write_post(place.posts, "ferry.md", server.url("/0"), first)
        write_post(place.posts, "渡轮.md", server.url("/1"), ZH, title="青石渡轮")
        write_post(place.posts, "gone.md", server.url("/2"), article(2))
        write_post(place.posts, "longer.md", server.url("/3"), [*article(3), KEPT])
        server.scripts["/3"] = answer(page(article(3)))
        write_post(place.posts, "wall.md", server.url("/4"), article(4))
        write_post(place.posts, "down.md", server.url("/5"), article(5))
        for english, chinese, there in ((first, ZH, 1), (changed, zh, 1), (shorter, zh, 0), (first, zh, 0)):
            server.scripts["/0"] = answer(page(english, extra=letter))
            server.scripts["/1"] = answer(page(chinese, title="青石渡轮"))
            server.scripts["/4"] = answer(page(article(4)) if there else page(walled, extra=WALL))
            server.scripts["/5"] = answer(
                page(article(5)) if there else b"", status="200 OK" if there else "403 Forbidden"
            )
            server.scripts["/2"] = answer(page(article(2))) if there else answer(b"<h1>Gone</h1>", status="410 Gone")
            place.verify(new_run=True)
    (place.folder / "notes.md").write_text(MANUSCRIPT, "utf-8")
    for post in place.posts.iterdir():
        post.unlink()  # the archive has to do without the collection
    yield Told(place)


def test_a_quotation_is_followed_through_every_capture(told: Told) -> None:
    assert told.states(TAKEN) == [
        SightState.STANDS,
        SightState.REWORDED,
        SightState.ABSENT,
        SightState.STANDS,
    ]
    (checked,) = told.check(TAKEN)
    assert checked.standing is Standing.STANDS
    assert checked.places[0].stored is not None
    assert checked.places[0].stored.grade is Grade.VERBATIM


def test_since_when_not_is_the_first_capture_without_it_after_the_last_with_it(told: Told) -> None:
    (checked,) = told.check("渡轮不会停开，居民可以放心")
    (place,) = checked.places
    assert checked.standing is Standing.REWORDED
    assert (place.last_with, place.first_without) == (place.sights[0], place.sights[1])
    assert place.nearest is not None
    assert [(one.quoted, one.found) for one in place.nearest.pieces if not one.same] == [("不", "")]


def test_what_was_taken_out_is_removed_and_the_stored_copy_has_it(told: Told) -> None:
    (checked,) = told.check("他每天早上都坐第一班船去对岸卖鱼")
    assert checked.standing is Standing.REMOVED
    assert checked.places[0].stored is not None
    assert checked.places[0].stored.grade.stands


def test_an_article_that_is_gone_is_not_an_edit(told: Told) -> None:
    (checked,) = told.check("Report 2: The council voted on Tuesday")
    assert checked.standing is Standing.PAGE_GONE
    assert [sight.verdict for sight in checked.places[0].sights] == [Verdict.INTACT] * 2 + [Verdict.GONE] * 2
    assert checked.places[0].first_without is checked.places[0].sights[2]


def test_what_can_not_be_seen_is_not_called_gone(told: Told) -> None:
    """Behind a wall, or at a source that refuses to answer, a quotation may stand or not."""
    for quoted, verdict in (
        ("Report 4: The last boat will leave the town quay", Verdict.TRUNCATED),
        ("Report 5: The council voted on Tuesday", Verdict.BLOCKED),
    ):
        (checked,) = told.check(quoted)
        (place,) = checked.places
        assert [sight.verdict for sight in place.sights] == [Verdict.INTACT] * 2 + [verdict] * 2
        assert checked.standing is Standing.UNSEEN
        assert (place.last_with, place.first_without) == (place.sights[1], None)
    for quoted, standing in (
        ("Report 4: About 2,400 people a month use the boat", Standing.STANDS),
        ("Report 4: The council voted on Tuesday to close the ferry line", Standing.REWORDED),
        ("Report 4: The harbour master, Ingrid Sole, said that the decision", Standing.UNSEEN),  # cut in its middle
    ):
        (checked,) = told.check(quoted)
        assert checked.places[0].sights[-1].verdict is Verdict.TRUNCATED
        assert checked.standing is standing


def test_what_stands_beside_the_article_is_found_on_the_page(told: Told) -> None:
    (checked,) = told.check(LETTER)
    assert checked.standing is Standing.STANDS
    assert {sight.layer for sight in checked.places[0].sights} == {Layer.VISIBLE}


def test_what_only_the_stored_copy_has_never_stood_at_the_source(told: Told) -> None:
    (checked,) = told.check(KEPT)
    (place,) = checked.places
    assert checked.standing is Standing.REMOVED
    assert (place.last_with, place.first_without) == (None, place.sights[0])


def test_a_misquotation_is_told_with_the_nearest_wording(told: Told) -> None:
    (checked,) = told.check("Report 0: The last boat will leave the village quay at ten in the evening")
    assert checked.standing is Standing.MISQUOTED
    nearest = checked.places[0].nearest
    assert nearest is not None
    assert [(one.quoted.strip(), one.found.strip()) for one in nearest.pieces if not one.same] == [
        ("village", "town"),
        ("ten", "nine"),
    ]


def test_one_post_gives_the_same_as_the_whole_archive(told: Told) -> None:
    post = str(told.place.posts / "ferry.md")
    (narrow,), (wide,) = told.check(TAKEN, scope=Scope((post,))), told.check(TAKEN)
    for one, other in zip(narrow.places[0].sights, wide.places[0].sights, strict=True):
        assert (one.state, one.layer) == (other.state, other.layer)
        assert one.match is not None
        assert other.match is not None
        assert (one.match.grade, one.match.wording) == (other.match.grade, other.match.wording)


def test_positions_count_in_the_record_that_is_named(told: Told) -> None:
    (checked,) = told.check(TAKEN)
    last = checked.places[0].sights[-1]
    assert last.text is not None
    assert last.match is not None
    text = read_block(told.place.archive, last.text).decode()
    ((start, end),) = last.match.spans
    assert text[start:end] == TAKEN


def test_the_link_leads_to_the_words(told: Told) -> None:
    (checked,) = told.check(TAKEN)
    place = checked.places[0]
    assert place.fragment_unique
    assert place.fragment == f"{place.url}#:~:text={TAKEN.replace(' ', '%20')}"


def test_many_are_checked_in_processes_as_in_one(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    quoted = [TAKEN, LETTER, KEPT, "渡轮不会停开，居民可以放心"]
    alone = told.check(*quoted)
    for name in ("preserve.quotes.pool.WORTH", "preserve.quotes.checking.PORTIONS_WORTH"):
        monkeypatch.setattr(name, 1)
    assert told.check(*quoted, workers=2) == alone


def test_work_is_done_elsewhere_where_it_pays() -> None:
    tasks = ["/proc/self"] * 3
    alone = {path for _, path in spread(os.path.realpath, tasks, 2, worth=4)}
    elsewhere = {path for _, path in spread(os.path.realpath, tasks, 2, worth=3)}
    assert alone == {f"/proc/{os.getpid()}"}
    assert not alone & elsewhere


def objects(told: Told, *words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in told.command(*words, "--json").stdout.splitlines()]


def standings(lines: Sequence[dict[str, Any]]) -> list[str]:
    return [line["standing"] for line in lines]


def test_a_manuscript_through_the_command(told: Told) -> None:
    lines = objects(told, "--file", "notes.md")
    assert standings(lines) == [
        "stands",
        "stands",
        "reworded",
        "removed",
        "stands",
        "page-gone",
        "short",
        "misquoted",
        "nowhere",
        "removed",
    ]
    assert lines[4]["places"][0]["captures"][-1]["text"]["grade"] == "script-variant"
    assert [line["line"] for line in lines] == [1, 1, 3, 3, 3, 5, 7, 7, 7, 8]


@pytest.mark.parametrize("width", [80, 120])
def test_what_is_printed(told: Told, width: int) -> None:
    done = told.command("--file", "notes.md", width=width)
    assert done.returncode == 1, done.stderr
    text = re.sub(r"\s+", " ", done.stdout)
    assert all(len(line) <= width for line in done.stdout.splitlines())
    assert f"✓ stands 1 “{TAKEN[:30]}" in text
    assert "渡轮[−不−]会停开，居民可以放心 (negation)" in text
    assert "The last boat will leave the [−village−]{+town+} quay at [−ten−]{+nine+} in the evening" in text
    assert "not looked for: “bus”" in text
    assert "? nowhere 7" in text
    assert "10 quotations 3 ✓ stand at their sources 1 ≠ reworded" in text


def test_one_quotation_is_told_with_its_history(told: Told) -> None:
    done = told.command(f"“{TAKEN}”")
    assert done.returncode == 0, done.stderr
    assert ", but not " in done.stdout  # it was missing for a while
    assert [line.split()[2:4] for line in done.stdout.splitlines() if re.match(r" +20\d\d-", line)] == [
        ["✓", "stands"],
        ["≠", "reworded"],
        ["−", "not"],
        ["✓", "stands"],
    ]
    assert "#:~:text=the%20decision" in done.stdout


def test_annotations_are_written_for_what_stood_at_a_source(told: Told, tmp_path: Path) -> None:
    path = tmp_path / "found.jsonld"
    told.command("--file", "notes.md", "--annotations", str(path))
    made = json.loads(path.read_text("utf-8"))
    assert check_vocabulary(made) > 20
    assert made["total"] == len(made["first"]["items"]) == 6
    for item in made["first"]["items"]:
        targets = item["target"] if isinstance(item["target"], list) else [item["target"]]
        for target in targets:
            assert target["selector"][0]["exact"]
            assert target["state"]["cached"].startswith("urn:uuid:")


def test_every_key_of_the_json_is_documented_and_no_other(told: Told) -> None:
    docs = (Path(__file__).parent.parent / "docs" / "quotes.md").read_text("utf-8")
    section = docs.split("## The keys of `--json`")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    documented = {key for cell in cells for key in re.findall(r"`(\w+)`", cell)}
    written: set[str] = set()

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            written.update(value)
        for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            collect(one)

    collect(objects(told, "--file", "notes.md"))
    assert documented == written


def test_every_standing_grade_and_state_is_documented() -> None:
    docs = (Path(__file__).parent.parent / "docs" / "quotes.md").read_text("utf-8")
    for word in (*Standing, *Grade, *SightState, *Layer):
        assert f"`{word.value}`" in docs  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "nothing to check"),
        (("",), "empty quotation"),
        (("--file", "no-such-file.md"), "can't be read"),
        (("words", "--post", "no-such-post"), "no such post"),
    ],
)
def test_mistakes_are_told(told: Told, words: tuple[str, ...], said: str) -> None:
    done = told.command(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_manuscript_without_quotations_and_one_that_is_no_text(told: Told, tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_text("Nothing is quoted here.\n", "utf-8")
    (tmp_path / "bytes.md").write_bytes(b"\xff\xfe\x00")
    done = told.command("--file", str(tmp_path / "plain.txt"))
    assert (done.returncode, done.stdout) == (0, "No quotations in it.\n")
    assert "not UTF-8" in told.command("--file", str(tmp_path / "bytes.md")).stderr


def test_a_manuscript_can_not_steer_the_terminal(told: Told, tmp_path: Path) -> None:
    path = tmp_path / "hostile.md"
    path.write_text("“the boat \x1b[31mwill \u202e leave the quay now or never”\n", "utf-8")
    shown = told.command("--file", str(path)).stdout
    assert "the boat" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
