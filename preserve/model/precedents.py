"""A check that a later one may follow, and under which terms it was concluded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from preserve.model.checks import Check
from preserve.sending import sent

_FETCH = ("max_decoded_bytes", "max_ratio")


@sent
@dataclass(frozen=True, slots=True)
class Precedent:
    """An earlier check of a post, for one that may conclude the same.

    Attributes:
        check: the earlier check, as it stands.
        settings: those that bear on a judgement (see `judging_settings`), of the run that came to the one that stands;
            "" where they can't be told.
        software: what that run is recorded with.
    """

    check: Check
    settings: str
    software: str


def judging_settings(values: Mapping[str, Any]) -> str:
    """The settings that bear on a judgement, in one spelling.

    Args:
        values: every setting by name, in groups, as a run notes them in the ledger.

    Returns:
        "" where one of them is missing: an older run did not know of it.
    """
    try:
        told = {"posts": values["posts"], **{name: values["fetch"][name] for name in _FETCH}}
    except (KeyError, TypeError):
        return ""
    return json.dumps(told, sort_keys=True)
