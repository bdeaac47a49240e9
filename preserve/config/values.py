"""Values of the configuration file to the types of `preserve.settings`: durations, sizes, networks,
patterns.
"""

from __future__ import annotations

import ipaddress
import json
import math
import re
from collections.abc import Callable, Mapping

from preserve.cite import PLACEHOLDERS
from preserve.config.options import Kind, Option
from preserve.config.storage import storage_options, storage_url
from preserve.errors import ConfigError
from preserve.settings import DigestAlgorithm
from preserve.times import parse_duration
from preserve.urls import split, wire_url

_MUST_BE_MORE = frozenset(
    {
        "connect_timeout",
        "read_timeout",
        "total_timeout",
        "max_header_bytes",
        "max_body_bytes",
        "max_decoded_bytes",
    }
    | {"roll_over", "source_keys", "suffixes", "directory"}
)


_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", re.ASCII | re.IGNORECASE)


def parse_size(text: str) -> int:
    """`64MiB` (powers of 1024), `64MB` (powers of 1000), `512k`, `4096` in bytes. Raises ValueError."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a size; one looks like 64MiB")
    unit = (1024 if found[3] else 1000) ** " kmgt".index(found[2].lower() or " ")
    return round(float(found[1]) * int(unit))


def convert(option: Option, value: object, where: str) -> object:
    """A value of the file as the field's type; ConfigError where it can't be."""
    try:
        converted = _CONVERTERS[option.kind](value)
    except (ValueError, TypeError, OverflowError) as error:
        raise ConfigError(f"{where}: {error}") from error
    if converted is None:
        raise ConfigError(f"{where}: must be {option.kind.value}, not {_shown(value)}")
    if option.field in _MUST_BE_MORE and not converted:
        raise ConfigError(f"{where}: must not be {'empty' if isinstance(converted, (str, tuple)) else 'zero'}")
    return converted


def _shown(value: object) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except TypeError:
        text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _texts(value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        return None
    return tuple(value)


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return value if value >= 0 else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and _number(value) is not None else None


def _positive(value: object) -> int | None:
    return _count(value) or None


def _share(value: object) -> float | None:
    number = _number(value)
    return float(number) if number is not None and number <= 1 else None


def _ratio(value: object) -> float | None:
    number = _number(value)
    return float(number) if number is not None and number >= 1 else None


def _duration(value: object) -> float | None:
    if isinstance(value, str):
        return parse_duration(value)
    number = _number(value)
    return None if number is None else float(number)


def _size(value: object) -> int | None:
    return parse_size(value) if isinstance(value, str) else _count(value)


def _networks(value: object) -> tuple[str, ...] | None:
    texts = _texts(value)
    for text in texts or ():
        check_network(text)
    return texts


def _urls(value: object) -> tuple[str, ...] | None:
    texts = _texts(value)
    return None if texts is None else tuple(dict.fromkeys(_service_url(text) for text in texts))


def _service_url(text: str) -> str:
    if "@" in (split(text).authority or ""):  # it is written to the ledger, and archives are given away
        raise ValueError("a URL with a user or password can't be used here")
    try:
        return wire_url(text)
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}") from error


def _replay(value: object) -> str | None:
    """A URL with placeholders, held against one that has them filled in."""
    if not isinstance(value, str) or not value:
        return _text(value)
    unknown = [name for name in re.findall(r"\{([^{}]*)\}", value) if name not in PLACEHOLDERS]
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise ValueError(f"{value!r}: no placeholder {{{unknown[0]}}}; known are {known}")
    if not any(f"{{{name}}}" in value for name in PLACEHOLDERS if name != "timestamp"):
        raise ValueError(f"{value!r}: must have {{url}}, {{url-encoded}} or {{record-id}} in it, or all copies are one")
    _service_url(re.sub(r"\{[^{}]*\}", "0", value))
    return value


def check_network(text: str) -> str:
    """`text` again, when it is an address or a network in CIDR notation. Raises ValueError otherwise."""
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a network: {error}; one looks like 127.0.0.0/8 or ::1/128") from error
    return text


def _digest(value: object) -> DigestAlgorithm | None:
    return DigestAlgorithm(value) if isinstance(value, str) and value in {"sha256", "sha1"} else None


def _patterns(value: object) -> tuple[tuple[str, str], ...] | None:
    if not isinstance(value, dict) or not all(isinstance(pattern, str) for pattern in value.values()):
        return None
    for name, pattern in value.items():
        try:
            re.compile(pattern)
        except (re.error, RecursionError) as error:
            raise ValueError(f"{name}: not a regular expression: {error}") from error
    return tuple(value.items())


_CONVERTERS: Mapping[Kind, Callable[[object], object]] = {
    Kind.TEXT: _text,
    Kind.TEXTS: _texts,
    Kind.FLAG: _flag,
    Kind.COUNT: _count,
    Kind.POSITIVE: _positive,
    Kind.SHARE: _share,
    Kind.RATIO: _ratio,
    Kind.DURATION: _duration,
    Kind.SIZE: _size,
    Kind.NETWORKS: _networks,
    Kind.DIGEST: _digest,
    Kind.PATTERNS: _patterns,
    Kind.URLS: _urls,
    Kind.REPLAY: _replay,
    Kind.STORAGE: storage_url,
    Kind.STORAGE_OPTIONS: storage_options,
}
