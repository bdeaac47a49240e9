"""What must be the same wherever one run works, so that its verdicts are."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version

from preserve import __version__


def versions() -> dict[str, object]:
    """The versions that decide what a verdict is, by name."""
    return {"preserve": __version__, "trafilatura": version("trafilatura")}


def unlike(wanted: Mapping[str, object], found: Mapping[str, object]) -> list[str]:
    """What is wrong with a worker's versions, each after "it".

    Args:
        wanted: the coordinator's.
        found: the worker's.
    """
    return [
        f"has {name} {found.get(name)}, and here is {value}"
        for name, value in wanted.items()
        if found.get(name) != value
    ]
