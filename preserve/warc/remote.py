"""What fsspec can reach as a storage: object stores and file servers. Nothing else imports fsspec.

Credentials are never handed over by us: the libraries find them where they always do (AWS_* and ~/.aws, an SSH agent,
fsspec's own configuration).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from preserve.errors import ArchiveError
from preserve.warc.files import SUFFIX

# Whose `mode="create"` is one conditional request that is carried out whole or not at all: If-None-Match, or
# ifGenerationMatch.
_EXCLUSIVE = frozenset({"s3", "s3a", "gs", "gcs"})
DRAFT = ".partial"
INSTALL = "pip install 'preserve-archive[storage]'"
# Seconds to connect, and to wait for the next bytes. The library that stands on botocore tries again five times.
_S3 = {"connect_timeout": 10, "read_timeout": 60, "retries": {"mode": "standard", "max_attempts": 2}}
_S3_NAMES = frozenset({"s3", "s3a"})
# From twice this on a file goes in parts, so many of which are in memory at once.
_PARTS = {"chunksize": 8 << 20, "max_concurrency": 4}
_LONGEST_REASON = 300
_BEHIND_THE_END = "InvalidRange"  # S3's word for status 416 (RFC 9110, section 15.5.17)


class Remote:
    """A directory, or a prefix in a bucket.

    Args:
        url: of it.
        options: what the library is told besides.

    Raises:
        ArchiveError: a library is not installed, or knows no such URL.
    """

    def __init__(self, url: str, options: Mapping[str, Any]) -> None:
        self._url, protocol = url, url.partition("://")[0]
        try:
            import fsspec.config  # noqa: PLC0415 - an extra
            import fsspec.core  # noqa: PLC0415

            own = fsspec.config.conf.get(protocol, {})
            with _told(url, "can't be used"):
                self._system, self._root = fsspec.core.url_to_fs(
                    url, use_listings_cache=False, **_defaults(protocol, {**own, **options}), **options
                )
        except ImportError as error:
            raise ArchiveError(f"{url}: a library for it is not installed ({error}); {INSTALL}") from error
        self._exclusive = protocol in _EXCLUSIVE
        self._parts = _PARTS if protocol in _S3_NAMES else {}

    def size(self, name: str) -> int | None:
        """See `Place`."""
        with _told(self._url_of(name), "can't be asked for"):
            try:
                return int(self._system.info(self._path(name))["size"])
            except FileNotFoundError:
                return None

    def sizes(self) -> Mapping[str, int]:
        """See `Place`."""
        with _told(self._url, "can't be listed"):
            try:
                entries = self._system.ls(self._root, detail=True)
            except FileNotFoundError:  # a prefix without objects
                return {}
            found = {entry["name"].rpartition("/")[2]: int(entry["size"] or 0) for entry in entries}
        return {name: size for name, size in found.items() if name.endswith(SUFFIX)}

    def read(self, name: str, offset: int, length: int) -> bytes:
        """See `Place`."""
        with _told(self._url_of(name), "can't be read"):
            try:
                data: bytes = self._system.cat_file(self._path(name), start=offset, end=offset + length)
            except OSError as error:
                if _BEHIND_THE_END in str(error.__cause__ or error):
                    return b""
                raise
        return data

    def upload(self, path: Path, name: str) -> None:
        """See `Place`."""
        with _told(self._url_of(name), "can't be written"):
            try:
                self._put(str(path), self._path(name))
            except FileNotFoundError as error:
                raise ArchiveError(f"{self._url}: no such bucket or folder; make it, then run again") from error

    def _put(self, path: str, target: str) -> None:
        if self._exclusive:
            self._system.put_file(path, target, mode="create", **self._parts)
            return
        # Whoever else writes this draft writes the same bytes; what was made of it is read back.
        self._system.makedirs(self._root, exist_ok=True)
        self._system.put_file(path, target + DRAFT)
        if self._system.exists(target):
            raise FileExistsError(17, "a file of that name is already there", target)
        self._system.mv(target + DRAFT, target)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _url_of(self, name: str) -> str:
        return f"{self._url}/{name}"


def _defaults(protocol: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """How long is waited, where nobody said otherwise."""
    return {"config_kwargs": _S3} if protocol in _S3_NAMES and "config_kwargs" not in given else {}


@contextmanager
def _told(url: str, what: str) -> Iterator[None]:
    """What the library raises, as an `ArchiveError`; that a name is free, or taken, is an answer and goes through."""
    try:
        yield
    except (FileNotFoundError, FileExistsError, ImportError, ArchiveError):
        raise
    except Exception as error:  # each backend has an error tree of its own, of libraries we don't know
        reason = " ".join((str(error) or type(error).__name__).split())[:_LONGEST_REASON]
        raise ArchiveError(f"{url}: {what}: {reason}; {_advice(error)}") from error


def _advice(error: Exception) -> str:
    name = type(error).__name__
    if isinstance(error, PermissionError) or "Credentials" in name or "Auth" in name:
        return "check the credentials (AWS_* variables or ~/.aws for s3) and what they may do, then run again"
    return "check URL, network and storage-options, then run again"
