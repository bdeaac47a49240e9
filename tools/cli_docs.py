"""Writes docs/cli.md from `--help` of every command.

    python tools/cli_docs.py [--check]

With --check nothing is written; exits 1 when help and page differ (white space aside: click versions wrap differently).
"""

# ruff: noqa: T201 - a script: it prints

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from preserve.cli.app import COMMANDS, group

PAGE = Path(__file__).parent.parent / "docs" / "cli.md"
WIDTH = 100
HEAD = """# Every command

Made from `--help` by `tools/cli_docs.py`; not to be edited by hand. [The tutorial](tutorial.md) shows commands at work,
[exports](exports.md) has the formats of `preserve export` and how to have the shell complete words.
"""


def page() -> str:
    """The page as the commands' help has it."""
    return "\n".join(sections())


def sections() -> Iterator[str]:
    """The head, the group, and each command in its order."""
    yield HEAD
    yield block("preserve", group, None)
    whole = click.Context(group, info_name="preserve")
    for name in COMMANDS:
        command = group.get_command(whole, name)
        assert command is not None  # noqa: S101 - the table names only commands
        yield f"## preserve {name}\n"
        yield block(name, command, whole)


def block(name: str, command: click.Command, parent: click.Context | None) -> str:
    """One command's help as a block of code."""
    context = click.Context(
        command,
        info_name=name,
        parent=parent,
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        help_option_names=["-h", "--help"],
    )
    return f"```text\n{click.unstyle(command.get_help(context)).rstrip()}\n```\n"


def same(one: str, other: str) -> bool:
    """Whether two pages say the same, line breaks aside."""
    return one.split() == other.split()


def main() -> int:
    """Write or check the page; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing")
    if not parser.parse_args().check:
        PAGE.write_text(page(), "utf-8")
        return 0
    if PAGE.is_file() and same(PAGE.read_text("utf-8"), page()):
        return 0
    print("docs/cli.md is not what --help says: run python tools/cli_docs.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
