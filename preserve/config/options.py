"""The options as the configuration file has them: names, how a value is written, a line of help each.

Owns the commented file that `preserve init` writes. What an option means is told in `preserve.settings`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from preserve.settings import Settings


class Kind(StrEnum):
    """How a value is written in the file."""

    TEXT = "a text"
    TEXTS = "a list of texts"
    FLAG = "true or false"
    COUNT = "a whole number, 0 or more"
    POSITIVE = "a whole number, 1 or more"
    SHARE = "a number from 0 to 1"
    RATIO = "a number, 1 or more"
    DURATION = 'a number of seconds or a duration such as "30s", "12h" or "7d"'
    SIZE = 'a number of bytes or a size such as "64MiB"'
    NETWORKS = 'a list of networks such as ["127.0.0.0/8"]'
    DIGEST = 'one of "sha256", "sha1"'
    PATTERNS = "a table of names and regular expressions"
    URLS = "a list of http or https URLs"
    STORAGE = 'a URL such as "s3://bucket/prefix" or "file:///mnt/warcs"'
    STORAGE_OPTIONS = "a table of options"
    REPLAY = 'a URL such as "https://archive.example/{timestamp}/{url}"'


@dataclass(frozen=True, slots=True)
class Option:
    """One key of the file.

    Attributes:
        table, field: where it stands in `Settings`; the file writes underscores as hyphens.
        kind: how its value is written.
        says: what it is for, in a line.
    """

    table: str
    field: str
    kind: Kind
    says: str

    @property
    def key(self) -> str:
        """Its name in the file."""
        return self.field.replace("_", "-")


OPTIONS: tuple[Option, ...] = (
    Option("posts", "source_keys", Kind.TEXTS, "front-matter keys that may hold the source URL, in this order"),
    Option("posts", "suffixes", Kind.TEXTS, "which files of a directory are posts"),
    Option("posts", "set_aside", Kind.PATTERNS, "your own rules for blocks that are not the article"),
    Option("fetch", "contact", Kind.TEXT, "URL or mail address, for the people whose servers you ask"),
    Option("fetch", "connect_timeout", Kind.DURATION, "longest wait for a connection"),
    Option("fetch", "read_timeout", Kind.DURATION, "longest wait for the next bytes"),
    Option("fetch", "total_timeout", Kind.DURATION, "longest one exchange may take"),
    Option("fetch", "idle_timeout", Kind.DURATION, "an idle connection is kept for its host's next request; 0: never"),
    Option("fetch", "max_header_bytes", Kind.SIZE, "longest response header"),
    Option("fetch", "max_body_bytes", Kind.SIZE, "a longer body is cut, and the record says so"),
    Option("fetch", "max_decoded_bytes", Kind.SIZE, "the most a compressed body may unpack to"),
    Option("fetch", "max_ratio", Kind.RATIO, "the most a compressed body may grow, times its size"),
    Option("fetch", "max_redirects", Kind.COUNT, "redirects followed"),
    Option("fetch", "max_refresh_delay", Kind.DURATION, "a <meta refresh> as quick as this is a redirect"),
    Option("fetch", "tries", Kind.POSITIVE, "tries of one URL, the first included"),
    Option("fetch", "backoff", Kind.DURATION, "wait before the second try; doubled each time"),
    Option("fetch", "retry_after_cap", Kind.DURATION, "longest Retry-After that is waited for"),
    Option("fetch", "delay", Kind.DURATION, "pause between two requests to one host"),
    Option("fetch", "proxy", Kind.TEXT, "proxy for every request; empty: the environment's"),
    Option("fetch", "allow_private", Kind.NETWORKS, "networks that may be asked although they are not public"),
    Option("fetch", "ignore_robots", Kind.FLAG, "ask although robots.txt says no"),
    Option(
        "fetch", "unconditional_every", Kind.POSITIVE, 'every so many checks "not modified" is not trusted; 1: never'
    ),
    Option("fetch", "control_names", Kind.TEXTS, "names that must resolve before another's absence is believed"),
    Option("archive", "directory", Kind.TEXT, "where WARC files and the ledger go"),
    Option("archive", "digest", Kind.DIGEST, "digests of WARC records: sha256 or sha1"),
    Option("archive", "roll_over", Kind.SIZE, "a WARC file is closed when it has grown past this"),
    Option("archive", "operator", Kind.TEXT, "who runs this, for the WARC files; empty leaves it out"),
    Option(
        "archive", "signing_key", Kind.TEXT, "the key that signs checkpoints; empty: in your configuration directory"
    ),
    Option("archive", "timestamp_urls", Kind.URLS, "RFC 3161 authorities that stamp each checkpoint; empty: none"),
    Option("archive", "timestamp_roots", Kind.TEXTS, "PEM files: the authorities' root certificates that you trust"),
    Option("archive", "calendar_urls", Kind.URLS, "OpenTimestamps calendars that stamp each checkpoint; empty: none"),
    Option(
        "archive", "storage", Kind.STORAGE, "where closed WARC files are put, too: a folder or bucket; empty: nowhere"
    ),
    Option("archive", "storage_options", Kind.STORAGE_OPTIONS, "what its library is told besides; no secrets"),
    Option("archive", "keep_local", Kind.FLAG, "leave files that were stored in the archive's directory, too"),
    Option("judge", "page_seconds", Kind.DURATION, "CPU time a page may take; 0 for no limit"),
    Option("judge", "page_memory", Kind.SIZE, "memory a judging process may take; 0 for no limit"),
    Option("judge", "workers", Kind.COUNT, "judging processes; 0: one per processor"),
    Option("run", "jobs", Kind.POSITIVE, "hosts asked at the same time"),
    Option("run", "workers", Kind.COUNT, "processes that fetch and archive; 0: one per processor"),
    Option("run", "dask", Kind.TEXT, "work on Dask: local:N, or a scheduler's address; empty: without"),
    Option("run", "lease", Kind.DURATION, "a Dask worker that has not heard from its run for so long stops"),
    Option("run", "older_than", Kind.DURATION, "only posts not checked for this long; 0: all"),
    Option("run", "limit", Kind.COUNT, "at most this many posts; 0: all"),
    Option("run", "resume_within", Kind.DURATION, "an unfinished run is taken up again for this long"),
    Option("run", "incident_share", Kind.SHARE, "a host where more checks than this fail alike has an incident"),
    Option("run", "incident_least", Kind.POSITIVE, "the fewest failures alike that make an incident"),
    Option("cite", "replay_url", Kind.REPLAY, "where archived copies can be looked at; empty: nowhere"),
)

TABLES: Mapping[str, str] = {
    "posts": "How posts are read.",
    "fetch": 'How sources are asked. Durations are seconds or texts such as "30s", sizes bytes or "64MiB".',
    "archive": "How captures are kept.",
    "judge": "How pages are read and judged.",
    "run": "Which posts a run takes, and how wide it works.",
    "cite": "How sources are cited.",
}


def default_config_text() -> str:
    """The commented `preserve.toml` that `preserve init` writes: every option with its default, commented
    out.
    """
    lines = [
        "# Configuration of preserve. Every line shows a default; take the # away from what you change.",
        "# The same tables may stand in pyproject.toml, as [tool.preserve.fetch] and so on.",
    ]
    for table, says in TABLES.items():
        lines += ["", f"# {says}", f"[{table}]"]
        section = getattr(Settings(), table)
        for option in OPTIONS:
            if option.table == table:
                lines += _commented(option, getattr(section, option.field))
    return "\n".join(lines) + "\n"


def _commented(option: Option, default: object) -> list[str]:
    says = f"## {option.says}"
    if option.kind is Kind.PATTERNS:
        return [says, "## for example: set-aside = { donation = 'Support us.*' }", f"#{option.key} = {{}}"]
    if option.kind is Kind.STORAGE:
        return [says, '## for example "s3://bucket/prefix" or "file:///mnt/warcs"', f'#{option.key} = ""']
    if option.kind is Kind.STORAGE_OPTIONS:
        example = '## for example: storage-options = { endpoint_url = "https://s3.example" }'
        return [says, example, f"#{option.key} = {{}}"]
    if option.kind is Kind.REPLAY:
        example = '## for example "https://archive.example/{timestamp}/{url}"; {url-encoded} and {record-id} go too'
        return [says, example, f'#{option.key} = ""']
    return [says, f"#{option.key} = {_toml(option.kind, default)}"]


def _toml(kind: Kind, value: object) -> str:
    if isinstance(value, tuple):
        return json.dumps(list(value), ensure_ascii=False)
    if kind is Kind.SIZE and isinstance(value, int):
        unit, size = next(((unit, size) for unit, size in _UNITS if value and value % size == 0), ("", 1))
        return f'"{value // size}{unit}"' if unit else str(value)
    if kind is Kind.DURATION and isinstance(value, float):
        days = value / 86400
        return f'"{days:.0f}d"' if days >= 1 and days == int(days) else f"{value:g}"
    return json.dumps(value, ensure_ascii=False)


_UNITS = (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10))
