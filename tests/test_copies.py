"""The same source kept several times: dated witnesses, compared without the network or the post files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from run_kit import Stage, article, stage

import preserve
from preserve.copies import RELATED, Timeline, timeline
from preserve.model import Nature
from preserve.settings import Settings

# A public name that never resolves (RFC 6761, section 6.4) and is not asked: the copies are witnessed all the same.
SOURCE = "http://council.invalid/ferry"
OTHER = "http://council.invalid/other"
ANOTHER_TEXT = (
    "Ninety beekeepers met in the old tannery at Wenlow to weigh the first honey of the summer.",
    "The heaviest jar came from a garden behind the railway, where lime trees stand in two rows.",
    "Nobody was stung, said the secretary, which she called a disappointing sign of a cold June.",
)


def post(
    place: Stage, name: str, date: str, paragraphs: tuple[str, ...], *, url: str = SOURCE, title: str = ""
) -> None:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    front = f'title: "{title or "Ferry line to close"}"\n' + (f"date: {date}\n" if date else "") + f"from: {url}\n"
    (place.posts / name).write_text(f"---\n{front}---\n<div>{body}</div>\n", "utf-8")


@dataclass(frozen=True)
class Kept:
    """One run over a source kept seven times, and one kept once."""

    place: Stage
    timeline: Timeline


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    place = stage(tmp_path_factory.mktemp("kept"))
    first = article(0)
    corrected = (first[0], first[1].replace("2,400", "2,300"), *first[2:])
    post(place, "c-corrected.md", "2020-05-08 09:30:00 +0200", corrected)
    post(place, "a-first.md", "2020-05-06", first)
    post(place, "b-again.md", "2020-05-07T01:00:00Z", first)
    post(place, "d-longer.md", "2020-05-09", (*corrected, "The council will look at the matter again in the spring."))
    post(place, "2020-05-10-e-other-text.md", "", ANOTHER_TEXT, url=SOURCE + "/")
    post(place, "f-empty.md", "2020-05-11", (), url="https" + SOURCE[4:])
    post(place, "g-undated.md", "", ANOTHER_TEXT, title=r"\e[31mA last word\u202e")
    post(place, "alone.md", "2020-05-06", first, url=OTHER)
    place.verify()
    for path in place.posts.iterdir():
        path.unlink()  # the witnesses are in the archive
    with place.ledger() as ledger:
        return Kept(place, timeline(ledger.checks_of_source(SOURCE), place.settings))


def names(found: Timeline) -> list[str]:
    return [Path(witness.post).name for witness in found.witnesses]


def test_witnesses_stand_by_their_front_matter_date(kept: Kept) -> None:
    assert names(kept.timeline) == [
        "a-first.md",
        "b-again.md",
        "c-corrected.md",
        "d-longer.md",
        "2020-05-10-e-other-text.md",  # by its name
        "f-empty.md",
        "g-undated.md",
    ]


def test_each_copy_is_compared_with_the_next_that_has_a_text(kept: Kept) -> None:
    assert [(step.older, step.newer) for step in kept.timeline.steps] == [(0, 1), (1, 2), (2, 3), (3, 4), (4, 6)]
    assert kept.timeline.witnesses[5].problem
    assert kept.timeline.witnesses[5].record is not None


def test_differences_are_told_with_the_older_copy_as_old(kept: Kept) -> None:
    same, number, added, unrelated, renamed = kept.timeline.steps
    assert same.changes == ()
    assert same.shared == 1.0
    assert [(change.old, change.new) for change in number.changes] == [("2,400", "2,300")]
    assert Nature.NUMBER in number.natures
    assert [change.new for change in added.changes] == ["The council will look at the matter again in the spring."]
    assert unrelated.shared < RELATED
    assert not unrelated.related
    assert unrelated.changes == ()
    assert renamed.natures == (Nature.HEADLINE,)


def test_spellings_of_one_source_are_one(kept: Kept) -> None:
    with kept.place.ledger() as ledger:
        (source,) = ledger.sources_kept_several_times()
        assert source.posts == len(kept.timeline.witnesses)
        for spelling in (SOURCE, SOURCE + "/", "https" + SOURCE[4:]):
            assert len(ledger.checks_of_source(spelling)) == source.posts
        assert len(ledger.checks_of_source(OTHER)) == 1


def test_one_copy_makes_a_timeline_without_steps(kept: Kept) -> None:
    with kept.place.ledger() as ledger:
        alone = timeline(ledger.checks_of_source(OTHER), kept.place.settings)
    assert (len(alone.witnesses), alone.steps) == (1, ())


def test_a_post_that_could_not_be_read_is_a_witness_without_text(tmp_path: Path) -> None:
    place = stage(tmp_path)
    (place.posts / "2020-05-06-torn.md").write_text("---\ntitle: a\n  nothing: [\n- here\n---\ntext\n", "utf-8")
    _, watcher = place.verify()
    found = timeline(watcher.checks, Settings(archive=place.settings.archive))
    (witness,) = found.witnesses
    assert witness.problem
    assert witness.date == "2020-05-06"
    assert found.steps == ()


def command(kept: Kept, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(preserve.__file__).parent.parent), "COLUMNS": "80"}
    return subprocess.run(
        [sys.executable, "-P", "-m", "preserve", "copies", *words, "--archive", str(kept.place.archive)],
        capture_output=True,
        text=True,
        env=environment | {"NO_COLOR": "1"},
        check=False,
        timeout=100,
    )


def test_without_a_post_the_command_lists_what_is_kept_several_times(kept: Kept) -> None:
    shown = command(kept)
    assert shown.returncode == 0, shown.stderr
    assert "    7  " in shown.stdout
    assert OTHER not in shown.stdout
    (line,) = command(kept, "--json").stdout.splitlines()
    assert len(json.loads(line)["posts"]) == 7


def test_the_command_takes_a_post_or_its_source_and_says_each_source_once(kept: Kept) -> None:
    by_post = command(kept, "a-first.md", "c-corrected.md")
    assert by_post.returncode == 0, by_post.stderr
    assert by_post.stdout == command(kept, SOURCE).stdout
    assert "kept 7 times" in by_post.stdout
    assert "1 → 2  the same text" in by_post.stdout
    assert "4 → 5  another text" in by_post.stdout
    assert "2,300" in by_post.stdout
    assert "no such post" in command(kept, "never-kept").stderr


def test_json_has_copies_and_steps(kept: Kept) -> None:
    (line,) = command(kept, SOURCE, "--json").stdout.splitlines()
    said = json.loads(line)
    docs = (Path(__file__).parent.parent / "docs" / "verdicts.md").read_text("utf-8")
    section = docs.split("### The keys of `copies --json`")[1].split("\n##")[0]
    assert set(re.findall(r"`(\w+)`", section)) == {"posts", *said, *said["copies"][0], *said["steps"][0]}
    assert len(said["copies"]) == 7
    assert said["copies"][0]["stored_record_id"].startswith("urn:uuid:")
    assert [step["related"] for step in said["steps"]] == [True, True, True, False, True]
    assert said["steps"][1]["changes"][0]["old"] == "2,400"


def test_a_title_can_not_steer_the_terminal(kept: Kept) -> None:
    assert kept.timeline.witnesses[6].title == "\x1b[31mA last word\u202e"
    shown = command(kept, SOURCE).stdout
    assert "A last word" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
