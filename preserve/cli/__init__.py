"""The command line: parse, call, print, exit code. Nothing else prints.

Only `main` is imported at start; each command's module is imported when it is called, so that `--help` is
quick.
"""


def main() -> None:
    """The `preserve` command; exits with a documented code (docs/cli: 0, 1, 2, 130)."""
    from preserve.cli.app import run  # noqa: PLC0415 - click is not needed to import this package

    run()


__all__ = ["main"]
