"""Every option, as frozen values built once at the edge (`preserve.config`) and handed down.

Times are seconds, sizes bytes. Nothing here reads a file or the environment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

MIB = 1024 * 1024


class DigestAlgorithm(StrEnum):
    """How records are digested: sha256 in lowercase hex, or sha1 in base32 as older tools write it."""

    SHA256 = "sha256"
    SHA1 = "sha1"


@dataclass(frozen=True, slots=True)
class PostSettings:
    """How posts are read.

    Attributes:
        source_keys: front-matter keys that may name the source URL; the first that holds an http(s) URL wins.
        suffixes: file names that are posts when a directory is given.
        set_aside: the user's own rules for text that is not the article: (rule name, regular expression); a block
            whose whole text the expression matches is set aside.
    """

    source_keys: tuple[str, ...] = ("from", "source", "source_url", "original_url", "canonical_url")
    suffixes: tuple[str, ...] = (".md", ".markdown", ".html", ".htm")
    set_aside: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """How sources are asked.

    Attributes:
        contact: URL or mail address put into the user agent, for the people whose servers are asked.
        connect_timeout, read_timeout: per connect and per read.
        total_timeout: for one exchange from connect to last byte.
        idle_timeout: a connection that can carry another exchange is kept so long for its host's next one; 0 keeps
            none.
        max_header_bytes: status line and header fields together.
        max_body_bytes: of a body as received; what is beyond is cut and the record says so.
        max_decoded_bytes, max_ratio: bounds on what decompression may yield.
        max_redirects: hops after the first.
        max_refresh_delay: a <meta refresh> with at most this delay is a redirect.
        tries: per URL, the first included.
        backoff: first wait before a retry, doubled each time, with jitter.
        retry_after_cap: the longest `Retry-After` that is waited for.
        delay: between the end of one exchange with a host and the start of the next.
        proxy: URL of the proxy for every request; "" means the environment's (HTTP_PROXY, NO_PROXY).
        allow_private: networks in CIDR notation that may be asked although they are not public.
        ignore_robots: ask although robots.txt says no.
        unconditional_every: a page is asked for whether or not it has changed at least every so many checks, so that
            a server which wrongly says "not modified" is found out; 1 means each time.
        control_names: host names that must resolve before another name's absence is believed.
    """

    contact: str = ""
    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    total_timeout: float = 120.0
    idle_timeout: float = 15.0
    max_header_bytes: int = 256 * 1024
    max_body_bytes: int = 64 * MIB
    max_decoded_bytes: int = 128 * MIB
    max_ratio: float = 200.0
    max_redirects: int = 10
    max_refresh_delay: float = 10.0
    tries: int = 3
    backoff: float = 1.0
    retry_after_cap: float = 120.0
    delay: float = 1.0
    proxy: str = ""
    allow_private: tuple[str, ...] = ()
    ignore_robots: bool = False
    unconditional_every: int = 10
    control_names: tuple[str, ...] = ("example.com", "iana.org", "wikipedia.org")


@dataclass(frozen=True, slots=True)
class ArchiveSettings:
    """How captures are kept.

    Attributes:
        directory: the archive.
        digest: algorithm of WARC digests.
        roll_over: a WARC file is closed when it has grown past this.
        operator: who runs this, for `warcinfo`; "" leaves it out.
        signing_key: file of the key that signs checkpoints, made where it is missing; with "" none are made (the
            command line puts the user's configuration directory in its place).
        timestamp_urls: RFC 3161 authorities that each checkpoint is stamped by.
        timestamp_roots: PEM files with the root certificates of the authorities that are trusted.
        calendar_urls: OpenTimestamps calendars that each checkpoint is sent to.
        storage: URL of a folder or bucket that closed WARC files are put into; "" for the archive's directory alone.
        storage_options: what the storage's library is told besides, as a JSON object; no secrets. "" for nothing.
        keep_local: leave files that were stored in the archive's directory, too.
    """

    directory: str = "warcs"
    digest: DigestAlgorithm = DigestAlgorithm.SHA256
    roll_over: int = 1024 * MIB
    operator: str = ""
    signing_key: str = ""
    timestamp_urls: tuple[str, ...] = ()
    timestamp_roots: tuple[str, ...] = ()
    calendar_urls: tuple[str, ...] = ()
    storage: str = ""
    storage_options: str = ""
    keep_local: bool = True


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """How pages are read and judged.

    Attributes:
        page_seconds: processor time one page may take to extract and judge; 0 for no limit. How long it takes by the
            clock has no say, but for a process that gives no answer in ten times as long.
        page_memory: address space a judging process may take, in bytes; 0 for no limit.
        workers: judging processes; 0 means one per processor.
    """

    page_seconds: float = 60.0
    page_memory: int = 4096 * MIB
    workers: int = 0


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Which posts a run takes, and how wide it works.

    Attributes:
        jobs: hosts asked at the same time.
        workers: processes that fetch and archive; 0 means one per processor, 1 works in the run's own process.
        dask: works on Dask: `local:N`, or the address of a scheduler; "" works on this machine, without Dask.
        lease: a Dask worker that has not heard from its run for so many seconds stops.
        older_than: only posts whose last check is at least this many seconds old; 0 means all.
        limit: at most this many posts; 0 means all.
        resume_within: an unfinished run of the same posts is taken up again when it began at most this long ago.
        incident_share: a host of whose checks more than this share fail alike has an incident.
        incident_least: the fewest failures alike that make an incident.
    """

    jobs: int = 16
    workers: int = 0
    dask: str = ""
    lease: float = 10.0
    older_than: float = 0.0
    limit: int = 0
    resume_within: float = 7 * 86400.0
    incident_share: float = 0.30
    incident_least: int = 5


@dataclass(frozen=True, slots=True)
class CiteSettings:
    """How sources are cited.

    Attributes:
        replay_url: where an archived copy can be looked at, with `{timestamp}`, `{url}`, `{url-encoded}` or
            `{record-id}` in it; "" where nowhere.
    """

    replay_url: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """All of them."""

    posts: PostSettings = field(default_factory=PostSettings)
    fetch: FetchSettings = field(default_factory=FetchSettings)
    archive: ArchiveSettings = field(default_factory=ArchiveSettings)
    judge: JudgeSettings = field(default_factory=JudgeSettings)
    run: RunSettings = field(default_factory=RunSettings)
    cite: CiteSettings = field(default_factory=CiteSettings)
