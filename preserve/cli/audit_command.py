"""`preserve audit`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from preserve.cli.options import archive_option, config_option

FILE = click.Path(path_type=Path)


@click.command("audit", epilog="Example:  preserve audit --against checkpoint-of-last-year.note")
@click.argument("proof", metavar="[PROOF]", type=FILE, required=False)
@archive_option
@config_option
@click.option(
    "--against",
    metavar="CHECKPOINT",
    type=FILE,
    help="A checkpoint you kept elsewhere: finds a log that was cut back or rewritten since.",
)
@click.option("--record", "--records", metavar="FILE", type=FILE, help="With PROOF: the WARC file that came with it.")
@click.option("--key", metavar="VERIFIERKEY", help="With PROOF: the key you know the archive's keeper by.")
@click.option(
    "--root",
    "roots",
    metavar="FILE",
    type=FILE,
    multiple=True,
    help="With PROOF: certificates (PEM) that you trust to vouch for time stamps; may be given several times.",
)
@click.option(
    "--processes",
    metavar="N",
    type=click.IntRange(1),
    help="How many processes look at once; by default as many as there are processors.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON Lines on standard output: one object a finding, a summary.")
def command(proof: Path | None, *, as_json: bool, **options: Any) -> int:
    """Hold the archive against itself: every digest, row, log entry and signature; no network, nothing written.

    Says what was changed or removed, where, and what can still be trusted. Exits 1 when anything was.

    With PROOF, a file that `preserve prove` wrote, that is verified instead; it takes no archive. Exits 1 when it
    does not hold.
    """
    if proof is None:
        if options["record"] is not None or options["key"] is not None or options["roots"]:
            raise click.UsageError("--record, --key and --root are for a PROOF: name one")
        from preserve.cli import auditing  # noqa: PLC0415 - the archive's libraries are not needed for --help

        return auditing.run(
            options["archive"], options["config"], options["against"], options["processes"], as_json=as_json
        )
    if any(options[name] is not None for name in ("archive", "config", "processes")):
        raise click.UsageError("a PROOF is verified without an archive: leave --archive, --config and --processes out")
    from preserve.cli import reading_proofs  # noqa: PLC0415

    given = reading_proofs.Given(options["record"], options["key"], options["against"], options["roots"])
    return reading_proofs.run(proof, given, as_json=as_json)
