"""What `preserve verify` does with its options: settings, tools, the run, the exit code."""

from __future__ import annotations

import json
import os
import secrets
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from preserve import __version__
from preserve.cli.app import EXIT_FOUND, EXIT_INTERRUPTED
from preserve.cli.look import console
from preserve.cli.opening import with_roots, with_signing_key
from preserve.cli.progress import Progress, make_progress
from preserve.cli.request import Request
from preserve.cli.safe import safe
from preserve.config import Overrides, load_settings, with_overrides
from preserve.errors import ConfigError
from preserve.fetch import HttpServices, system_tools
from preserve.git import Git
from preserve.settings import Settings
from preserve.times import SystemClock, parse_duration
from preserve.verify.plan import Plan
from preserve.verify.run import plan_only, verify
from preserve.verify.tools import Tools
from preserve.work.hiring import local

SOFTWARE = f"preserve/{__version__}"


def run(request: Request) -> int:
    """Run `request`; the exit code."""
    settings = _settings(request)
    if request.dry_run:
        return _dry_run(request, settings)
    if settings.run.dask:
        from preserve.work.cluster import check  # noqa: PLC0415 - an extra

        check(settings.run.dask)
    stop = threading.Event()
    progress = make_progress(as_json=request.as_json, verbose=request.verbose)
    with _stop_on_interrupt(stop, progress), progress:
        summary = verify(request.posts, settings, _tools(settings, stop), progress, new_run=request.new_run)
    progress.finished(summary)
    if summary.interrupted:
        return EXIT_INTERRUPTED
    return EXIT_FOUND if progress.found_something else 0


def _settings(request: Request) -> Settings:
    settings = load_settings(request.config, Path.cwd())
    try:
        older_than = None if request.older_than is None else parse_duration(request.older_than)
    except ValueError as error:
        raise ConfigError(f"--older-than: {error}") from error
    overrides = Overrides(
        archive=request.archive,
        jobs=request.jobs,
        delay=request.delay,
        timeout=request.timeout,
        older_than=older_than,
        proxy=request.proxy,
        allow_private=request.allow_private or None,
        ignore_robots=request.ignore_robots or None,
        limit=request.limit,
        dask=request.dask,
    )
    return with_roots(with_signing_key(with_overrides(settings, overrides), os.environ), os.environ)


def _tools(settings: Settings, stop: threading.Event) -> Tools:
    environment = dict(os.environ)
    seed = secrets.token_hex(8)
    tools = system_tools(settings.fetch, stop, environment, seed)
    services = HttpServices(settings.fetch, tools)
    return Tools(local(tools), tools.clock, stop, SOFTWARE, services, Git(environment))


@contextmanager
def _stop_on_interrupt(stop: threading.Event, progress: Progress) -> Iterator[None]:
    """The first Ctrl-C (or TERM) lets the exchanges in flight finish; the second ends at once."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        progress.notice("Stopping after the exchanges in flight; press Ctrl-C again to stop at once.")

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _dry_run(request: Request, settings: Settings) -> int:
    plan = plan_only(request.posts, settings, SystemClock().now())
    if request.as_json:
        _print_plan_json(plan)
    else:
        _print_plan(plan, settings)
    return 0


def _print_plan_json(plan: Plan) -> None:
    for task in plan.tasks:
        for post in task.posts:
            click.echo(json.dumps({"post": post.path, "url": post.source, "would": "ask"}, ensure_ascii=False))
    for check in plan.unchecked:
        reason = str(check.judgement.reason)
        line = {"post": check.post, "url": check.source, "would": "not ask", "reason": reason}
        click.echo(json.dumps(line, ensure_ascii=False))


def _print_plan(plan: Plan, settings: Settings) -> None:
    out = console()
    for task in plan.tasks:
        names = ", ".join(safe(post.path) for post in task.posts)
        out.print(f"would ask      {safe(task.url)}  for {names}", soft_wrap=True)
    for check in plan.unchecked:
        why = safe(check.judgement.evidence[-1].saw)
        out.print(f"would not ask  {safe(check.post)}: {check.judgement.reason}: {why}", soft_wrap=True)
    hosts: dict[str, int] = {}
    for task in plan.tasks:
        hosts[task.host] = hosts.get(task.host, 0) + 1
    longest = max(hosts.values(), default=0) * settings.fetch.delay
    out.print(
        f"{plan.posts} posts, {len(plan.tasks)} sources on {len(hosts)} hosts; the delays alone take "
        f"at least {longest:.0f} s. {_left_out(plan)}".rstrip()
    )


def _left_out(plan: Plan) -> str:
    parts = []
    if plan.not_due:
        parts.append(f"{plan.not_due} not due")
    if plan.over_limit:
        parts.append(f"{plan.over_limit} over the limit")
    return f"Left out: {', '.join(parts)}." if parts else ""
