"""Processes, run and measured: seconds, processor time, peak memory; and the site they ask.

Knows neither preserve nor its peers. Linux only: it reads /proc.
"""

# ruff: noqa: S603 - starts only programs that its callers name themselves

from __future__ import annotations

import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
SAMPLE_SECONDS = 0.02
READY_SECONDS = 60.0
TICKS = os.sysconf("SC_CLK_TCK")
FOUND_SOMETHING = 1


class BenchmarkError(Exception):
    """Something measured did not work; the message says what."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One command, measured.

    Attributes:
        seconds: from start to end.
        cpu: processor seconds of the process and of all it waited for.
        cpu_main: processor seconds of the process alone.
        peak_main: the most memory that the process alone had resident, MiB.
        others: processor seconds that everybody else on the machine had meanwhile, the site among them.
    """

    seconds: float
    cpu: float
    cpu_main: float
    peak_main: float
    others: float


@dataclass(slots=True)
class _Watch:
    pid: int
    cpu: float = 0.0
    peak: float = 0.0
    ended: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        """Sample until the process has gone; both figures only grow, so that the last sample is nearly the end."""
        while not self.ended.wait(SAMPLE_SECONDS):
            try:
                status = Path(f"/proc/{self.pid}/status").read_text("utf-8")
                stat = Path(f"/proc/{self.pid}/stat").read_text("utf-8")
            except (OSError, ValueError):
                return
            for line in status.splitlines():
                if line.startswith("VmHWM:"):
                    self.peak = int(line.split()[1]) / 1024
            fields = stat.rpartition(")")[2].split()
            self.cpu = (int(fields[11]) + int(fields[12])) / TICKS


def measure(command: Sequence[str], *, folder: Path, accept: Sequence[int] = (0,)) -> Measured:
    """Run `command` in `folder`, its output thrown away.

    Raises:
        BenchmarkError: it ended with an exit code that is not in `accept`; its last words are in the message.
    """
    with tempfile.TemporaryFile() as errors:
        began, busy = time.perf_counter(), _busy()
        process = subprocess.Popen(
            command, cwd=folder, env=environment(), stdout=subprocess.DEVNULL, stderr=errors, stdin=subprocess.DEVNULL
        )
        watch = _Watch(process.pid)
        thread = threading.Thread(target=watch.look)
        thread.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds, busy = time.perf_counter() - began, _busy() - busy
        process.returncode = os.waitstatus_to_exitcode(status)
        watch.ended.set()
        thread.join()
        if process.returncode not in accept:
            errors.seek(0)
            words = errors.read()[-2000:].decode("utf-8", "replace")
            raise BenchmarkError(f"{' '.join(command[:6])} … ended with exit code {process.returncode}:\n{words}")
    cpu = usage.ru_utime + usage.ru_stime
    return Measured(seconds, cpu, watch.cpu, watch.peak, max(0.0, busy - cpu))


def environment() -> dict[str, str]:
    """Ours without proxies, which would stand between the measured and the site; and with bytecode kept.

    What pip installs is compiled; a checkout whose bytecode may not be kept would be compiled by each process anew.
    """
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept


# ---------------------------------------------------------------- the site


@dataclass(slots=True)
class Asked:
    """What a site was asked, known once it has been stopped.

    Attributes:
        requests: [arrival, host, path, status] each, arrival in seconds on a scale of its own.
    """

    requests: list[tuple[float, str, str, int]] = field(default_factory=list)

    def times_each(self, paths: str = "/") -> Counter[tuple[str, str]]:
        """How often each page was asked; robots.txt and what is not found are left out."""
        return Counter(
            (host, path) for _, host, path, status in self.requests if status != 404 and path.startswith(paths)
        )

    @property
    def others(self) -> int:
        """Requests for robots.txt and probes of random paths."""
        return sum(1 for *_, status in self.requests if status == 404)

    @property
    def span(self) -> float:
        """Seconds from the first arrival to the last."""
        moments = [request[0] for request in self.requests]
        return max(moments) - min(moments) if moments else 0.0


@contextlib.contextmanager
def served(folder: Path, *, latency: float = 0.0, conditional: bool = True) -> Iterator[Asked]:
    """The site of a collection's folder, while the block runs; what it was asked is there afterwards.

    Raises:
        BenchmarkError: it does not come up.
    """
    asked = Asked()
    with tempfile.TemporaryDirectory() as place:
        ready, log = Path(place, "ready"), Path(place, "log.json")
        command = [sys.executable, str(HERE / "loopback.py"), str(folder / "manifest.json"), "--ready", str(ready)]
        command += ["--log", str(log), "--latency", str(latency)] + ([] if conditional else ["--unconditional"])
        process = subprocess.Popen(command, env=environment())
        try:
            end = time.monotonic() + READY_SECONDS
            while not ready.exists():
                if process.poll() is not None or time.monotonic() > end:
                    raise BenchmarkError("the benchmark's own site did not come up")
                time.sleep(0.02)
            yield asked
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)
        asked.requests = [tuple(one) for one in json.loads(log.read_text("utf-8"))]


# ---------------------------------------------------------------- the machine


def _busy() -> float:
    """Processor seconds of the whole machine since it was started."""
    line = Path("/proc/stat").read_text("utf-8").partition("\n")[0]
    user, nice, system, _idle, _iowait, irq, softirq, steal, *_ = (int(value) for value in line.split()[1:])
    return (user + nice + system + irq + softirq + steal) / TICKS


def cores() -> int:
    """Processors that we may use."""
    return len(os.sched_getaffinity(0))


def machine() -> str:
    """The machine in a line."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{cores()} cores of {model}, {memory:.0f} GiB of memory, Linux {platform.release().partition('-')[0]}, "
        f"Python {platform.python_version()}"
    )
