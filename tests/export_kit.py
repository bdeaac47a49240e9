"""An archive to export: posts on disk, a ledger of three weeks, and texts that mean harm."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TextIO

from ledger_samples import EDIT, PLAN, START, Sample, check_of

from preserve.export import ConfirmedChange, Feed, Material, Row, Wanted, facts_reader, write_feed
from preserve.ledger import Ledger, RunPlan, RunState
from preserve.model import Change, ChangeKind, Check, Judgement, Nature, Reason, Verdict
from preserve.settings import Settings
from preserve.verify.names import LEDGER

EVIL = "=cmd|' /C calc'!A0<script>alert(1)</script>&amp;]]>\u202e\x00\x1b[31m\x07\ufffe\"'\u2028end"
EVIL_URL = "https://evil.example/<a href='javascript:1'>?q=\u202e\x01&x=\"1\"#"
GONE = {"verdict": Verdict.GONE, "reason": Reason.NOT_FOUND, "status": 404}
WEEKS = 3


def post_text(title: str, source: str, categories: Iterable[str] = ()) -> str:
    """A post's file; what YAML can't hold is escaped as it wants it."""
    quoted = title.replace("\\", "\\\\").replace('"', '\\"').replace("\x00", "\\0").replace("\x1b", "\\e")
    for one in "\x07\ufffe\u2028":
        quoted = quoted.replace(one, f"\\u{ord(one):04x}")
    return f'---\ntitle: "{quoted}"\ncategories: [{", ".join(categories)}]\nfrom: {source}\n---\nText.\n'


class Archive:
    """A collection below `folder` with a ledger.

    Args:
        folder: a new directory.
        unicode: whether every path and URL is Unicode.
    """

    def __init__(self, folder: Path, *, unicode: bool = False) -> None:
        self.folder = folder
        self._lone = "" if unicode else "\udc80"
        self.posts: dict[str, str] = {}
        for name, title, categories in (
            ("intact.md", "Intact", ("Town",)),
            ("gone.md", "Gone & <lost>", ("Town", "新闻")),
            ("edited.md", EVIL, ("Courts/2026", "Town")),
            ("back.md", "Back", ()),
            ("newly.md", "Newly gone", ()),
            ("blocked.md", "Blocked", ()),
            ("moved.md", "Moved", ()),
        ):
            path = folder / name
            path.write_text(post_text(title, f"https://news.example/{name}", categories), "utf-8")
            self.posts[name] = str(path)
        self.posts["evil"] = str(folder / f"not there, with =\u202e{self._lone}\x1b.md")

    def checks(self, week: int) -> list[Check]:
        """The checks of one week."""
        absent = {**GONE, "week": week}
        edited = replace(EDIT, changes=(*EDIT.changes, Change(ChangeKind.REPLACE, EVIL, "+1", natures=(Nature.NAME,))))
        made = [
            self.of("intact.md", week=week),
            self.of("gone.md", **absent),
            self.of("edited.md", week=week, judgement=edited),
            self.of("back.md", **({"week": week} if week == WEEKS else absent)),
            self.of("newly.md", **(absent if week == WEEKS else {"week": week})),
            self.of("blocked.md", week=week, verdict=Verdict.BLOCKED, reason=Reason.CHALLENGE, status=403),
            replace(self.of("moved.md", week=week, verdict=Verdict.MOVED), final_url="https://new.example/@"),
        ]
        evil = replace(check_of(Sample(post="evil", **absent)), post=self.posts["evil"], source=EVIL_URL + self._lone)  # type: ignore[arg-type]
        unchecked = Judgement(Verdict.UNCHECKED, Reason.UNREADABLE_POST)
        broken = Sample(post="broken.md", source=None, week=week, judgement=unchecked, status=None)
        return [*made, evil, replace(check_of(broken), error=f"broken.md:2: {EVIL}", stored_record=None)]

    def of(self, name: str, **values: object) -> Check:
        """A check of one of the posts on disk."""
        return check_of(Sample(post=self.posts[name], source=f"https://news.example/{name}", **values))  # type: ignore[arg-type]

    def write(self, weeks: int = WEEKS) -> Path:
        """Write the ledger; where it is."""
        path = self.folder / "warcs" / LEDGER
        with Ledger.create_or_open(path) as ledger:
            for week in range(weeks + 1):
                at = START + timedelta(weeks=week)
                run = ledger.begin_run(RunPlan(PLAN.posts_arguments, PLAN.settings, PLAN.software, at))
                ledger.append(run, self.checks(week))
                ledger.end_run(run, at + timedelta(hours=1), RunState.FINISHED)
        return path


def material(ledger: Ledger, wanted: Wanted | None = None) -> Material:
    """What the exports of a ledger are made from, in process."""
    return Material(ledger, facts_reader(Settings()), wanted)


def text_of(write: Callable[[Iterable[Row], TextIO], None], rows: Iterable[Row]) -> str:
    """What a format writes."""
    stream = io.StringIO()
    write(rows, stream)
    return stream.getvalue()


def feed_of(changes: Iterable[ConfirmedChange], feed: Feed | None = None) -> str:
    """A feed as text."""
    stream = io.StringIO()
    write_feed(changes, stream, feed or Feed(START))
    return stream.getvalue()
