"""The way to a Dask scheduler, one of our own included: the library, an address, a client.

Owns `distributed` on the coordinator's side, and how quiet it is.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import re
import signal
from contextlib import AsyncExitStack, suppress
from multiprocessing import resource_tracker
from typing import Any

from preserve.errors import ConfigError, PreserveError

CONNECT_SECONDS = 10.0
CLOSE_SECONDS = 10.0
_LOGGERS = ("distributed", "distributed.client", "distributed.gc", "tornado", "tornado.application")
_LOCAL = re.compile(r"local:([1-9][0-9]*)")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/]+")


class SchedulerError(PreserveError):
    """The Dask scheduler, or its workers, can't be used."""


def check(address: str) -> None:
    """Whether there can be a crew at `address`: `local:N`, or where a scheduler listens, such as `tcp://host:8786`.

    Raises:
        ConfigError: it is written otherwise, or `distributed` is not installed.
    """
    if not _LOCAL.fullmatch(address) and not _ADDRESS.fullmatch(address):
        raise ConfigError(f"--dask {address}: write local:N, or a scheduler's address such as tcp://scheduler:8786")
    library()


def library() -> Any:
    """The module `distributed`, silent.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        import dask  # noqa: PLC0415 - an extra, and heavy

        # Whatever is lost is told by us, in a sentence; must be said before `distributed` is imported.
        dask.config.set({"logging": dict.fromkeys(_LOGGERS, "critical")})
        import distributed  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError("--dask needs Dask: pip install 'preserve-archive[dask]'") from error
    return distributed


async def connect(address: str, stack: AsyncExitStack) -> Any:
    """A client of the scheduler at `address`, or of a cluster begun for it; closed with `stack`.

    Call it from a thread that may block signals from then on, as the processes of its own cluster shall.

    Raises:
        SchedulerError: there is none.
    """
    try:
        where: Any = address
        local = _LOCAL.fullmatch(address)
        if local:
            where = await _own(int(local[1]))
            stack.push_async_callback(_close, where)
        client = await library().Client(
            where, asynchronous=True, timeout=_patience(), set_as_default=False, name="preserve"
        )
    except (OSError, TimeoutError, ValueError, ImportError) as error:
        raise SchedulerError(
            f"{address}: no Dask scheduler can be reached there ({error}); begin one with `dask scheduler`, or look at "
            "the address and at Dask's TLS settings"
        ) from error
    stack.push_async_callback(_close, client)
    return client


async def _own(workers: int) -> Any:
    """A cluster on this machine, that nobody else on it can speak to: its certificates live as long as it does."""
    # A terminal's Ctrl-C goes to every process; it is for the run, which tells the others what to do. They inherit what
    # is blocked here. The tracker must run by then, for whoever starts it unblocks them.
    resource_tracker.ensure_running()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    distributed = library()
    with suppress(AttributeError):  # what is still open when this process ends, ends with it; waiting for it may fail
        atexit.unregister(distributed.deploy.spec.close_clusters)
    return await distributed.LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        dashboard_address=None,
        scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # its HTTP server can't be left out; 8787 may be taken
        silence_logs=logging.CRITICAL,
        security=True,
        asynchronous=True,
    )


async def _close(thing: Any) -> None:
    """Close a client or a cluster, however dead its other side is."""
    with suppress(Exception):
        await asyncio.wait_for(thing.close(), CLOSE_SECONDS)


def _patience() -> float:
    """Seconds to wait for a scheduler's answer: as Dask is configured, but no longer than a person waits."""
    from dask.config import get  # noqa: PLC0415
    from dask.utils import parse_timedelta  # noqa: PLC0415

    return min(float(parse_timedelta(get("distributed.comm.timeouts.connect", CONNECT_SECONDS))), CONNECT_SECONDS)
