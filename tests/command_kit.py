"""The `preserve` command in a process of its own, as a person or a script runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import preserve

ROOT = str(Path(preserve.__file__).parent.parent)


def environment(columns: int = 100) -> dict[str, str]:
    """This process's, without proxies, colours and surprises."""
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return {**kept, "PYTHONPATH": ROOT, "COLUMNS": str(columns), "NO_COLOR": "1"}


def command(*words: str | Path, cwd: Path | None = None, columns: int = 100) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(
        [sys.executable, "-m", "preserve", *map(str, words)],
        capture_output=True,
        text=True,
        env=environment(columns),
        cwd=cwd,
        check=False,
        timeout=100,
    )
