"""What `preserve audit PROOF` prints: what is proved and what is not, in sentences."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from preserve.checkpoints import VerifierKey
from preserve.cli.app import EXIT_FOUND
from preserve.cli.look import MEANINGS, console, section
from preserve.cli.safe import safe
from preserve.errors import ConfigError, ProofError
from preserve.model import Verdict
from preserve.proofs import (
    MOST_BYTES,
    Claim,
    Outcome,
    Step,
    Verification,
    parse_proof,
    verify,
    verify_records,
    verify_timestamps,
)
from preserve.stamps import read_roots
from preserve.warc import read_records

MARKS: Mapping[Outcome, tuple[str, str]] = {
    Outcome.HOLDS: ("✓", "green"),
    Outcome.FAILS: ("✗", "bold red"),
    Outcome.OPEN: ("–", "yellow"),
}
NEVER_PROVED = (
    "That the verdict is right. It is what preserve concluded; the records show what it was concluded from.",
    "That the source sent this to anybody else, or at all: the records show what the archive's keeper says was"
    " received, and TLS can't be replayed to a third party.",
    "That there was no other log. Whoever holds the key can write a new one; a checkpoint that somebody kept from"
    " before shows it (--against).",
)
INDENT = (0, 0, 0, 2)


@dataclass(frozen=True, slots=True)
class Given:
    """What the reader has beside the proof: the WARC file that came with it, the key and the checkpoint they know it
    by, and the certificates they trust to vouch for time stamps.
    """

    records: Path | None
    key: str | None
    against: Path | None
    roots: Sequence[Path] = ()


def run(path: Path, given: Given, *, as_json: bool) -> int:
    """Verify a proof; the exit code.

    Raises:
        ConfigError: an option can't be used.
        ProofError: the proof, or what came with it, can't be understood.
        ArchiveError: the WARC file can't be read.
    """
    try:
        proof = parse_proof(read_small(path, "PROOF"))
        key = None if given.key is None else _key(given.key)
        kept = None if given.against is None else read_small(given.against, "--against")
        verified = verify(proof, key, kept)
    except ProofError as error:
        raise ProofError(f"{path}: {error}") from error
    roots = read_roots(map(str, given.roots))
    brought = None if given.records is None else read_records(given.records)
    steps = (*verified.steps, *verify_records(proof, brought), *verify_timestamps(proof, roots))
    result = Verification(verified.claim, steps)
    if as_json:
        _print_json(result)
    else:
        _print(console(), result, path)
    return 0 if result.holds else EXIT_FOUND


def read_small(path: Path, option: str) -> bytes:
    """The bytes of a file that was named on the command line.

    Raises:
        ConfigError: it can't be read, or is larger than any proof or checkpoint.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{option} {path}: can't be read: {error.strerror}") from error
    if len(data) > MOST_BYTES:
        raise ConfigError(f"{option} {path}: has more than {MOST_BYTES} bytes; it is something else")
    return data


def claim_sentence(claim: Claim) -> str:
    """What a check concluded, as one sentence without its full stop."""
    how = ", ".join((*([claim.reason] if claim.reason else []), *claim.natures))
    found = claim.verdict + (f" ({how})" if how else "")
    meaning = MEANINGS[Verdict(claim.verdict)] if claim.verdict in set(Verdict) else ""
    against = f" against {claim.url}" if claim.url else ", which names no source,"
    return f"at {claim.time}, run {claim.run} checked {claim.post}{against} and found: {found}" + (
        f", which means: {meaning}" if meaning else ""
    )


def claim_object(claim: Claim | None) -> dict[str, object] | None:
    """What is claimed, as plain JSON values."""
    return None if claim is None else asdict(claim)


def _key(text: str) -> VerifierKey:
    try:
        return VerifierKey.parse(text.strip())
    except ValueError as error:
        raise ConfigError(f"--key: {error}; it stands in the archive's checkpoints/key.pub, name and all") from error


def _print_json(result: Verification) -> None:
    said = {
        "holds": result.holds,
        "claim": claim_object(result.claim),
        "steps": [asdict(step) for step in result.steps],
        "never_proved": list(NEVER_PROVED),
    }
    sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")


def _print(out: Console, result: Verification, path: Path) -> None:
    heading = Text("✓ the proof holds", style="bold green")
    if not result.holds:
        heading = Text("✗ the proof does not hold", style="bold red")
    out.print(heading.append(f"  {safe(str(path))}", style="bold default"), soft_wrap=True)
    _print_claim(out, result)
    for outcome, title in (
        (Outcome.FAILS, "What does not hold"),
        (Outcome.HOLDS, "Proved" if result.holds else "What holds all the same"),
        (Outcome.OPEN, "Left open"),
    ):
        steps = [step for step in result.steps if step.outcome is outcome]
        if steps:
            section(out, title)
            out.print(Padding(_table(steps), INDENT))
    section(out, "What no such proof shows")
    out.print(Padding(_never(), INDENT))


def _print_claim(out: Console, result: Verification) -> None:
    if result.claim is None:
        return
    said = claim_sentence(result.claim)
    if result.holds:
        text = Text(f"The archive signed that {safe(said)}.")
    else:
        text = Text(f"It claims, and does not prove, that {safe(said)}.")
    out.print()
    out.print(Padding(text, INDENT))


def _table(steps: list[Step]) -> Table:
    table = _grid()
    for step in steps:
        mark, style = MARKS[step.outcome]
        table.add_row(Text(mark, style=style), Text(step.name, style="dim"), Text(safe(step.says)))
    return table


def _never() -> Table:
    table = _grid()
    for line in NEVER_PROVED:
        table.add_row(Text("–", style="dim"), "", Text(line, style="dim"))
    return table


def _grid() -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table
