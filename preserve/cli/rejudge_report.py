"""How the report on checks that were judged again looks: what would change and why, with an example of each kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from preserve.cli.look import changes_block, post_name, section, verdict_text
from preserve.cli.safe import safe
from preserve.model import Change, Check
from preserve.rejudge import NAMED, Cause, Group, Kind, Rejudged, Tally

CHANGES_SHOWN: Final = 2
BECAUSE: Final[Mapping[Cause, str]] = {
    Cause.EXTRACTOR: "Because of the extractor: it reads another text, and the rules are the same",
    Cause.RULES: "Because of the rules: the text is read as before",
    Cause.EITHER: "Because of the extractor or the rules: both are of other versions",
    Cause.SETTINGS: "With the same extractor and rules: because of settings, or of what has no version",
}


def print_report(out: Console, tally: Tally) -> None:
    """Print what came of all checks."""
    for cause in Cause:
        found = tally.by_cause(cause)
        if found:
            section(out, BECAUSE[cause])
            out.print(_table(found))
            _print_labels(out, tally, cause)
            for kind, group in found:
                if group.example is not None:
                    _print_example(out, kind, group.example)
    if tally.problems:
        section(out, f"{tally.problems} could not be judged; they stand as they are")
        for post, problem in tally.told:
            out.print(Text(f"  {safe(post)}: {safe(problem)}"), soft_wrap=True)
    out.print()
    judged = tally.checks - tally.without - tally.problems
    posts = "1 post" if tally.posts == 1 else f"{tally.posts} posts"
    out.print(
        f"{tally.checks} checks, {judged} judged again from the archive: {tally.same + tally.carried} the same"
        f" ({tally.carried} of them by another version), {tally.different} different. {posts} would stand"
        " otherwise; no source has changed by this.",
        soft_wrap=True,
    )


def tally_object(tally: Tally) -> dict[str, Any]:
    """The report as plain JSON values."""
    return {
        "checks": tally.checks,
        "without_capture": tally.without,
        "same": tally.same,
        "same_by_another_version": tally.carried,
        "different": tally.different,
        "posts": tally.posts,
        "not_judged": tally.problems,
        "changes": [_kind_object(kind, group) for cause in Cause for kind, group in tally.by_cause(cause)],
        "labels": [
            {"cause": cause.value, "label": nature.value, "now": now, "checks": count}
            for (cause, nature, now), count in sorted(tally.labels.items())
        ],
    }


def _kind_object(kind: Kind, group: Group) -> dict[str, Any]:
    return {
        "cause": kind.cause.value,
        "verdict_then": kind.old.value,
        "reason_then": kind.old_reason.value if kind.old_reason else None,
        "verdict_now": kind.new.value,
        "reason_now": kind.new_reason.value if kind.new_reason else None,
        "checks": group.checks,
        "posts": group.posts,
        "named": group.named,
    }


def _table(found: Sequence[tuple[Kind, Group]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("then", no_wrap=True)
    table.add_column("now", no_wrap=True)
    table.add_column("checks", justify="right", no_wrap=True)
    table.add_column("posts", justify="right", no_wrap=True)
    table.add_column("which", overflow="fold", style="dim")
    for kind, group in found:
        now = verdict_text(kind.new, kind.new_reason)
        if (kind.old, kind.old_reason) == (kind.new, kind.new_reason):
            now.append("  other differences or labels", style="dim")
        more = " …" if len(group.named) == NAMED < group.checks else ""
        named = ", ".join(post_name(post) for post in group.named) + more
        table.add_row(verdict_text(kind.old, kind.old_reason), now, str(group.checks), str(group.posts), Text(named))
    return table


def _print_labels(out: Console, tally: Tally, cause: Cause) -> None:
    told = [
        f"{'+' if now else '−'}{nature.value} ({count})"
        for (of, nature, now), count in sorted(tally.labels.items())
        if of is cause
    ]
    if told:
        out.print(Text(f"labels: {', '.join(told)}", style="dim"), soft_wrap=True)


def _print_example(out: Console, kind: Kind, example: Rejudged) -> None:
    """What differs from the stored copy in one of them, as it was found then and is found now."""
    then, now = _told(example.check, example.now), _told(example.now, example.check)
    if not then and not now:
        return
    line = Text("\nfor example  ", style="dim").append(post_name(example.check.post), style="default")
    out.print(line.append(f"  {kind.old} → {kind.new}, captured {example.check.checked_at:%Y-%m-%d}", style="dim"))
    if then:
        out.print(changes_block(then, "stored copy, no longer found different", "source"))
    if now:
        out.print(changes_block(now, "stored copy, found different now", "source"))


def _told(one: Check, other: Check) -> Sequence[Change]:
    """The differences that the one has and the other has not."""
    known = {(change.kind, change.old, change.new) for change in other.judgement.changes}
    found = [change for change in one.judgement.changes if (change.kind, change.old, change.new) not in known]
    return found[:CHANGES_SHOWN]
