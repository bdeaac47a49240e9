"""What was asked of `preserve verify` on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked on the command line."""

    posts: tuple[str, ...]
    archive: str | None
    config: Path | None
    jobs: int | None
    delay: float | None
    timeout: float | None
    proxy: str | None
    allow_private: tuple[str, ...]
    ignore_robots: bool
    older_than: str | None
    limit: int | None
    dask: str | None
    new_run: bool
    dry_run: bool
    as_json: bool
    verbose: bool
