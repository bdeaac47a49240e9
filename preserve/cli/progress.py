"""How a run is shown: a bar on a terminal, plain lines elsewhere, JSON Lines when asked; then the table."""

from __future__ import annotations

import json
import sys
from collections import Counter
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.text import Text

from preserve.cli.look import SIGNS, checks_block, console, post_name, summary_text, verdict_table, verdict_text
from preserve.cli.safe import safe
from preserve.jsonlines import check_object
from preserve.model import Check, Reason, Verdict
from preserve.verify.plan import Plan
from preserve.verify.run import Summary

LISTED_AT_MOST = 40
QUIET_REASONS = frozenset({Reason.NO_SOURCE, Reason.ROBOTS, Reason.BUDGET})
PLAIN_EVERY = 100


def needs_a_look(check: Check) -> bool:
    """Whether a check is more than "all well": a difference, rot, or something that could not be told."""
    judgement = check.judgement
    if judgement.verdict is Verdict.UNCHECKED:
        return judgement.reason not in QUIET_REASONS
    return judgement.verdict is not Verdict.INTACT


class Progress:
    """Watches a run and prints it. A context manager: the bar lives inside it.

    Args:
        out: where results go.
        err: where progress and notices go.
        as_json: print each check as a JSON line on standard output.
        verbose: print each check as it is made.
    """

    def __init__(self, out: Console, err: Console, *, as_json: bool, verbose: bool) -> None:
        self._out, self._err, self._as_json, self._verbose = out, err, as_json, verbose
        self._counts: Counter[Verdict] = Counter()
        self._listed: list[Check] = []
        self._to_look_at = 0
        self._planned = 0
        self._live: Live | None = None
        self._bar = Bar(
            SpinnerColumn(),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[counts]}"),
            console=err,
        )
        self._task = self._bar.add_task("posts", total=None, rate="", counts="", start=False)

    @property
    def found_something(self) -> bool:
        """Whether any check needs a look."""
        return self._to_look_at > 0

    def __enter__(self) -> Self:
        if self._err.is_terminal:
            self._live = Live(self._bar, console=self._err, transient=True, refresh_per_second=8)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    # ------------------------------------------------------------ the run's listener

    def planned(self, plan: Plan) -> None:
        """The work is known."""
        self._planned = plan.posts
        self._bar.update(self._task, total=plan.posts)
        self._bar.start_task(self._task)
        hosts = len({task.host for task in plan.tasks})
        parts = [f"{plan.posts} posts, {len(plan.tasks)} sources on {hosts} hosts"]
        parts += [f"{plan.done} checked before"] if plan.done else []
        parts += [f"{plan.not_due} not due"] if plan.not_due else []
        parts += [f"{plan.over_limit} over the limit"] if plan.over_limit else []
        self.notice("; ".join(parts) + ".")
        if plan.not_posts:
            named = ", ".join(post_name(path) for path in plan.not_posts[:5])
            more = f" and {len(plan.not_posts) - 5} more" if len(plan.not_posts) > 5 else ""
            self.notice(f"Not posts, for they have no front matter: {named}{more}.")

    def checked(self, check: Check) -> None:
        """A check is in the ledger."""
        self._counts[check.judgement.verdict] += 1
        if needs_a_look(check):
            self._to_look_at += 1
            told = check.judgement.reason is Reason.HOST_INCIDENT  # once, by the notice about the host
            if not told and len(self._listed) < LISTED_AT_MOST:
                self._listed.append(check)
        if self._as_json:
            sys.stdout.write(json.dumps(check_object(check), ensure_ascii=False) + "\n")
            sys.stdout.flush()
        if self._verbose:
            self._print_check(check)
        self._advance()

    def notice(self, text: str) -> None:
        """Something the user should know."""
        self._err.print(Text(safe(text), style="dim"), soft_wrap=True)

    # ------------------------------------------------------------ the end

    def finished(self, summary: Summary) -> None:
        """Print what was found and the table of verdicts."""
        for incident in summary.incidents:
            self.notice(
                f"Host incident: {incident.count} of {incident.of} checks on {incident.host} ended "
                f"{incident.verdict.value}; counted as one event."
            )
        if not self._as_json:
            self._print_result(summary)
        if summary.interrupted:
            self.notice("Interrupted: the same command goes on where this run stopped; --new-run begins anew.")

    def _print_result(self, summary: Summary) -> None:
        if self._listed:
            self._out.print()
            order = list(SIGNS)
            listed = sorted(self._listed, key=lambda check: (order.index(check.judgement.verdict), check.post))
            self._out.print(checks_block(listed, self._out.width))
            if self._to_look_at > len(self._listed):
                more = self._to_look_at - len(self._listed)
                self._out.print(Text(f"and {more} more: preserve status, preserve show POST", style="dim"))
        self._out.print()
        title = f"Run {summary.run}" + (" (interrupted)" if summary.interrupted else "")
        self._out.print(verdict_table(self._counts, title=title))

    def _print_check(self, check: Check) -> None:
        line = verdict_text(check.judgement.verdict, check.judgement.reason)
        line.append(f"  {safe(check.post)}  ", style="default").append_text(summary_text(check, 80))
        self._err.print(line, soft_wrap=True)
        for evidence in check.judgement.evidence:
            mark = "+" if evidence.held else "-"
            self._err.print(Padding(Text(f"{mark} {evidence.rule}: {safe(evidence.saw)}", style="dim"), (0, 0, 0, 4)))

    def _advance(self) -> None:
        done = self._counts.total()
        if self._live is not None:
            speed = self._bar.tasks[0].speed
            self._bar.update(
                self._task,
                completed=done,
                rate=f"{speed:.1f}/s" if speed else "",
                counts=" ".join(
                    f"{SIGNS[verdict][0]}{self._counts[verdict]}" for verdict in SIGNS if self._counts[verdict]
                ),
            )
        plain = not self._err.is_terminal and not self._verbose
        if plain and (done % PLAIN_EVERY == 0 or done == self._planned):
            counts = ", ".join(f"{count} {verdict.value}" for verdict, count in self._counts.most_common())
            self._err.print(Text(f"{done}/{self._planned}  {counts}"), soft_wrap=True)


def make_progress(*, as_json: bool, verbose: bool) -> Progress:
    """A `Progress` on this process's standard output and error."""
    return Progress(console(), console(stderr=True), as_json=as_json, verbose=verbose)
