"""What `preserve plan` prints: the next run host by host, or the outlook over months."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from preserve.cli.look import console, plain_table, section
from preserve.cli.plan_command import Request
from preserve.cli.safe import safe
from preserve.cli.spans import bytes_text, number_text, span_text
from preserve.config import Overrides, load_settings, with_overrides
from preserve.errors import ConfigError
from preserve.pace.growth import Growth, Weights, growth
from preserve.pace.loads import Load, load_of, made_up_load
from preserve.pace.months import Outlook, Timer, simulate
from preserve.pace.passes import Pace, Pass
from preserve.settings import Settings
from preserve.times import SystemClock, parse_duration
from preserve.verify.run import plan_only

HOSTS_SHOWN: Final = 10
UNCHANGED_BYTES: Final = 1400.0  # docs/scale.md, "What a check costs"
_COUNT: Final = re.compile(r"[1-9]\d{0,11}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be asked: by host where hosts have names."""

    hosts: Mapping[str, int]
    load: Load
    posts: int | None = None
    left_out: int = 0


def run(request: Request) -> None:
    """Print the plan.

    Raises:
        ConfigError: options that do not go together, a file that can't be read, or nothing to ask.
        PostError: a path does not exist.
    """
    overrides = Overrides(
        archive=request.archive,
        jobs=request.jobs,
        delay=request.delay,
        older_than=_seconds("--older-than", request.older_than) if request.older_than is not None else None,
        limit=request.limit,
    )
    settings = with_overrides(load_settings(request.config, Path.cwd()), overrides)
    asked = _asked(request, settings)
    pace = Pace(
        delay=settings.fetch.delay,
        seconds=request.exchange,
        jobs=settings.run.jobs,
        requests=request.per_source,
        extra=0 if settings.fetch.ignore_robots else 1,
    )
    if request.simulate:
        _simulate(request, settings, asked, pace)
    elif request.as_json:
        _print_hosts_json(asked, pace)
    else:
        _print_run(console(), asked, pace)


def _asked(request: Request, settings: Settings) -> _Asked:
    given = [bool(request.posts), request.hosts_file is not None, request.made_up is not None]
    if sum(given) != 1:
        raise ConfigError("Say what to plan for: POSTS, --hosts FILE or --posts N, one of them.")
    if request.made_up is not None:
        return _Asked({}, made_up_load(request.made_up, request.largest_share, request.zipf))
    if request.hosts_file is not None:
        hosts = read_hosts(request.hosts_file)
        return _Asked(hosts, load_of(hosts.values()))
    plan = plan_only(request.posts, settings, SystemClock().now())
    counted = Counter(task.host for task in plan.tasks)
    if not counted:
        raise ConfigError(
            f"{plan.posts} posts, and no source to ask: {plan.not_due} are not due, {len(plan.unchecked)} have none. "
            "`preserve verify POSTS --dry-run` says why."
        )
    return _Asked(counted, load_of(counted.values()), plan.posts, plan.not_due + plan.over_limit)


def read_hosts(path: Path) -> dict[str, int]:
    """Sources by host, from lines of host, TAB and number; empty lines and those that begin with # say nothing.

    Raises:
        ConfigError: the file can't be read or used; with the line.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--hosts {path}: can't be read: {error}") from error
    hosts: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        host, tab, count = line.partition("\t")
        if not tab or not host.strip() or not _COUNT.fullmatch(count.strip()):
            raise ConfigError(f"{path}:{number}: expected a host, a TAB and a number above 0, not {line!r}")
        if host in hosts:
            raise ConfigError(f"{path}:{number}: {host!r} a second time; add its numbers up")
        hosts[host] = int(count)
    if not hosts:
        raise ConfigError(f"{path}: names no host; each line is a host, a TAB and its number of sources")
    return hosts


def _seconds(option: str, text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise ConfigError(f"{option}: {error}") from error


# ---------------------------------------------------------------- the next run


def _print_hosts_json(asked: _Asked, pace: Pace) -> None:
    named = asked.hosts or {f"host {rank}": size for rank, size in enumerate(_sizes(asked.load), 1)}
    for host, count in _by_size(named):
        line = {
            "host": host,
            "sources": count,
            "requests": pace.requests_of(count),
            "seconds": round(pace.least_seconds(count), 3),
        }
        click.echo(json.dumps(line, ensure_ascii=False))


def _sizes(load: Load) -> Sequence[int]:
    return [one.sources for one in load.classes for _ in range(one.hosts)]


def _by_size(hosts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(hosts.items(), key=lambda item: (-item[1], item[0]))


def _print_run(out: Console, asked: _Asked, pace: Pace) -> None:
    load, one = asked.load, Pass(asked.load, pace)
    if asked.posts is not None:
        left = f" {number_text(asked.left_out)} posts are left out." if asked.left_out else ""
        out.print(f"{number_text(asked.posts)} posts, {_size(load)}.{left} Nothing is asked now.")
    else:
        out.print(f"{_size(load)}.")
    out.print()
    out.print(_hosts_table(asked, pace))
    out.print()
    out.print(_bound(asked, pace, one))


def _size(load: Load) -> str:
    hosts = "1 host" if load.hosts == 1 else f"{number_text(load.hosts)} hosts"
    return f"{number_text(load.sources)} sources on {hosts}"


def _hosts_table(asked: _Asked, pace: Pace) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("host", overflow="fold")
    for heading in ("sources", "share", "requests", "takes at least"):
        table.add_column(heading, justify="right", no_wrap=True)
    named = _by_size(asked.hosts) if asked.hosts else [(f"host {n}", size) for n, size in _largest(asked.load)]
    for host, count in named[:HOSTS_SHOWN]:
        share = f"{100 * count / asked.load.sources:.1f} %"
        requests = number_text(pace.requests_of(count))
        table.add_row(Text(safe(host)), number_text(count), share, requests, span_text(pace.least_seconds(count)))
    if asked.load.hosts > HOSTS_SHOWN:
        table.caption = f"and {number_text(asked.load.hosts - HOSTS_SHOWN)} more"
        table.caption_justify = "left"
    return table


def _largest(load: Load) -> list[tuple[int, int]]:
    sizes = [one.sources for one in reversed(load.classes) for _ in range(min(one.hosts, HOSTS_SHOWN))]
    return list(enumerate(sizes[:HOSTS_SHOWN], 1))


def _bound(asked: _Asked, pace: Pace, one: Pass) -> str:
    """Whole sentences: how long the run takes at least, and what holds it up."""
    load = asked.load
    least = pace.least_seconds(load.largest)
    crowded = one.requests * pace.seconds / pace.jobs
    if crowded > least:
        return (
            f"The run takes at least {span_text(crowded)}: {number_text(one.requests)} requests, {pace.jobs} at a time "
            f"(--jobs). The largest host alone would take {span_text(least)}."
        )
    tied = load.classes[-1].hosts
    name = next((safe(host) for host, count in asked.hosts.items() if count == load.largest), "the largest host")
    bounds = f"{name} bounds it" if tied == 1 else f"the {number_text(tied)} largest hosts bound it"
    text = f"The run takes at least {span_text(least)}: {bounds}."
    if len(load.classes) > 1:
        second = Pass(Load(load.classes[:-1]), pace).seconds
        text += f" Every other host is done within {span_text(second)}."
    return text


# ---------------------------------------------------------------- months


def _timer(request: Request) -> Timer:
    every = _seconds("--every", request.every)
    budget = request.budget
    if budget is None:
        return Timer(every)
    if _COUNT.fullmatch(budget):
        return Timer(every, requests=int(budget))
    hours = _seconds("--budget", budget) / 3600
    if not 0 < hours <= 24:
        raise ConfigError(f"--budget {budget}: a number of requests a day, or hours of a day up to 24h")
    return Timer(every, hours=hours)


def _simulate(request: Request, settings: Settings, asked: _Asked, pace: Pace) -> None:
    timer = _timer(request)
    outlook = simulate(asked.load, pace, timer, request.runs)
    grows = None
    if outlook.period:
        weights = Weights(UNCHANGED_BYTES, request.page, request.changed)
        grows = growth(asked.load.sources, outlook.period, weights)
    warnings = _warnings(outlook, timer, settings)
    if request.as_json:
        click.echo(json.dumps(_outlook_object(asked.load, pace, timer, outlook, grows), ensure_ascii=False))
        return
    out = console()
    out.print(f"{_size(asked.load)}; the largest has {100 * asked.load.largest / asked.load.sources:.0f} %.")
    out.print(Text(_terms(pace, timer), style="dim"))
    out.print()
    out.print(_outlook_table(outlook, timer))
    if grows is not None:
        section(out, "The archive")
        out.print(_growth_table(request, grows))
    for warning in warnings:
        out.print()
        out.print(Text(warning, style="yellow"))


def _terms(pace: Pace, timer: Timer) -> str:
    starts = f"A start every {span_text(timer.every)}" if timer.every else "One pass after the other"
    budget = f", {timer.hours:g} hours a day" if timer.hours < 24 else ""
    budget += f", at most {number_text(timer.requests)} requests a day" if timer.requests else ""
    return (
        f"{starts}{budget}; {pace.delay:g} s between two requests to a host, {pace.seconds:g} s each, "
        f"{pace.jobs} at a time."
    )


def _sliced(timer: Timer) -> bool:
    return timer.hours < 24 or timer.requests > 0


def _outlook_table(outlook: Outlook, timer: Timer) -> Table:
    table = plain_table()
    done = outlook.first_done
    table.add_row("everything checked once", f"after {span_text(done)}" if done else "not within 100 years")
    for share, when in outlook.shares:
        table.add_row(Text(f"  {100 * share:.0f} % of it", style="dim"), f"after {span_text(when)}" if when else "–")
    if outlook.period:
        table.add_row("oldest check", f"{span_text(outlook.period)}; on average {span_text(outlook.period / 2)}")
    if outlook.passes:
        last = outlook.passes[-1]
        days = f" on {number_text(last.days)} days" if last.days > 1 and _sliced(timer) else ""
        table.add_row("a pass", f"{number_text(outlook.requests)} requests, {span_text(last.end - last.start)}{days}")
    if outlook.period:
        busy = f"{100 * outlook.largest_busy:.0f} % of the time, {number_text(outlook.largest_a_day)} requests a day"
        table.add_row("largest host is busy", busy)
    return table


def _growth_table(request: Request, grows: Growth) -> Table:
    table = plain_table()
    table.add_row("after the first pass", bytes_text(grows.first))
    assumed = f"{100 * request.changed:g} % of checks find a changed page of {bytes_text(request.page)}"
    table.add_row("each year", f"+ {bytes_text(grows.a_year)}, if {assumed}")
    return table


def _warnings(outlook: Outlook, timer: Timer, settings: Settings) -> list[str]:
    found = []
    longest = max((one.end - one.start for one in outlook.passes), default=None)
    within = settings.run.resume_within
    if timer.hours < 24 and (longest is None or longest > within):
        taken = span_text(longest) if longest else "longer than can be reckoned"
        found.append(
            f"A pass takes {taken}, but an interrupted run is taken up again for {span_text(within)} only: set "
            "`resume-within` above it, or the last sources of the largest host are never reached."
        )
    if longest and timer.every and longest > timer.every:
        found.append(
            f"A pass takes longer than the {span_text(timer.every)} between two starts: starts meanwhile are refused, "
            "and small hosts wait for the largest. Its posts in a run and an archive of their own would "
            "keep the rest as fresh as you ask."
        )
    return found


def _outlook_object(load: Load, pace: Pace, timer: Timer, outlook: Outlook, grows: Growth | None) -> dict[str, object]:
    return {
        "sources": load.sources,
        "hosts": load.hosts,
        "largest_sources": load.largest,
        "delay": pace.delay,
        "exchange": pace.seconds,
        "jobs": pace.jobs,
        "every": timer.every,
        "hours_a_day": timer.hours,
        "requests_a_day": timer.requests or None,
        "first_done": outlook.first_done,
        "shares_done": {str(share): when for share, when in outlook.shares},
        "oldest": outlook.period,
        "requests": outlook.requests,
        "passes": [{"start": one.start, "end": one.end, "days": one.days} for one in outlook.passes],
        "largest_busy": outlook.largest_busy,
        "largest_requests_a_day": outlook.largest_a_day,
        "bytes_first": grows.first if grows else None,
        "bytes_a_year": grows.a_year if grows else None,
    }
