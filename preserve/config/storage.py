"""Which storages can be named, and what may be said of one.

Both are noted in the archive, which people copy and give away, and read back by whoever opens it. So there is a list of
what may be said, and no credential is on it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from preserve.urls import split

_SCHEME: Final = re.compile(r"[a-z][a-z0-9]*")
_NO_PLACES: Final = {
    "memory": "ends with the process",
    **dict.fromkeys(("http", "https"), "can't be written to"),
}
_OPTIONS: Final = frozenset(
    {
        "account_name",
        "anon",
        "client_kwargs.region_name",
        "endpoint_url",
        "port",
        "project",
        "requester_pays",
        "username",
    }
)
_INSTEAD: Final = (
    "set it where its library looks by itself: AWS_* variables or ~/.aws for s3, else fsspec's own configuration "
    "(FSSPEC_<PROTOCOL>_<OPTION>, ~/.config/fsspec)"
)


def storage_url(value: object) -> str | None:
    """A storage's URL, or "".

    Raises:
        ValueError: it can't be a storage, or has a password in it.
    """
    if not isinstance(value, str) or not value:
        return "" if value == "" else None
    scheme, found, rest = value.partition("://")
    if not found or _SCHEME.fullmatch(scheme) is None:
        shown = repr(value) if "@" not in value else "it"  # which may have a password
        raise ValueError(f"{shown}: not a URL; one looks like s3://bucket/prefix, a folder like file:///mnt/warcs")
    if scheme in _NO_PLACES:
        raise ValueError(f"{value!r}: {scheme} {_NO_PLACES[scheme]}, so nothing can be kept there")
    if _has_password(value):
        raise ValueError(f"a URL with a password can't be used here; {_INSTEAD}")
    if any(sign in value for sign in "?#") or "::" in value or not value.isprintable() or not rest.strip("/"):
        raise ValueError(f"{value!r}: must name a folder or bucket, without ?, # or ::")
    return value.rstrip("/")


def storage_options(value: object) -> str | None:
    """A table of options, as JSON; "" for an empty one.

    Raises:
        ValueError: one is not on the list.
    """
    if not isinstance(value, dict):
        return None
    for name, one in _flat(value):
        if name not in _OPTIONS:
            known = ", ".join(sorted(_OPTIONS))
            raise ValueError(
                f"{name} can't be set here, as what stands here is noted in the archive; {_INSTEAD}. Known are {known}"
            )
        if not isinstance(one, (str, int, bool)):
            raise ValueError(f"{name}: must be a text, a number, true or false")
        if isinstance(one, str) and _has_password(one):
            raise ValueError(f"{name}: a URL with a password can't be used here; {_INSTEAD}")
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _has_password(url: str) -> bool:
    user, at, _ = (split(url).authority or "").rpartition("@")
    return bool(at) and ":" in user
