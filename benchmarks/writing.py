"""docs/performance.md: the measured part of it, between its two marks. What was measured comes in as values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from components import AGAIN, PARTS, REFERENCES, WITHIN, Costs
from measuring import Measured, cores
from scenarios import Passes, Run, median_of, median_seconds

BEGIN, END = "<!-- measured: written by make bench -->", "<!-- end of measured -->"
MILLI = 1000.0


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Under which it was measured: machine, date, commit, versions, load, command."""

    machine: str
    date: str
    commit: str
    versions: str
    load: str
    command: str
    minutes: float


@dataclass(slots=True)
class Results:
    """All of it.

    Attributes:
        passes, costs: see there.
        latency: runs by connections.
        growth: passes over ever more posts with small pages; second ones over the most.
        single: a run over one post: what starting and closing take.
        interval: a run, its pause in seconds beside it.
        start: commands by name.
        seconds_latency, status_posts: what they were run with.
    """

    passes: Passes
    costs: Costs
    latency: list[tuple[int, Run]]
    seconds_latency: float
    interval: tuple[Run, float]
    growth: list[Passes]
    single: Run
    start: dict[str, Measured]
    status_posts: int
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Target:
    """One line of the table of targets."""

    what: str
    target: str
    measured: str
    ratio: str
    met: bool

    @property
    def cells(self) -> tuple[str, ...]:
        """Its row."""
        return self.what, self.target, self.measured, self.ratio, "met" if self.met else "**not met**"


def write(page: Path, results: Results, circumstances: Circumstances) -> None:
    """Put the results between the marks of the page.

    A page that is not there, or has lost its marks, becomes the measured part alone.
    """
    text = page.read_text("utf-8") if page.exists() else ""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        before, after = "", "\n"
    body = "\n".join(_body(results, circumstances))
    page.write_text(f"{before}{BEGIN}\n\n{body}\n\n{END}{after}", "utf-8")


def _body(results: Results, seen: Circumstances) -> Iterable[str]:
    one = results.passes
    kind = "real pages" if one.real else "made-up pages"
    yield f"Measured on {seen.date} at commit {seen.commit} by `{seen.command}`, in {seen.minutes:.1f} minutes."
    yield f"{seen.machine}; {seen.versions}. {seen.load}"
    yield f"{one.pages:,} {kind}, {one.page_bytes / one.pages / 1000:.0f} KB each on average; site and measured"
    yield "processes share the processors. Medians of interleaved runs, whole commands from start to end."
    yield from results.notes
    yield from ("", "### Against the targets", "")
    yield from table(("what", "target", "measured", "ratio", ""), [target.cells for target in targets(results)])
    yield from ("", "### Passes", "")
    rows = [*_pass_rows(one)]
    for grown in results.growth:
        if grown.same:
            rows += [(f"{grown.pages:,} small pages: {row[0]}", *row[1:]) for row in _pass_rows(grown)]
    yield from table(("run", "pages/s", "seconds, each run", "processor ms a page", "main process"), rows)
    yield from (
        "",
        "First verdicts: " + ", ".join(f"{count} {name}" for name, count in sorted(one.verdicts.items())) + ".",
    )
    yield from ("", "### What each part costs", "")
    yield from _cost_tables(results.costs)
    yield from ("", "### Politeness, scale, start-up", "")
    yield from table(("run", "seconds", "requests", "while asking", "processor s", "peak MiB"), _other_rows(results))
    yield from ("", "### The next bottleneck", "")
    yield from _bottleneck(results)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    """A Markdown table."""
    yield "| " + " | ".join(head) + " |"
    yield "| " + " | ".join("---" for _ in head) + " |"
    for row in rows:
        yield "| " + " | ".join(row) + " |"


# ---------------------------------------------------------------- the targets


def targets(results: Results) -> Iterable[Target]:
    """Each target of the project's issue on speed, and whether it was reached."""
    one, costs = results.passes, results.costs
    first = _rate(one.pages, one.first)
    yield _at_least("first pass, of the bound of our own parts", (first, costs.bound), 0.9, "pages/s")
    yield _at_least("first pass, of the bound of the libraries alone", (first, costs.library_bound), 0.9, "pages/s")
    if one.script:
        script = one.pages / median_seconds([run.seconds for run in one.script])
        yield _at_least("first pass, of wget → trafilatura → diff", (first, script), 2.2, "pages/s")
        yield from _second_targets(one, "unchanged")
    for grown in results.growth:
        if grown.dedup:
            yield from _second_targets(grown, f"{grown.pages:,} small pages unchanged")
    for wide, run in results.latency:
        what = f"{MILLI * results.seconds_latency:.0f} ms latency, {wide} connections, of connections ÷ latency"
        asking = run.requests / (run.span + results.seconds_latency)
        yield _at_least(what, (asking, wide / results.seconds_latency), 0.9, "requests/s")
    run, delay = results.interval
    used = (run.requests - 1) * delay / run.span
    yield Target(f"per-host interval, {delay:g} s", "≥ 95 % used", f"{100 * used:.1f} %", f"{used:.2f}", used >= 0.95)
    runs = [run, *(wide for _, wide in results.latency)]
    for made in (one, *results.growth):
        runs += [*made.first, *made.same, *made.unmodified]
    once = sum(each.asked_once for each in runs)
    yield Target(
        "requests for each distinct URL", "exactly 1", f"in {once} of {len(runs)} runs", "–", once == len(runs)
    )
    peaks = [(f"{one.pages:,} pages", max(each.measured.peak_main for each in one.first))]
    peaks += [(f"{grown.pages:,} small pages", grown.first[0].measured.peak_main) for grown in results.growth]
    for what, peak in peaks:
        megabytes = peak * 1.048576
        yield Target(
            f"peak memory of the main process, {what}",
            "≤ 200 MB",
            f"{megabytes:.0f} MB",
            f"{megabytes / 200:.2f}",
            megabytes <= 200,
        )
    if len(results.growth) > 1:
        few, many = results.growth[0], results.growth[-1]
        times = _rate(few.pages, few.first) / _rate(many.pages, many.first)
        yield Target(
            f"time a post, {many.pages:,} against {few.pages:,}",
            "linear: ≤ 1.1 ×",
            f"{times:.2f} ×",
            f"{times:.2f}",
            times <= 1.1,
        )
    for name, limit in (("--help", 200), ("status", 400)):
        took = MILLI * results.start[name].seconds
        what = f"`preserve {name}`" + (f" on {results.status_posts:,} posts" if name == "status" else "")
        yield Target(what, f"< {limit} ms", f"{took:.0f} ms", f"{took / limit:.2f}", took < limit)


def _second_targets(passes: Passes, what: str) -> Iterable[Target]:
    dedup = passes.pages / median_seconds([run.seconds for run in passes.dedup])
    kinds = (("same payload", passes.same, 0.9), ("304", passes.unmodified, 1.0))
    for answer, runs, factor in kinds:
        rates = (_rate(passes.pages, runs), dedup)
        yield _at_least(f"{what}, {answer}, of `wget --warc-dedup`", rates, factor, "pages/s")


def _at_least(what: str, pair: tuple[float, float], factor: float, unit: str) -> Target:
    ours, theirs = pair
    ratio = ours / theirs
    return Target(what, f"≥ {factor:g} × {theirs:.1f} {unit}", f"{ours:.1f}", f"{ratio:.2f}", ratio >= factor)


def _rate(pages: int, runs: Sequence[Run]) -> float:
    return pages / median_of(runs).measured.seconds


# ---------------------------------------------------------------- tables


def _pass_rows(one: Passes) -> Iterable[tuple[str, ...]]:
    named = {
        "preserve, first pass": one.first,
        "preserve again, 200 with the same payload": one.same,
        "preserve again, 304": one.unmodified,
    }
    for name, runs in named.items():
        seconds = [run.measured.seconds for run in runs]
        middle = median_of(runs).measured
        yield _row(name, one.pages, seconds, middle.cpu, middle.cpu_main)
    if one.script:
        yield _row("wget → trafilatura → diff", one.pages, [run.seconds for run in one.script], _script_cpu(one), None)
        for step in ("wget", "trafilatura", "diff"):
            steps: list[Measured] = [getattr(run, step) for run in one.script]
            cpu = median_seconds([run.cpu for run in steps])
            yield _row(f"of it {step}", one.pages, [run.seconds for run in steps], cpu, None)
    if one.dedup:
        cpu = median_seconds([run.cpu for run in one.dedup])
        yield _row("wget --warc-dedup", one.pages, [run.seconds for run in one.dedup], cpu, None)


def _script_cpu(one: Passes) -> float:
    return median_seconds([run.wget.cpu + run.trafilatura.cpu + run.diff.cpu for run in one.script])


def _row(name: str, pages: int, seconds: Sequence[float], cpu: float, main: float | None) -> tuple[str, ...]:
    return (
        name,
        f"{pages / median_seconds(seconds):.1f}",
        ", ".join(f"{one:.2f}" for one in seconds),
        f"{MILLI * cpu / pages:.2f}",
        "–" if main is None else f"{MILLI * main / pages:.2f}",
    )


def _cost_tables(costs: Costs) -> Iterable[str]:
    whole = sum(costs.parts.values())
    yield f"Processor time a page, each part by itself, over {costs.pages} of the pages, in {cores()} processes side by"
    yield f"side: every processor is at work, as in a run. In one alone a first pass takes {costs.alone:.2f} ms."
    yield ""
    rows = [
        (name, f"{cost:.2f}", f"{100 * cost / whole:.1f} %", PARTS[name][1], PARTS[name][0])
        for name, cost in costs.parts.items()
    ]
    rows.append(
        (
            "**all**",
            f"**{whole:.2f}**",
            "",
            "",
            ", ".join(f"{side} {costs.side(side):.2f}" for side in ("main", "worker", "judge")),
        )
    )
    yield from table(("part", "ms a page", "share", "process", "what"), rows)
    yield from ("", "The same of a second pass over unchanged pages, answered 304:", "")
    again = sum(costs.again.values())
    rows = [
        (name, f"{cost:.2f}", f"{100 * cost / again:.1f} %", AGAIN[name][1], AGAIN[name][0])
        for name, cost in costs.again.items()
    ]
    rows.append(("**all**", f"**{again:.2f}**", "", "", f"bound {costs.bound_again:.0f} pages/s"))
    yield from table(("part", "ms a page", "share", "process", "what"), rows)
    yield from ("", "Within `extract`, and what the libraries cost alone:", "")
    known = [(name, f"{cost:.2f}", WITHIN[name]) for name, cost in costs.within.items()]
    known += [
        (
            name,
            f"{cost:.2f}",
            REFERENCES[name] + (f"; {costs.packed[name]:.2f} × the size" if name in costs.packed else ""),
        )
        for name, cost in costs.references.items()
    ]
    yield from table(("alone", "ms a page", "what"), known)
    yield ""
    yield f"Bound of our own parts: {cores()} cores ÷ {whole:.1f} ms = {costs.bound:.0f} pages/s. Bound of requests,"
    yield f"trafilatura's default text and the quickest gzip: {costs.library_bound:.0f} pages/s."


def _other_rows(results: Results) -> Iterable[tuple[str, ...]]:
    for wide, run in results.latency:
        yield _other(f"latency {MILLI * results.seconds_latency:.0f} ms, {wide} connections", run)
    yield _other("one post: starting and closing", results.single)
    run, delay = results.interval
    yield _other(f"one host, {delay:g} s between requests", run)
    for grown in results.growth:
        yield _other(f"{grown.pages:,} small pages", grown.first[0])
    for name, measured in results.start.items():
        yield f"`preserve {name}`", f"{measured.seconds:.3f}", "–", "–", "–", f"{measured.peak_main:.0f}"


def _other(name: str, run: Run) -> tuple[str, ...]:
    measured = run.measured
    return (
        name,
        f"{measured.seconds:.1f}",
        f"{run.requests:,}",
        f"{run.requests / run.span:.0f} a second" if run.requests > 10 else "–",
        f"{measured.cpu:.1f}",
        f"{measured.peak_main:.0f}",
    )


def _bottleneck(results: Results) -> Iterable[str]:
    one, costs = results.passes, results.costs
    first = median_of(one.first).measured
    same, unmodified = median_of(one.same).measured, median_of(one.unmodified).measured
    name, cost = max(costs.parts.items(), key=lambda part: part[1])
    whole = sum(costs.parts.values())
    inner, dearest = max(costs.within.items(), key=lambda part: part[1])
    per_page = MILLI / one.pages
    busy = first.cpu / (first.seconds * cores())
    yield (
        f"- First pass: `{name}` is the dearest part, {cost:.1f} of {whole:.1f} ms ({100 * cost / whole:.0f} %), of it "
        f"{inner} {dearest:.1f} ms."
    )
    yield (
        f"- The whole takes {first.cpu * per_page:.1f} ms of processor time a page where its parts take {whole:.1f}, "
        f"the main process {first.cpu_main * per_page:.1f} where its parts take {costs.side('main'):.1f}: the rest is "
        f"threads, hand-over and starting. preserve kept the {cores()} cores {100 * busy:.0f} % busy."
    )
    free = first.seconds * cores() - first.others
    reachable = MILLI * free / whole / first.seconds
    yield (
        f"- Others, the site among them, had {first.others:.1f} of the {first.seconds * cores():.1f} processor seconds "
        f"of the median first pass. With what they left, the bound of our parts is {reachable:.1f} pages/s; it reached "
        f"{one.pages / first.seconds / reachable:.2f} of that."
    )
    share = unmodified.cpu / first.cpu
    told = "unchanged pages are still read and judged anew" if share > 0.5 else "judging is mostly spared"
    again, dearest = max(costs.again.items(), key=lambda part: part[1])
    yield f"- Second pass: `{again}` is the dearest part, {dearest:.2f} of {sum(costs.again.values()):.2f} ms."
    yield (
        f"- Second pass: {same.cpu * per_page:.1f} ms a page with the same payload, {unmodified.cpu * per_page:.1f} "
        f"after a 304, against {first.cpu * per_page:.1f} the first time: {told}."
    )
    rates = (one.pages / same.seconds, one.pages / unmodified.seconds)
    ceilings = [MILLI * one.pages / (MILLI * run.cpu_main) for run in (first, same, unmodified)]
    yield (
        f"- One main process alone could do {ceilings[0]:.0f} pages/s in a first pass, {ceilings[1]:.0f} with the same "
        f"payload and {ceilings[2]:.0f} after a 304 (these reached {rates[0]:.0f} and {rates[1]:.0f}): the limit once "
        "judging is spared."
    )
