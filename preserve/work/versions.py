"""What must be the same wherever one run works, so that its verdicts are."""

from __future__ import annotations

from importlib.metadata import version

from preserve import __version__


def versions() -> dict[str, object]:
    """The versions that decide what a verdict is, by name."""
    return {"preserve": __version__, "trafilatura": version("trafilatura")}
