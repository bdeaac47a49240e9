"""What `preserve prove` writes, and what it says of it."""

from __future__ import annotations

import json
import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from rich.padding import Padding
from rich.text import Text

from preserve.checkpoints import parse_checkpoint, parse_note
from preserve.cli.look import console, plain_table
from preserve.cli.opening import one_post, open_ledger, settings_for_reading
from preserve.cli.reading_proofs import claim_object, claim_sentence, read_small
from preserve.cli.safe import safe
from preserve.errors import ConfigError
from preserve.proofs import Proof, Question, format_proof, prove, verify
from preserve.times import SystemClock, parse_warc_date
from preserve.warc import copy_records

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for on the command line, as it was written."""

    post: str | None
    run: int | None
    at: str | None
    since: Path | None
    earliest: bool


def run(
    wanted: Wanted, output: Path, records: Path | None, place: tuple[str | None, Path | None], as_json: bool
) -> None:
    """Make the proof, and the WARC file where one is wanted.

    Args:
        wanted: what to prove.
        output: the proof's file; one that is there is replaced.
        records: file for the records; None writes none.
        place: `--archive` and `--config`.
        as_json: say it as one JSON object.

    Raises:
        ConfigError: an option can't be used, or no post or several match.
        ProofError: nothing can be proved; the message says why.
        ArchiveError: the archive does not bear it out, can't be read, or the records not be written.
    """
    settings = settings_for_reading(*place)
    directory = Path(settings.archive.directory)
    for path in (output, records):
        _must_be_outside(path, directory)
    since = None if wanted.since is None else read_small(wanted.since, "--since")
    at = None if wanted.at is None else _moment(wanted.at)
    with open_ledger(settings) as ledger:
        post = None if wanted.post is None else one_post(ledger, wanted.post)
        proof = prove(directory, ledger, Question(post, wanted.run, at, since, wanted.earliest))
    size = None if records is None else _copy(directory, proof, records)
    _write(output, format_proof(proof))
    if as_json:
        sys.stdout.write(json.dumps(_object(proof, output, records, size), ensure_ascii=False) + "\n")
    else:
        _print(proof, output, records, size)


def _moment(text: str) -> datetime:
    try:
        when = parse_warc_date(text)
    except ValueError as error:
        raise ConfigError(f"--at: {error}") from error
    return when + timedelta(days=1, microseconds=-1) if _DAY.fullmatch(text.strip()) else when


def _must_be_outside(path: Path | None, directory: Path) -> None:
    """What lies in the archive counts as part of it: the next run would log the file and the index list it."""
    if path is not None and path.resolve().is_relative_to(directory.resolve()):
        raise ConfigError(f"{path}: is inside the archive; name a place outside of it")


def _copy(directory: Path, proof: Proof, path: Path) -> int:
    claim = verify(proof).claim
    post = "" if claim is None else f" of the check of {claim.post} in run {claim.run}"
    info = {"description": f"The records{post}, copied byte for byte from {_files(proof)}"}
    refs = [record.ref for record in proof.records]
    return copy_records(directory, refs, path, info, SystemClock().now())


def _files(proof: Proof) -> str:
    return ", ".join(dict.fromkeys(record.ref.file for record in proof.records)) or "nothing"


def _write(path: Path, data: bytes) -> None:
    draft = path.with_name(path.name + ".new")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: can't be written: {error.strerror}; name a place that can be") from error
    finally:
        with suppress(OSError):
            draft.unlink()


def _object(proof: Proof, output: Path, records: Path | None, size: int | None) -> dict[str, object]:
    checkpoint = parse_checkpoint(parse_note(proof.checkpoint.encode()).text)
    return {
        "proof": str(output),
        "claim": claim_object(verify(proof).claim),
        "position": proof.entries[0].position if proof.entries else None,
        "log": checkpoint.origin,
        "size": checkpoint.size,
        "key": proof.key,
        "records": str(records) if records is not None else None,
        "records_count": len(proof.records),
        "records_bytes": size,
        "timestamps": [stamp.file for stamp in proof.timestamps],
    }


def _print(proof: Proof, output: Path, records: Path | None, size: int | None) -> None:
    out, claim = console(), verify(proof).claim
    checkpoint = parse_checkpoint(parse_note(proof.checkpoint.encode()).text)
    out.print(Text(f"✓ {safe(str(output))}", style="bold green"), soft_wrap=True)
    rows = []
    if claim is not None:
        rows += [
            ("proves", claim_sentence(claim)),
            ("entry", f"{proof.entries[0].position} of {checkpoint.size}, signed as the log {checkpoint.origin}"),
        ]
    if proof.since is not None:
        earlier = parse_checkpoint(parse_note(proof.since.checkpoint.encode()).text)
        rows.append(("grown", f"from {earlier.size} to {checkpoint.size} entries, and changed in none"))
    if claim is not None:
        kept = f"{len(proof.records)} in {records}, {size} bytes" if records else f"{len(proof.records)}, not copied"
        rows.append(("records", kept))
    if proof.timestamps:
        rows.append(("time stamps", ", ".join(stamp.file for stamp in proof.timestamps)))
    table = plain_table()
    for name, value in rows:
        table.add_row(Text(name, style="dim"), Text(safe(value)))
    out.print(Padding(table, (0, 0, 0, 2)))
    given = f" --record {records}" if records else ""
    out.print(Text("\nTo verify it, anywhere; tell the key by another way than the proof:", style="dim"))
    out.print(Text(f"    preserve audit {safe(f'{output}{given} --key {proof.key}')}"), soft_wrap=True)
