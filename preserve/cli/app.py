"""The command group, loaded lazily, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import importlib
import sys
import traceback

import click

from preserve import __version__
from preserve.errors import PreserveError

EXIT_FOUND = 1
EXIT_ERROR = 2
EXIT_INTERNAL = 70  # EX_SOFTWARE of sysexits.h
EXIT_INTERRUPTED = 130

COMMANDS = {
    "verify": (
        "preserve.cli.verify_command",
        "Fetch every post's source, archive it, and say what became of it.",
    ),
    "plan": (
        "preserve.cli.plan_command",
        "How long politeness takes: the next run by host, or months of runs simulated.",
    ),
    "show": ("preserve.cli.show_command", "One post: verdict, evidence, and the differences side by side."),
    "log": ("preserve.cli.log_command", "Every check of a post: when, and what it concluded."),
    "diff": ("preserve.cli.diff_command", "Any two captures side by side, or the stored copy and one."),
    "explain": (
        "preserve.cli.explain_command",
        "Why: every rule tried, every sentence and where it was found.",
    ),
    "status": ("preserve.cli.status_command", "Where the collection stands, from the ledger alone."),
    "report": (
        "preserve.cli.report_command",
        "A web site on how the collection stands, from the archive alone.",
    ),
    "copies": (
        "preserve.cli.copies_command",
        "Sources kept several times: how their stored copies differ, by date.",
    ),
    "quote": (
        "preserve.cli.quote_command",
        "Whether quotations still stand at their sources, and since when not.",
    ),
    "cite": (
        "preserve.cli.cite_command",
        "Cite sources with their archived copies: BibTeX, RIS, CSL-JSON, APA, GB/T 7714 and more.",
    ),
    "export": (
        "preserve.cli.export_command",
        "The collection in a format that other programs read: JSON, CSV, JUnit, SARIF, Atom.",
    ),
    "rejudge": (
        "preserve.cli.rejudge_command",
        "Derive every verdict again from the WARC files, without the network.",
    ),
    "audit": (
        "preserve.cli.audit_command",
        "Hold the archive against itself, or a proof: what was changed or removed since it was written.",
    ),
    "prove": (
        "preserve.cli.prove_command",
        "One post's check, its records and the signed log as files that a stranger can verify.",
    ),
    "stamp": (
        "preserve.cli.stamp_command",
        "Have the newest checkpoint time-stamped by whoever was named and has not yet.",
    ),
    "captures": (
        "preserve.cli.captures_command",
        "Every capture of a URL in the archive, or the one nearest to a time.",
    ),
    "replay": ("preserve.cli.replay_command", "Show the archived pages as they were, with pywb."),
    "init": ("preserve.cli.init_command", "Write a commented preserve.toml."),
}


class LazyGroup(click.Group):
    """Commands whose modules are imported only when they are called; their help stands in `COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command called `cmd_name`, or None."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)  # noqa: S101 - the table above names only commands
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.command(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example:  preserve verify _posts",
)
@click.version_option(__version__, "-V", "--version", prog_name="preserve")
def group() -> None:
    """Keep the sources of a collection of posts, and know what became of them.

    Exit codes: 0 all well, 1 differences or rot found, 2 usage or set-up error, 130 interrupted.
    """


def run() -> None:
    """Run the command line and exit."""
    try:
        code = group.main(prog_name="preserve", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(EXIT_ERROR)
    except PreserveError as error:
        click.echo(f"preserve: {printable(str(error))}", err=True)
        sys.exit(EXIT_ERROR)
    except (click.Abort, KeyboardInterrupt):
        click.echo("preserve: interrupted", err=True)
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        sys.stderr.close()
        sys.exit(EXIT_ERROR)
    except Exception:  # noqa: BLE001 - a fault of ours; what is committed stays, and the next run goes on
        traceback.print_exc()
        click.echo("preserve: internal error, please report it; nothing archived is lost.", err=True)
        sys.exit(EXIT_INTERNAL)
    sys.exit(code if isinstance(code, int) else 0)


def printable(text: str) -> str:
    """`text` with everything that could steer a terminal made visible; line breaks are kept."""
    from preserve.cli.safe import safe  # noqa: PLC0415 - only when there is something to print

    return "\n".join(safe(line) for line in text.split("\n"))
