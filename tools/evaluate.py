"""Run an evaluation set through `preserve verify`, both epochs on one archive, and print its scorer's tables.

    python tools/evaluate.py DIR [--epoch 1|2|both] [--out build/evaluation] [--jobs 16] [--timeout 5]

DIR holds posts/, truth.jsonl, serve.py and score.py, as the set's own README describes. Results, scores and
archive stay in the output directory. Standard library only; needs preserve installed for the Python that runs
it.
"""

# ruff: noqa: S603, T201 - a script: it prints, and starts only programs that it names itself

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FLOORS = Path(__file__).parent / "floors.json"
BOUNDED_ABOVE = ("false_alarm", "excess_median")  # the less, the better; of everything else, the more
READY_SECONDS = 60.0
FOUND = 1
CONFIG = """
[fetch]
contact = "https://preserve.example/about-this-robot"
allow-private = ["127.0.0.0/8"]
delay = 0
tries = 2
backoff = 0.1
retry-after-cap = 0

[archive]
signing-key = ""
"""


class EvaluationError(Exception):
    """The evaluation could not be run; the message says why."""


@dataclass(frozen=True)
class Plan:
    """What is to be run.

    Attributes:
        folder: the evaluation set.
        out: where results and archive go.
        jobs, timeout: handed to `preserve verify`; a hanging server hangs twice as long as the timeout.
    """

    folder: Path
    out: Path
    jobs: int
    timeout: float


@contextlib.contextmanager
def served(plan: Plan, epoch: int) -> Iterator[str]:
    """The set's server in `epoch`; gives its address as a proxy.

    Raises:
        EvaluationError: it does not come up.
    """
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder, "ready.json")
        command = [sys.executable, str(plan.folder / "serve.py"), str(plan.folder), "--epoch", str(epoch)]
        command += ["--ready-file", str(ready), "--max-delay", str(2 * plan.timeout)]
        process = subprocess.Popen([*command, "--port", "0"], stdout=subprocess.DEVNULL)
        try:
            end = time.monotonic() + READY_SECONDS
            while not ready.exists():
                if process.poll() is not None or time.monotonic() > end:
                    raise EvaluationError("the evaluation set's server did not come up")
                time.sleep(0.05)
            yield str(json.loads(ready.read_text("utf-8"))["proxy"])
        finally:
            process.terminate()
            process.wait(timeout=30)


def environment(proxy: str, epoch: int) -> dict[str, str]:
    """Ours, with the server as proxy. In epoch 2 some hosts must fail in ways that no proxy can imitate."""
    clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    given = {"http_proxy": proxy, "https_proxy": proxy}
    if epoch == 2:
        given["no_proxy"] = ".invalid,127.0.0.250"
    return clean | given | {name.upper(): value for name, value in given.items()}


def verify(plan: Plan, epoch: int) -> Path:
    """One `preserve verify` over the set as it stands in `epoch`; returns the file of results.

    Raises:
        EvaluationError: preserve stopped with an error.
    """
    config, results = plan.out / "preserve.toml", plan.out / f"results-{epoch}.jsonl"
    config.write_text(CONFIG.lstrip(), "utf-8")
    command = [sys.executable, "-P", "-m", "preserve", "verify", str(plan.folder / "posts"), "--json"]
    command += ["--config", str(config), "--archive", str(plan.out / "archive")]
    command += ["--jobs", str(plan.jobs), "--timeout", f"{plan.timeout:g}"]
    began = time.monotonic()
    with served(plan, epoch) as proxy, results.open("wb") as output:
        done = subprocess.run(command, stdout=output, env=environment(proxy, epoch), check=False)
    seconds = time.monotonic() - began
    if done.returncode not in (0, FOUND):
        raise EvaluationError(f"preserve verify stopped with exit code {done.returncode}")
    with results.open("rb") as lines:
        count = sum(1 for line in lines if line.strip())
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    wanted = sum(1 for path in (plan.folder / "posts").iterdir() if path.suffix == ".md")
    if count != wanted:
        raise EvaluationError(f"{count} results for {wanted} posts; the run's messages stand above")
    print(f"epoch {epoch}: {count} posts in {seconds:.0f} s, {count / seconds:.1f} a second,", end=" ")
    print(f"largest process {peak:.0f} MiB", flush=True)
    return results


def score(plan: Plan, epoch: int, results: Path) -> None:
    """Print and keep the scorer's tables.

    Raises:
        EvaluationError: the scorer failed.
    """
    command = [sys.executable, str(plan.folder / "score.py"), str(plan.folder / "truth.jsonl"), str(results)]
    command += ["--epoch", str(epoch), "--json", str(plan.out / f"score-{epoch}.json")]
    done = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=False)
    (plan.out / f"score-{epoch}.txt").write_text(done.stdout, "utf-8")
    print(done.stdout, flush=True)
    if done.returncode:
        raise EvaluationError(f"the scorer stopped with exit code {done.returncode}")


def evaluate(plan: Plan, epochs: list[int]) -> list[str]:
    """Run and score; what fell below its floor, a line each.

    The archive of an earlier evaluation is removed where epoch 1 is run again.

    Raises:
        EvaluationError: see the message.
    """
    if not (plan.folder / "truth.jsonl").is_file():
        raise EvaluationError(f"{plan.folder} holds no evaluation set; name one: make evaluate EVALUATION=DIR")
    if 1 in epochs:
        shutil.rmtree(plan.out, ignore_errors=True)
    plan.out.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256((plan.folder / "truth.jsonl").read_bytes()).hexdigest()
    print(f"evaluation set {plan.folder}, truth.jsonl sha256:{digest}", flush=True)
    for epoch in epochs:
        score(plan, epoch, verify(plan, epoch))
    return check_floors(plan, epochs, digest)


def figures(plan: Plan, epoch: int) -> dict[str, float]:
    """The scored figures of one epoch, flat: `accuracy`, `since.recall`, `kinds.gone-404`, ..."""
    scored = json.loads((plan.out / f"score-{epoch}.json").read_text("utf-8"))
    flat: dict[str, float] = {}
    for name, value in scored.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{inner}": each for inner, each in value.items()}
        else:
            flat[name] = value
    left_out = ("epoch", "cases", "since.n", "tolerated", "excess_mean")
    return {name: value for name, value in flat.items() if name not in left_out and value is not None}


def check_floors(plan: Plan, epochs: list[int], digest: str) -> list[str]:
    """What fell below its floor, a line each; floors of another set say nothing about this one."""
    kept = json.loads(FLOORS.read_text("utf-8"))
    if kept["truth_sha256"] != digest:
        print(f"{FLOORS.name} holds the floors of another set; nothing is compared")
        return []
    fallen = []
    for epoch in epochs:
        found = figures(plan, epoch)
        for name, floor in kept[f"epoch{epoch}"].items():
            value = found.get(name)
            above = name.rpartition(".")[2] in BOUNDED_ABOVE
            if value is None or (value > floor if above else value < floor):
                fallen.append(f"epoch {epoch}: {name} is {value}, its {'ceiling' if above else 'floor'} {floor}")
    return fallen


def raise_floors(plan: Plan, epochs: list[int], digest: str) -> None:
    """Move every floor up to what was reached now; none goes down, unless the set is another."""
    kept = json.loads(FLOORS.read_text("utf-8"))
    if kept["truth_sha256"] != digest:
        kept = {"truth_sha256": digest, "epoch1": {}, "epoch2": {}}
    for epoch in epochs:
        floors = kept[f"epoch{epoch}"]
        for name, value in figures(plan, epoch).items():
            better = min if name.rpartition(".")[2] in BOUNDED_ABOVE else max
            floors[name] = better(value, floors.get(name, value))
    FLOORS.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", "utf-8")


def main() -> int:
    """Parse, run, tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--epoch", choices=("1", "2", "both"), default="both")
    parser.add_argument("--out", type=Path, default=Path("build", "evaluation"))
    parser.add_argument("--jobs", type=int, default=16)
    parser.add_argument("--timeout", type=float, default=5.0)
    parser.add_argument("--raise-floors", action="store_true", help="keep what was reached as the new floors")
    options = parser.parse_args()
    epochs = [1, 2] if options.epoch == "both" else [int(options.epoch)]
    try:
        plan = Plan(options.folder, options.out, options.jobs, options.timeout)
        fallen = evaluate(plan, epochs)
        if options.raise_floors:
            raise_floors(plan, epochs, hashlib.sha256((plan.folder / "truth.jsonl").read_bytes()).hexdigest())
    except EvaluationError as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 2
    for line in fallen:
        print(f"evaluate: BELOW ITS FLOOR: {line}", file=sys.stderr)
    return 1 if fallen else 0


if __name__ == "__main__":
    sys.exit(main())
