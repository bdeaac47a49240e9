"""What `preserve quote` prints: each quotation, where it stands, and what became of it."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from preserve.cli.app import EXIT_FOUND
from preserve.cli.look import NEW_STYLE, OLD_STYLE, SIGNS, console, flowing, plain_table, post_name
from preserve.cli.opening import one_post, open_ledger, settings_for_reading
from preserve.cli.quote_command import Request
from preserve.cli.quote_objects import annotations_of, checked_object
from preserve.cli.safe import safe, shortened
from preserve.errors import ConfigError
from preserve.quotations import Grade, Mark, Match, Quotation, bare, find_quotations
from preserve.quotes import FEW_POSTS, Checked, Layer, Place, Scope, Sight, SightState, Standing, check_quotations
from preserve.selectors import collection

SIGNS_OF = {
    Standing.STANDS: ("✓", "green"),
    Standing.REWORDED: ("≠", "yellow"),
    Standing.REMOVED: ("−", "red"),
    Standing.PAGE_GONE: ("✗", "red"),
    Standing.UNSEEN: ("…", "bright_blue"),
    Standing.MISQUOTED: ("≈", "magenta"),
    Standing.NOWHERE: ("?", "bright_black"),
    Standing.SHORT: ("·", "bright_black"),
}
LABELS = {
    Standing.STANDS: ("stands", "stand at their sources"),
    Standing.REWORDED: ("reworded", "reworded since"),
    Standing.REMOVED: ("removed", "no longer in the article"),
    Standing.PAGE_GONE: ("page gone", "whose article is gone"),
    Standing.UNSEEN: ("unseen", "not seen at the last check"),
    Standing.MISQUOTED: ("never so", "never stood so, something near them does"),
    Standing.NOWHERE: ("nowhere", "nowhere in the archive"),
    Standing.SHORT: ("too short", "too short to say whose they are"),
}
STATES = {
    SightState.STANDS: ("✓ stands", "green"),
    SightState.REWORDED: ("≠ reworded", "yellow"),
    SightState.ABSENT: ("− not there", "red"),
    SightState.NO_PAGE: ("✗ no article", "red"),
    SightState.UNSEEN: ("… not seen", "bright_blue"),
}
SIGN_WIDTH = 13
LONGEST_DIFFERENCE = 600
SAME_KEPT = 60  # characters on each side of a difference
PLAIN_SUFFIXES = (".txt", ".text")


def run(request: Request) -> int:
    """Check the quotations that were asked for; the exit code.

    Raises:
        ConfigError: nothing to check, a file that can't be read, a post that is not known.
        ArchiveError: no ledger, or a record that is missing or damaged.
    """
    asked = list(_asked(request))
    settings = settings_for_reading(request.archive, request.config)
    quotations = [quotation for _, quotation in asked]
    given = bool(request.quotations)
    with open_ledger(settings) as ledger:
        posts = tuple(dict.fromkeys(one_post(ledger, post) for post in request.posts)) or None
        links = request.as_json or given
        found = check_quotations(quotations, ledger, settings, Scope(posts, links, request.whole_pages))
        few = posts is not None or request.whole_pages or not ledger.more_posts_than(FEW_POSTS)
    if request.annotations is not None:
        _write_annotations(request.annotations, found)
    files = [file for file, _ in asked]
    if request.as_json:
        for file, checked in zip(files, found, strict=True):
            sys.stdout.write(json.dumps(checked_object(checked, file), ensure_ascii=False) + "\n")
    else:
        _print(console(), list(zip(files, found, strict=True)), few=few)
    fine = all(checked.standing in (Standing.STANDS, Standing.SHORT) for checked in found)
    return 0 if fine else EXIT_FOUND


def _asked(request: Request) -> Iterator[tuple[str, Quotation]]:
    """Each quotation with the file it is from; "" for one that was given."""
    if not request.quotations and not request.files:
        raise ConfigError('nothing to check: give a quotation, preserve quote "…", or a manuscript, --file notes.md')
    for text in request.quotations:
        if not text.strip():
            raise ConfigError("an empty quotation can't be looked for")
        yield "", Quotation(bare(text))
    for file in request.files:
        for quotation in find_quotations(_read(file), markdown=not file.lower().endswith(PLAIN_SUFFIXES)):
            yield file, quotation


def _read(file: str) -> str:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"--file {file}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"--file {file}: not UTF-8 at byte {error.start}: save it as UTF-8") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _write_annotations(path: Path, found: Sequence[Checked]) -> None:
    made = [one for checked in found for one in annotations_of(checked)]
    text = json.dumps(collection(made, label="Quotations checked by preserve"), ensure_ascii=False, indent=1)
    try:
        path.write_bytes((text + "\n").encode("utf-8", "replace"))
    except OSError as error:
        raise ConfigError(f"--annotations {path}: can't be written: {error.strerror}") from error


# ---------------------------------------------------------------- printing


def _print(out: Console, found: Sequence[tuple[str, Checked]], *, few: bool) -> None:
    if not found:
        out.print("No quotations in it.")
        return
    named = len({file for file, _ in found}) > 1
    for file, checked in found:
        if checked.standing is not Standing.SHORT:
            _print_one(out, file if named else "", checked)
    short = [checked for _, checked in found if checked.standing is Standing.SHORT]
    if short:
        listed = "  ".join(f"“{shortened(checked.quotation.text, 24)}”" for checked in short[:12])
        more = f"  and {len(short) - 12} more" if len(short) > 12 else ""
        heading = f"Too short to say whose they are, not looked for: {listed}{more}"
        out.print(Text(heading, style="dim"))
        out.print()
    if len(found) > 1:
        out.print(_summary([checked for _, checked in found]))
    if not few and any(checked.standing in (Standing.NOWHERE, Standing.MISQUOTED) for _, checked in found):
        note = "What was not found was looked for in articles alone; --whole-pages looks beside them too."
        out.print(Text(note, style="dim"))


def _print_one(out: Console, file: str, checked: Checked) -> None:
    sign, style = SIGNS_OF[checked.standing]
    head = Text(f"{sign} {LABELS[checked.standing][0]}".ljust(SIGN_WIDTH), style=style)
    line = f"{safe(file)}:{checked.quotation.line}  " if file else f"{checked.quotation.line:>4}  "
    if checked.quotation.line:
        head.append(line, style="dim")
    head.append("“", style="default")
    head.append(f"{' '.join(safe(checked.quotation.text).split())}”", style="default")
    head.truncate(out.width, overflow="ellipsis")
    out.print(head)
    indent = (0, 0, 0, SIGN_WIDTH)
    if not checked.places:
        out.print(Padding(Text("in no stored copy, and in no article that was captured", style="dim"), indent))
        out.print()
        return
    place = checked.places[0]
    out.print(Padding(_where(place, len(checked.places) - 1), indent))
    difference = _difference_of(place)
    if difference is not None:
        out.print(Padding(difference, indent))
    if checked.quotation.mark is Mark.GIVEN:
        out.print(Padding(_history(place), indent))
        if place.fragment:
            out.print(Padding(Text(safe(place.fragment), style="dim"), indent), soft_wrap=True)
    out.print()


def _where(place: Place, others: int) -> Text:
    """Which post, what of the source, since when."""
    text = Text(post_name(place.post)).append("  ")
    if place.standing is Standing.MISQUOTED:
        nearest = place.nearest
        share = f", {100 * nearest.alike:.0f}\xa0% alike" if nearest is not None else ""
        text.append(f"the nearest in the archive{share}", style="dim")
    else:
        text.append(_told(place), style="dim")
    if others and place.standing is not Standing.MISQUOTED:
        text.append(f"; also in {others} other post{'s' if others > 1 else ''}", style="dim")
    return text


def _told(place: Place) -> str:
    last, stood, without = place.last, place.last_with, place.first_without
    if place.standing is Standing.STANDS and last is not None:
        return f"at the source {_day(last, place)}{_finer(last.match, last.layer)}{_missing_between(place)}"
    kept = "the stored copy has it" if place.stored is not None and place.stored.grade.stands else ""
    until = f"stood until {_day(stood, place)}" if stood is not None else "" if last is None else "in no capture"
    if last is None or place.seen is None:
        since = "the source was never seen"
        until = ""
    elif without is None:
        since = f"not seen since, last {_day(last, place)}: {_verdict(last)}"
    elif place.standing is Standing.PAGE_GONE:
        since = f"article gone since {_day(without, place)}: {_verdict(without)}"
    elif place.standing is Standing.REWORDED:
        since = f"reworded since {_day(without, place)}"
    elif place.standing is Standing.REMOVED:
        since = f"not there since {_day(without, place)}"
    else:
        since = f"not there {_day(without, place)}, not seen {_day(last, place)}: {_verdict(last)}"
    return "; ".join(part for part in (since, until, kept) if part)


def _finer(match: Match | None, layer: Layer) -> str:
    parts = []
    if match is not None and match.grade is Grade.COSMETIC:
        parts.append("case or punctuation differ")
    if match is not None and match.grade is Grade.SCRIPT_VARIANT:
        parts.append("in the other Chinese script")
    if layer is Layer.VISIBLE:
        parts.append("outside the article")
    return f", {', '.join(parts)}" if parts else ""


def _missing_between(place: Place) -> str:
    """That it came back, where it had been missing."""
    seen = [sight for sight in place.sights if sight.state is not SightState.UNSEEN]
    runs = [(stood, list(group)) for stood, group in groupby(seen, key=lambda s: s.state is SightState.STANDS)]
    if len(runs) < 3 and not (len(runs) == 2 and not runs[0][0]):
        return ""
    missing = [group for stood, group in runs if not stood][-1]
    return f", but not {_day(missing[0], place)} to {_day(missing[-1], place)}"


def _verdict(sight: Sight) -> str:
    return f"{sight.verdict.value} ({sight.reason.value})" if sight.reason is not None else sight.verdict.value


def _day(sight: Sight, place: Place) -> str:
    """The day; with the minute where the source was checked several times on one day."""
    days = [one.at.date() for one in place.sights]
    return f"{sight.at:%Y-%m-%d}" if len(set(days)) == len(days) else f"{sight.at:%Y-%m-%d %H:%M}"


def _difference_of(place: Place) -> Text | None:
    if place.standing not in (Standing.REWORDED, Standing.MISQUOTED, Standing.REMOVED, Standing.PAGE_GONE):
        return None
    nearest = place.nearest
    if nearest is None:
        return None
    text = difference(nearest)
    if nearest.natures:
        text.append(f"  ({', '.join(nature.value for nature in nearest.natures)})", style="dim")
    return text


def difference(match: Match) -> Text:
    """The nearest wording, what it lacks and what it has instead marked in it: [−…−] and {+…+}."""
    text = Text()
    for number, piece in enumerate(match.pieces):
        if piece.same:
            ends = (number > 0, number + 1 < len(match.pieces))
            text.append(_kept(flowing(piece.found), *ends))
            continue
        tail = " " if (piece.quoted or piece.found)[-1:].isspace() else ""
        quoted, found = flowing(piece.quoted).strip(), flowing(piece.found).strip()
        if quoted:
            text.append(f"[−{quoted}−]", style=OLD_STYLE)
        if found:
            text.append(f"{{+{found}+}}", style=NEW_STYLE)
        text.append(tail)
    text.rstrip()
    text.truncate(LONGEST_DIFFERENCE, overflow="ellipsis")
    return text


def _kept(text: str, before: bool, after: bool) -> str:
    """As much of what is the same as shows where the difference stands."""
    room = SAME_KEPT * (before + after)
    if len(text) <= room + 8:
        return text
    head, tail = (text[:SAME_KEPT] if before else ""), (text[-SAME_KEPT:] if after else "")
    return f"{head}…{tail}"


def _history(place: Place) -> Table:
    """The stored copy and each capture, those in a row that say the same as one."""
    table = plain_table()
    if place.stored is not None:
        grade = place.stored.grade
        label, style = STATES[
            SightState.STANDS if grade.stands else SightState.REWORDED if grade is Grade.REWORDED else SightState.ABSENT
        ]
        finer = _finer(place.stored, Layer.MAIN).lstrip(", ")
        if place.stored_layer is Layer.ASIDE:
            finer = "in what was set aside as no part of the article"
        table.add_row(Text("stored copy", style="dim"), Text(label, style=style), Text(finer, style="dim"))
    for _, group in groupby(place.sights, key=lambda sight: (sight.state, sight.layer, sight.verdict)):
        sights = list(group)
        first, last = sights[0], sights[-1]
        days = (
            _day(first, place)
            if _day(first, place) == _day(last, place)
            else f"{_day(first, place)} – {_day(last, place)}"
        )
        label, style = STATES[first.state]
        sign, _ = SIGNS[first.verdict]
        told = f"{sign} {_verdict(last)}{_finer(last.match, last.layer) if first.state is SightState.STANDS else ''}"
        checks = f"  {len(sights)} checks" if len(sights) > 1 else ""
        table.add_row(Text(days, style="dim"), Text(label, style=style), Text(told + checks, style="dim"))
    return table


def _summary(found: Sequence[Checked]) -> Text:
    counts = Counter(checked.standing for checked in found)
    text = Text(f"{len(found)} quotations", style="bold")
    for standing, (sign, style) in SIGNS_OF.items():
        if counts[standing]:
            text.append(f"\n{counts[standing]:>6} ", style="not bold default").append(f"{sign} ", style=style)
            text.append(LABELS[standing][1], style="not bold default")
    return text
