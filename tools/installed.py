"""Say which preserve is about to be tested; refuse when it is the checkout and not the installed wheel."""

# ruff: noqa: T201 - a script

import sys
from pathlib import Path

import preserve

found = Path(preserve.__file__).resolve()
if Path(sys.prefix).resolve() not in found.parents:
    sys.exit(f"the tests would run {found.parent}, not the wheel installed in {sys.prefix}; use `make test`")
print(f"testing preserve {preserve.__version__} as installed in {found.parent}")
