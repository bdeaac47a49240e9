"""Exports: each format is what its readers expect, whole or not there, and harmless whatever stands in it."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser
import jsonschema
import pytest
from export_kit import EVIL, EVIL_URL, WEEKS, Archive, feed_of, material, text_of
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_samples import EDIT, PLAN, START, Sample, check_of
from lxml import etree

import preserve
from preserve.cli.export_command import NAMES
from preserve.cli.exporting import feed_name
from preserve.confirm import Observation, standing
from preserve.export import FIXED_FORMATS, ROW_FORMATS, Facts, Feed, Row, Wanted
from preserve.export.rules import RULES
from preserve.export.sarif import SCHEMA
from preserve.export.table import COLUMNS
from preserve.ledger import Ledger
from preserve.model import REASONS, Judgement, Nature, Reason, Verdict

ROOT = Path(__file__).parent.parent
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    made = Archive(tmp_path_factory.mktemp("export"))
    made.write()
    return made


@pytest.fixture
def ledger(archive: Archive) -> Iterator[Ledger]:
    with Ledger.open_readonly(archive.folder / "warcs" / "ledger.db") as opened:
        yield opened


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(Path(preserve.__file__).parent.parent), "LC_ALL": "C"}
    line = [sys.executable, "-P", "-m", "preserve", "export", *words, "--archive", str(folder / "warcs")]
    return subprocess.run(line, capture_output=True, env=environment, check=False, timeout=100)


# ---------------------------------------------------------------- json


def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads((ROOT / "docs" / "report.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())


def test_the_report_is_as_its_schema_has_it(ledger: Ledger) -> None:
    report = json.loads(text_of(ROW_FORMATS["json"], material(ledger).rows()))
    validator().validate(report)
    assert report["summary"] == {
        "posts": 9,
        "as_of": "2026-03-22T06:00:03Z",
        "verdicts": {
            **dict.fromkeys([verdict.value for verdict in Verdict], 0),
            **{"intact": 2, "gone": 3, "edited": 1, "blocked": 1, "moved": 1, "unchecked": 1},
        },
        "confirmed": {"gone": 2, "replaced": 0, "edited": 1},
    }
    posts = {Path(post["post"]).name: post for post in report["posts"]}
    assert posts["edited.md"]["title"] == EVIL
    assert posts["edited.md"]["categories"] == ["Courts/2026", "Town"]
    assert posts["gone.md"]["source_line"] == 4
    assert posts["gone.md"]["standing"]["confirmed"] == "gone"
    assert EVIL_URL + "\udc80" in {post["url"] for post in report["posts"]}


def test_the_schema_knows_every_key_and_word() -> None:
    schema = validator().schema
    assert set(schema["$defs"]["verdict"]["enum"]) == {verdict.value for verdict in Verdict}
    assert set(schema["$defs"]["reason"]["enum"]) == {reason.value for reason in Reason}
    assert set(schema["$defs"]["nature"]["enum"]) == {nature.value for nature in Nature}
    row = row_of(Sample())
    written = json.loads(text_of(ROW_FORMATS["json"], [row]))
    assert set(written["posts"][0]) == set(schema["$defs"]["post"]["properties"])
    assert set(written) == set(schema["properties"])
    assert set(written["summary"]) == set(schema["$defs"]["summary"]["properties"])


def test_the_schema_refuses_what_is_no_report(ledger: Ledger) -> None:
    report = json.loads(text_of(ROW_FORMATS["json"], material(ledger).rows()))
    report["posts"][0]["verdict"] = "fine"
    with pytest.raises(jsonschema.ValidationError):
        validator().validate(report)


def test_the_schema_that_is_shipped_is_the_documented_one() -> None:
    stream = io.StringIO()
    FIXED_FORMATS["schema"](stream)
    assert stream.getvalue() == (ROOT / "docs" / "report.schema.json").read_text("utf-8")


def test_a_report_of_nothing_is_valid() -> None:
    report = json.loads(text_of(ROW_FORMATS["json"], []))
    validator().validate(report)
    assert report["summary"]["as_of"] is None


# ---------------------------------------------------------------- csv


def test_csv_has_a_line_for_each_post(ledger: Ledger) -> None:
    text = text_of(ROW_FORMATS["csv"], material(ledger).rows())
    rows = {Path(row["post"]).name: row for row in csv.DictReader(io.StringIO(text, newline=""))}
    assert len(rows) == 9
    assert text.startswith(",".join(COLUMNS) + "\r\n")
    assert rows["gone.md"]["categories"] == "Town; 新闻"
    assert (rows["gone.md"]["confirmed"], rows["newly.md"]["confirmed"]) == ("true", "false")
    assert (rows["edited.md"]["silent"], rows["gone.md"]["silent"]) == ("true", "")
    assert rows["moved.md"]["final_url"] == "https://new.example/@"


def test_no_cell_is_a_formula_or_steers_a_terminal(ledger: Ledger) -> None:
    text = text_of(ROW_FORMATS["csv"], material(ledger).rows())
    rows = list(csv.reader(io.StringIO(text, newline="")))
    cells = [cell for row in rows for cell in row]
    assert [cell for cell in cells if cell.lstrip().startswith(tuple("=+-@＝＋－＠\t\r"))] == []
    assert any(cell.startswith("'=cmd|") for cell in cells)
    assert not {"\x00", "\x1b", "\u202e", "\u2028"} & set(text)


# ---------------------------------------------------------------- JUnit XML

# What Jenkins' junit-10.xsd allows: the attributes of each element, those it must have, and its children.
JUNIT = {
    "testsuites": ({"name", "time", "tests", "failures", "errors"}, set(), {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname", "id", "package"},
        {"name", "tests", "failures", "errors"},
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "testcase": (
        {"name", "time", "classname", "group"},
        {"name"},
        {"skipped", "errors", "failure", "system-out", "system-err"},
    ),
    "failure": ({"type", "message"}, set(), set()),
    "skipped": ({"type", "message"}, set(), set()),
    "system-out": (set(), set(), set()),
}


def junit_tree(text: str) -> etree._Element:
    root = etree.fromstring(text.encode("utf-8", "backslashreplace"))
    for element in root.iter():
        allowed, needed, children = JUNIT[str(element.tag)]
        assert needed <= set(element.attrib) <= allowed
        assert {str(child.tag) for child in element} <= children
    return root


def test_junit_has_the_collection_as_a_test_suite(ledger: Ledger) -> None:
    suite = junit_tree(text_of(ROW_FORMATS["junit"], material(ledger).rows()))[0]
    outcomes = {Path(case.get("name")).name: [str(child.tag) for child in case] for case in suite}
    assert {name: outcomes[name] for name in ("intact.md", "back.md", "moved.md", "newly.md", "blocked.md")} == {
        "intact.md": [],
        "back.md": [],
        "moved.md": ["system-out"],
        "newly.md": ["failure"],
        "blocked.md": ["skipped"],
    }
    counted = Counter(tag for found in outcomes.values() for tag in found)
    assert suite.get("tests") == str(len(outcomes)) == "9"
    assert suite.get("failures") == str(counted["failure"]) == "4"
    assert suite.get("skipped") == str(counted["skipped"]) == "2"
    (message,) = [case[0].get("message") for case in suite if case.get("name").endswith("newly.md")]
    assert message == "gone/not-found since 2026-03-22, observed 1 of 3 times needed"


@pytest.mark.parametrize("verdict", list(Verdict))
def test_each_verdict_is_passed_failed_or_skipped_in_junit(verdict: Verdict) -> None:
    reason = min(REASONS[verdict], default=None)
    case = junit_tree(text_of(ROW_FORMATS["junit"], [row_of(Sample(verdict=verdict, reason=reason))]))[0][0]
    found = [str(child.tag) for child in case]
    if verdict in (Verdict.GONE, Verdict.REPLACED, Verdict.EDITED, Verdict.TRUNCATED):
        assert found == ["failure"]
    elif verdict in (Verdict.INTACT, Verdict.MOVED):
        assert found in ([], ["system-out"])
    else:
        assert found == ["skipped"]


# ---------------------------------------------------------------- SARIF


def sarif_object(**properties: object) -> dict[str, object]:
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": list(properties)}


TEXT = {"type": "string", "minLength": 1}
MESSAGE = sarif_object(text=TEXT)
PLACE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["uri"],
    "properties": {"uri": {"type": "string", "pattern": r"^[A-Za-z0-9%/:._~!$&'()*+,;=@-]+$"}, "uriBaseId": TEXT},
}
# The part of SARIF 2.1.0 that we write, as the standard has it; the whole schema accepted it when this was written.
SARIF = sarif_object(
    **{"$schema": {"const": SCHEMA}},
    version={"const": "2.1.0"},
    runs={
        "type": "array",
        "items": sarif_object(
            tool=sarif_object(
                driver=sarif_object(
                    name={"const": "preserve"},
                    semanticVersion=TEXT,
                    rules={
                        "type": "array",
                        "uniqueItems": True,
                        "items": sarif_object(id=TEXT, shortDescription=MESSAGE),
                    },
                )
            ),
            columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            results={
                "type": "array",
                "items": sarif_object(
                    ruleId=TEXT,
                    ruleIndex={"type": "integer", "minimum": 0},
                    kind={"enum": ["fail", "open"]},
                    level={"enum": ["none", "note", "warning", "error"]},
                    message=MESSAGE,
                    locations={
                        "type": "array",
                        "items": sarif_object(
                            physicalLocation=sarif_object(
                                artifactLocation=PLACE, region=sarif_object(startLine={"type": "integer", "minimum": 1})
                            )
                        ),
                    },
                    partialFingerprints={"type": "object", "additionalProperties": {"type": "string"}},
                    properties={"type": "object"},
                ),
            },
        ),
    },
)


def sarif_results(text: str) -> dict[str, dict[str, object]]:
    """The results by the name of their post."""
    log = json.loads(text)
    jsonschema.Draft202012Validator(SARIF).validate(log)
    run = log["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert (result["kind"] == "fail") is (result["level"] != "none")
    uris = [one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in run["results"]]
    return {uri.rpartition("/")[2]: result for uri, result in zip(uris, run["results"], strict=True)}


def test_sarif_points_to_the_line_that_names_the_source(ledger: Ledger) -> None:
    found = sarif_results(text_of(ROW_FORMATS["sarif"], material(ledger).rows()))
    evil = "not%20there,%20with%20=%E2%80%AE%80%1B.md"
    assert {name: (result["ruleId"], result["level"]) for name, result in found.items()} == {
        "gone.md": ("gone/not-found", "error"),
        "newly.md": ("gone/not-found", "warning"),
        "edited.md": ("edited", "warning"),
        "moved.md": ("moved", "note"),
        "blocked.md": ("blocked/challenge", "none"),
        "broken.md": ("unchecked/unreadable-post", "warning"),
        evil: ("gone/not-found", "error"),
    }
    place = found["gone.md"]["locations"][0]["physicalLocation"]  # type: ignore[index]
    assert place["region"] == {"startLine": 4}
    assert place["artifactLocation"]["uri"].startswith("file:///")
    relative = found["broken.md"]["locations"][0]["physicalLocation"]["artifactLocation"]  # type: ignore[index]
    assert relative == {"uri": "broken.md", "uriBaseId": "%SRCROOT%"}


def test_a_fingerprint_stays_over_runs_and_tells_sources_apart() -> None:
    def fingerprint(**values: object) -> object:
        sample = Sample(verdict=Verdict.GONE, reason=Reason.NOT_FOUND, **values)  # type: ignore[arg-type]
        (result,) = sarif_results(text_of(ROW_FORMATS["sarif"], [row_of(sample)])).values()
        return result["partialFingerprints"]

    assert fingerprint(week=0) == fingerprint(week=5)
    assert fingerprint() != fingerprint(source="https://other.example/")
    assert fingerprint() != fingerprint(post="_posts/other.md")


def test_every_verdict_that_needs_a_look_has_a_rule() -> None:
    silent = {Verdict.INTACT, Verdict.UNCHECKED}
    wanted = {
        f"{verdict}/{reason}" if reason else str(verdict)
        for verdict in set(Verdict) - silent
        for reason in REASONS[verdict] or (None,)
    }
    assert set(RULES) == wanted | {"unchecked/unreadable-post", "unchecked/invalid-source"}


# ---------------------------------------------------------------- Atom


def entries(text: str) -> list[tuple[str, str]]:
    """Titles and times, as a feed reader has them; the feed must be without fault."""
    parsed = feedparser.parse(text.encode())
    assert not parsed.bozo, parsed.bozo_exception
    assert parsed.version == "atom10"
    assert parsed.feed.title and parsed.feed.id and parsed.feed.updated
    ids = [entry.id for entry in parsed.entries]
    assert len(ids) == len(set(ids))
    assert all(name.startswith("urn:uuid:") for name in ids)
    assert all(entry.title and entry.updated and entry.content[0].value for entry in parsed.entries)
    return [(entry.title, entry.updated) for entry in parsed.entries]


def test_a_feed_has_what_was_confirmed_newest_first(ledger: Ledger) -> None:
    found = entries(feed_of(material(ledger).changes()))
    assert [(title.partition(":")[0], at[:10]) for title, at in found] == [
        ("intact again", "2026-03-22"),
        ("gone", "2026-03-15"),
        ("gone", "2026-03-15"),
        ("gone", "2026-03-15"),
        ("edited", "2026-03-08"),
    ]


def test_an_entry_is_the_same_in_the_next_weeks_feed(tmp_path: Path) -> None:
    feeds = []
    for weeks in (WEEKS - 1, WEEKS):
        made = Archive(tmp_path)  # the same posts, so that only the ledger grows
        (tmp_path / "warcs" / "ledger.db").unlink(missing_ok=True)
        with Ledger.open_readonly(made.write(weeks)) as opened:
            root = etree.fromstring(feed_of(material(opened).changes()).encode())
        feeds.append({entry.findtext(f"{ATOM}id"): etree.tostring(entry) for entry in root.iter(f"{ATOM}entry")})
    earlier, later = feeds
    assert len(later) == len(earlier) + 1
    assert earlier.items() <= later.items()


def test_two_edits_of_a_post_are_two_entries_each_with_its_own_difference(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with Ledger.create_or_open(path) as writing:
        for week, new in enumerate(("2300", "2300", "2200", "2200")):
            judged = replace(EDIT, changes=(replace(EDIT.changes[0], new=new),))
            run = writing.begin_run(replace(PLAN, started_at=START + timedelta(weeks=week)))
            writing.append(run, [check_of(Sample(week=week, text=new, judgement=judged))])
    with Ledger.open_readonly(path) as opened:
        text = feed_of(material(opened).changes())
    assert [at[:10] for _, at in entries(text)] == ["2026-03-22", "2026-03-08"]
    found = [element.text for element in etree.fromstring(text.encode()).iter("{*}ins")]
    assert found == ["2200", "2300"]


def test_nothing_in_a_feed_is_markup_of_somebody_else(ledger: Ledger) -> None:
    text = feed_of(material(ledger).changes())
    root = etree.fromstring(text.encode())
    assert {str(etree.QName(element).localname) for element in root.iter()} == {
        *("feed", "title", "id", "updated", "author", "name", "generator", "entry", "category", "link", "content"),
        *("div", "p", "ul", "li", "del", "ins"),
    }
    assert "<script>alert(1)</script>&amp;]]>" in "".join(root.itertext())
    hrefs = [link.get("href") for link in root.iter(f"{ATOM}link")]
    assert all(href.startswith("https://") and not set(href) & set(" <>\"'`\u202e\x01") - {"'"} for href in hrefs)
    assert not {"\u202e", "\x1b", "\ufffe"} & set(text)


def test_a_feed_names_its_own_address_and_leads_to_pages_where_there_are_some(ledger: Ledger) -> None:
    feed = Feed(START, None, "https://site.example/all.atom", lambda post: f"posts/{Path(post).stem}.html")
    parsed = feedparser.parse(feed_of(material(ledger).changes(), feed).encode())
    assert [(link.rel, link.href) for link in parsed.feed.links] == [("self", "https://site.example/all.atom")]
    assert parsed.entries[-1].link == "posts/edited.html"
    assert {link.rel for link in parsed.entries[-1].links} == {"alternate", "via"}


def test_feeds_of_categories_have_their_own_changes(ledger: Ledger, archive: Archive, tmp_path: Path) -> None:
    by_category = material(ledger).changes_by_category()
    assert list(by_category) == ["Courts/2026", "Town", "新闻"]
    assert [Path(change.check.post).name for change in by_category["新闻"]()] == ["gone.md"]
    town = [Path(change.check.post).name for change in material(ledger, Wanted(category="Town")).changes()]
    assert town == ["gone.md", "edited.md"]
    where = ["--each-category", "--url", "https://site.example/f", "-o", str(tmp_path / "feeds")]
    assert command(archive.folder, "atom", *where).returncode == 0
    written = sorted(path.name for path in (tmp_path / "feeds").iterdir())
    assert written == sorted(["all.atom", *map(feed_name, by_category)])
    text = (tmp_path / "feeds" / feed_name("新闻")).read_text("utf-8")
    assert len(entries(text)) == 1
    (link,) = feedparser.parse(text).feed.links
    assert link.href == "https://site.example/f/category-%E6%96%B0%E9%97%BB.atom"


def test_names_of_feeds_are_plain_and_told_apart() -> None:
    names = [feed_name(name) for name in ("town", "Town", "../town", "to/wn", "\udc80", "新闻", "", "x" * 300)]
    assert len(set(names)) == len(names)
    assert all("/" not in name and len(name.encode("utf-8")) < 200 for name in names)
    assert names[0] == "category-town.atom"


def test_a_feed_without_changes_is_valid() -> None:
    assert entries(feed_of([])) == []


# ---------------------------------------------------------------- whatever stands in it


def row_of(sample: Sample, facts: Facts | None = None) -> Row:
    check = check_of(sample)
    stands = standing([Observation(check.checked_at, check.judgement.verdict, check.judgement.reason)])
    assert stands is not None
    return Row(check, stands, lambda _: facts or Facts("title", ("one",), 3))


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=()), min_size=1), st.text(st.characters(exclude_categories=())))
def test_every_text_comes_through_every_format(post: str, said: str) -> None:
    judged = Judgement(Verdict.GONE, Reason.NOT_FOUND)
    row = row_of(Sample(judgement=judged), Facts(said, (said,), 3))
    row = replace(row, check=replace(row.check, post=post, source=said, error=said, final_url=said))
    written = {
        name: text_of(write, [row]).encode("utf-8", "backslashreplace").decode() for name, write in ROW_FORMATS.items()
    }
    assert json.loads(written["json"])["posts"][0]["post"] == post
    assert json.loads(written["json"])["posts"][0]["title"] == (said or None)
    lines = list(csv.reader(io.StringIO(written["csv"], newline="")))
    assert len(lines) == 2
    assert not [cell for cell in lines[1] if cell.startswith(tuple("=+-@"))]
    assert len(junit_tree(written["junit"])[0]) == 1
    assert len(json.loads(written["sarif"])["runs"][0]["results"]) == 1


# ---------------------------------------------------------------- the command


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_what_standard_output_would_have(archive: Archive, tmp_path: Path, name: str) -> None:
    path = tmp_path / f"export.{name}"
    done = command(archive.folder, name, "-o", str(path))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert path.read_bytes() == command(archive.folder, name).stdout
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_the_names_are_those_there_are() -> None:
    assert set(NAMES) == {*ROW_FORMATS, *FIXED_FORMATS, "atom"}


def test_an_export_that_fails_leaves_the_file_as_it_was(archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("as it was")
    (tmp_path / "warcs").mkdir()
    path_of_ledger = tmp_path / "warcs" / "ledger.db"
    path_of_ledger.write_bytes((archive.folder / "warcs" / "ledger.db").read_bytes())
    with closing(sqlite3.connect(path_of_ledger)) as database, database:
        database.execute("DROP TRIGGER checks_no_update")
        database.execute("UPDATE checks SET verdict = 'no such' WHERE id = (SELECT max(id) FROM checks)")
    done = command(tmp_path, "json", "-o", str(path))
    assert done.returncode == 2, done.stderr
    assert path.read_text() == "as it was"
    assert not list(tmp_path.glob("*.new"))


def test_a_reader_that_goes_away_is_no_fault(archive: Archive) -> None:
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "preserve", "export", "json", "--archive", str(archive.folder / "warcs")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(preserve.__file__).parent.parent)},
    ) as running:
        assert running.stdout is not None and running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == b""


def test_verdict_and_since_choose(archive: Archive, ledger: Ledger) -> None:
    done = command(archive.folder, "json", "--verdict", "moved", "--verdict", "blocked")
    assert [post["verdict"] for post in json.loads(done.stdout)["posts"]] == ["blocked", "moved"]
    later = START + timedelta(weeks=WEEKS, days=1)
    assert list(material(ledger, Wanted(since=later)).rows()) == []
    confirmed = material(ledger, Wanted(since=datetime(2026, 3, 20, tzinfo=UTC))).changes()
    assert [Path(change.check.post).name for change in confirmed] == ["back.md"]
    assert json.loads(command(archive.folder, "json", "--since", "2026-03-23").stdout)["posts"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("json", "--since", "soon"), b"--since"),
        (("csv", "--category", "x"), b"preserve export atom"),
        (("atom", "--each-category"), b"name their directory with -o"),
        (("json", "-o", "/proc/nowhere/x.json"), b"can't be written"),
    ],
)
def test_what_can_not_be_done_is_said(archive: Archive, words: tuple[str, ...], said: bytes) -> None:
    done = command(archive.folder, *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert b"Traceback" not in done.stderr


def test_metadata_and_schema_need_no_archive(tmp_path: Path) -> None:
    for name in FIXED_FORMATS:
        assert json.loads(command(tmp_path, name).stdout)
    assert command(tmp_path, "json").returncode == 2
