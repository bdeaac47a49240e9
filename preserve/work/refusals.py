"""Which answers say more of a host than of the page that was asked for."""

from __future__ import annotations

REFUSALS = frozenset({401, 403, 407, 429, 451})


def refused(status: int | None) -> bool:
    """Whether a visit that ended with this status (None: no answer) says more of the host than of the page."""
    return status is None or status in REFUSALS or status >= 500
