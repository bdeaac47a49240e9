"""Times as people give them on the command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from preserve.errors import ConfigError

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def moment_meant(option: str, text: str) -> datetime:
    """The time that `text` means, in UTC where it names no zone; of a day its last moment.

    Raises:
        ConfigError: it is no date or time; `option` is named.
    """
    try:
        moment = datetime.fromisoformat(text)
        if _DAY.fullmatch(text):
            moment += timedelta(days=1, microseconds=-1)
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"{option} {text}: not a date, a time or a check's number: {error}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
