"""Which crew a run gets."""

from __future__ import annotations

import os

from preserve.fetch import Fetcher, FetchTools, HttpFetcher
from preserve.judges import Judges
from preserve.work.crew import Crew, Hire, OwnCrew, Site
from preserve.work.processes import ProcessCrew, Setup
from preserve.work.worker import Bench

SOURCES_A_WORKER = 50
"""With fewer, another process costs more than it does."""


def local(tools: FetchTools) -> Hire:
    """The crew that the settings ask for.

    Dask's workers where they name some; else processes of this machine, one for each processor, and for what one can
    do, a worker in this process.

    Args:
        tools: clock, stop, proxies and certificates.
    """

    def hire(site: Site) -> Crew:
        if site.settings.run.dask:
            return _dask(site, tools)
        useful = min(len(os.sched_getaffinity(0)), max(site.sources // SOURCES_A_WORKER, 1))
        workers = min(site.settings.run.workers or useful, site.threads)
        if workers == 1:
            return own(HttpFetcher(site.settings.fetch, tools), tools)(site)
        ledger = str(site.ledger.path)
        return ProcessCrew(site, workers, Setup(site.settings, ledger, site.info, tools.environment, tools.seed))

    return hire


def _dask(site: Site, tools: FetchTools) -> Crew:
    from preserve.work.dask import DaskCrew  # noqa: PLC0415 - an extra

    run = site.settings.run
    here = run.dask.startswith("local:")
    setup = Setup(
        settings=site.settings,
        ledger=str(site.ledger.path.resolve()) if here else "",  # SQLite is for one machine
        info=site.info,
        environment=None,  # proxies and certificates are each machine's own
        seed=tools.seed,
        lease=run.lease,
    )
    return DaskCrew(site, run.dask, setup)


def own(fetcher: Fetcher, tools: FetchTools) -> Hire:
    """A crew of one worker in this process.

    Args:
        fetcher: asks sources.
        tools: its tools.
    """

    def hire(site: Site) -> Crew:
        bench = Bench(
            settings=site.settings,
            software=site.info["software"],
            fetcher=fetcher,
            writer=site.writer,
            judges=Judges(site.settings.judge),
            payloads=site.ledger.response_with_payload,
            stop=tools.stop,
            threads=site.threads,
        )
        return OwnCrew(site, bench)

    return hire
