"""How verdicts and changes look in a terminal: one colour and one sign per verdict, old beside new."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from preserve.cli.safe import safe, shortened
from preserve.model import Change, ChangeKind, Check, Verdict

SIGNS: Mapping[Verdict, tuple[str, str]] = {
    Verdict.INTACT: ("✓", "green"),
    Verdict.MOVED: ("→", "cyan"),
    Verdict.EDITED: ("≠", "yellow"),
    Verdict.TRUNCATED: ("✂", "magenta"),
    Verdict.REPLACED: ("⇄", "bright_red"),
    Verdict.GONE: ("✗", "red"),
    Verdict.BLOCKED: ("⊘", "blue"),
    Verdict.UNREACHABLE: ("…", "bright_blue"),
    Verdict.UNEXTRACTABLE: ("?", "bright_black"),
    Verdict.UNCHECKED: ("–", "bright_black"),
}
MEANINGS: Mapping[Verdict, str] = {
    Verdict.INTACT: "every sentence of the stored copy is still at the source",
    Verdict.MOVED: "intact at another address",
    Verdict.EDITED: "the same article, with a material difference",
    Verdict.TRUNCATED: "only the beginning is left",
    Verdict.REPLACED: "the address answers with something else",
    Verdict.GONE: "404 or 410, or the host name no longer exists",
    Verdict.BLOCKED: "the source refuses to answer us; not counted as gone",
    Verdict.UNREACHABLE: "no answer today; not counted as gone",
    Verdict.UNEXTRACTABLE: "it answered, but with no text to compare",
    Verdict.UNCHECKED: "not asked",
}
OLD_STYLE, NEW_STYLE = "bold red", "bold green"
CONTEXT = 48
VERDICT_WIDTH = 17
_GAPS = re.compile(r"\s{2,}")


def verdict_text(verdict: Verdict, reason: object = None) -> Text:
    """Sign, verdict and reason in the verdict's colour."""
    sign, style = SIGNS[verdict]
    text = Text(f"{sign} {verdict.value}", style=style)
    if reason is not None:
        text.append(f"  {reason}", style="dim")
    return text


def verdict_table(
    counts: Mapping[Verdict, int], *, title: str, confirmed: Mapping[Verdict, int] | None = None
) -> Table:
    """Verdicts with their counts, shares and meanings; those that did not occur are left out.

    Args:
        counts: posts by verdict.
        title: stands above.
        confirmed: how many are confirmed, of the verdicts that several observations confirm; None leaves the
            column out.
    """
    total = sum(counts.values())
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("verdict", no_wrap=True)
    table.add_column("posts", justify="right", no_wrap=True)
    if confirmed is not None:
        table.add_column("confirmed", justify="right", no_wrap=True)
    table.add_column("share", justify="right", no_wrap=True)
    table.add_column("meaning", style="dim")  # alone may be narrowed: its cells go on below, the numbers stay whole
    for verdict in SIGNS:
        count = counts.get(verdict, 0)
        if count:
            settled = [] if confirmed is None else [str(confirmed[verdict]) if verdict in confirmed else ""]
            share = f"{100 * count / total:.1f} %"
            table.add_row(verdict_text(verdict), str(count), *settled, share, MEANINGS[verdict])
    table.add_section()
    table.add_row("all", str(total))
    return table


def checks_block(checks: Sequence[Check], width: int) -> RenderableType:
    """Two lines a check: verdict and post, and below what there is to say about it."""
    lines: list[Text] = []
    for check in checks:
        head = verdict_text(check.judgement.verdict)
        head.pad_right(VERDICT_WIDTH - len(head.plain))
        head.append(post_name(check.post), style="default").truncate(width, overflow="ellipsis")
        lines.append(head)
        summary = summary_text(check, width - VERDICT_WIDTH)
        if summary.plain:
            summary.truncate(max(20, width - VERDICT_WIDTH), overflow="ellipsis")
            lines.append(Text(" " * VERDICT_WIDTH).append_text(summary))
    return Group(*lines)


def post_name(path: str) -> str:
    """The file name of a post, safe to print."""
    return safe(path.rstrip("/").rpartition("/")[2])


def summary_text(check: Check, width: int) -> Text:
    """What a check found, in one line: the weightiest change, the new address, or the reason."""
    judgement = check.judgement
    if judgement.changes and judgement.verdict in (Verdict.EDITED, Verdict.TRUNCATED):
        text = change_line(judgement.changes[0], width)
        if len(judgement.changes) > 1:
            text.append(f"  +{len(judgement.changes) - 1} more", style="dim")
        return text
    if judgement.verdict is Verdict.MOVED and check.final_url:
        return Text(f"now at {safe(check.final_url)}")
    parts = [str(judgement.reason)] if judgement.reason else []
    parts += [str(nature) for nature in judgement.natures]
    if check.error:
        parts.append(safe(check.error.removeprefix(check.post).lstrip(":")))
    elif judgement.evidence and judgement.verdict not in (Verdict.INTACT, Verdict.EDITED):
        parts.append(safe(judgement.evidence[-1].saw))
    return Text(": ".join(parts) if parts else "", style="dim")


def change_line(change: Change, width: int) -> Text:
    """A change on one line: what kind, old in red, new in green; − what is gone, + what has come."""
    label = ", ".join(nature.value for nature in change.natures) or change.kind.value
    text = Text(f"{label}: ", style="dim")
    half = max(12, (width - len(label)) // 2)
    if change.kind is ChangeKind.MOVE:
        text.append("moved ", style="cyan").append(shortened(change.old, half))
    elif not change.new:
        text.append(f"− {shortened(change.old, 2 * half)}", style=OLD_STYLE)
    elif not change.old:
        text.append(f"+ {shortened(change.new, 2 * half)}", style=NEW_STYLE)
    else:
        text.append(shortened(change.old, half), style=OLD_STYLE).append(" → ")
        text.append(shortened(change.new, half), style=NEW_STYLE)
    return text


def changes_block(changes: Sequence[Change], old_title: str, new_title: str) -> RenderableType:
    """Changes as a table, old beside new, each with the sentence around it."""
    table = Table(box=None, expand=True, padding=(0, 3, 1, 0), pad_edge=False, show_edge=False)
    table.add_column(old_title, ratio=1, header_style="bold")
    table.add_column(new_title, ratio=1, header_style="bold")
    for number, change in enumerate(changes, 1):
        label = ", ".join(nature.value for nature in change.natures) or change.kind.value
        heading = Text(f"{number}. {label}", style="dim")
        old = _in_context(change.old, change.old_context, OLD_STYLE)
        new = _in_context(change.new, change.new_context, NEW_STYLE)
        if change.kind is ChangeKind.MOVE:
            new = Text("(moved)", style="cyan")
        table.add_row(Group(heading, old), Group(Text(""), new))
    return Padding(table, (0, 0, 0, 2))


def _in_context(part: str, context: str, style: str) -> Text:
    """`part` marked inside the sentence around it; a dash where this side has nothing."""
    if not part:
        return Text("—" if not context else flowing(context), style="dim")
    before, found, after = context.partition(part)
    if not found:
        return Text(flowing(part), style=style)
    text = Text(_tail(flowing(before)))
    text.append(flowing(part), style=style)
    return text.append(_head(flowing(after)))


def flowing(text: str) -> str:
    """`text`, safe, with runs of white space as one space: rich cuts off words that follow a wide gap."""
    return _GAPS.sub(" ", safe(text))


def _tail(text: str) -> str:
    return text if len(text) <= CONTEXT else "…" + text[-CONTEXT:]


def _head(text: str) -> str:
    return text if len(text) <= CONTEXT else text[:CONTEXT] + "…"


def section(out: Console, title: str) -> None:
    """Print a section's title below an empty line."""
    out.print()
    out.print(Text(title, style="bold"))


def plain_table() -> Table:
    """A table of names and values, without lines or headings."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table


def console(*, stderr: bool = False) -> Console:
    """The console to print on: colours only on a terminal, no markup or highlighting of foreign text."""
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=False)
