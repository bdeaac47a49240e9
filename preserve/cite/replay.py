"""Where an archived copy can be looked at: the configured URL, filled in."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from preserve.urls import legal_uri

PLACEHOLDERS: Final = ("timestamp", "url", "url-encoded", "record-id")
_PLACEHOLDER: Final = re.compile(r"\{([a-z-]+)\}")


def replay_url(template: str, at: datetime, url: str, record_id: str) -> str:
    """`template` with its placeholders filled in; "" for an empty one.

    Args:
        template: with `{timestamp}` (14 digits, UTC), `{url}` (as it is, as replay tools have it in a path),
            `{url-encoded}` (for a query field) and `{record-id}` (`urn:uuid:…`); others stay.
        at: when the record was captured.
        url: that its record is of.
        record_id: of the record.
    """
    values = {
        "timestamp": f"{at.astimezone(UTC):%Y%m%d%H%M%S}",
        "url": url,
        "url-encoded": quote(url, safe=""),
        "record-id": record_id,
    }
    return legal_uri(_PLACEHOLDER.sub(lambda hit: values.get(hit[1], hit[0]), template))
