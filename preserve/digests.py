"""Labelled digests, as WARC records and the ledger write them.

Owns the two spellings in use: `sha256:` with lowercase hex, and `sha1:` with upper-case base32, which older
tools write (WARC 1.1, section 5.8: `labelled-digest = algorithm ":" digest-value`). Does not know what is
digested.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from pathlib import Path

from preserve.settings import DigestAlgorithm

_CHUNK = 1 << 20


def digest(data: bytes, algorithm: DigestAlgorithm = DigestAlgorithm.SHA256) -> str:
    """The labelled digest of `data`: `sha256:<lowercase hex>` or `sha1:<BASE32>`."""
    return _label(_hasher(algorithm, data).digest(), algorithm)


def file_digest(path: str | Path, algorithm: DigestAlgorithm = DigestAlgorithm.SHA256) -> str:
    """The labelled digest of a file's bytes, read in pieces.

    Raises:
        OSError: the file can't be read.
    """
    hasher = _hasher(algorithm)
    with Path(path).open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            hasher.update(chunk)
    return _label(hasher.digest(), algorithm)


def matches(labelled: str, data: bytes | memoryview) -> bool:
    """Whether `labelled` is the digest of `data`, in hex or base32, in either case.

    Raises:
        ValueError: the label names an algorithm this package doesn't know, or its value is no digest of it.
    """
    # As this package writes them, and so nearly always: told without taking the label apart.
    if labelled == f"sha256:{hashlib.sha256(data, usedforsecurity=False).hexdigest()}":
        return True
    algorithm, value = parse_digest(labelled)
    return _hasher(algorithm, data).digest() == value


def parse_digest(labelled: str) -> tuple[DigestAlgorithm, bytes]:
    """A labelled digest as algorithm and raw value; hex and base32 are told apart by their length.

    Raises:
        ValueError: unknown algorithm, or a value that is no digest of it.
    """
    name, _, value = labelled.partition(":")
    try:
        algorithm = DigestAlgorithm(name.strip().lower().replace("-", ""))
    except ValueError:
        raise ValueError(f"digest {labelled!r}: unknown algorithm, sha256 and sha1 are known") from None
    size = _hasher(algorithm).digest_size
    try:
        raw = bytes.fromhex(value) if len(value) == 2 * size else _from_base32(value)
    except (ValueError, binascii.Error):
        raw = b""
    if len(raw) != size:
        raise ValueError(f"digest {labelled!r}: the value is neither hex nor base32 of {size} bytes")
    return algorithm, raw


def _hasher(algorithm: DigestAlgorithm, data: bytes | memoryview = b"") -> hashlib._Hash:
    make = hashlib.sha256 if algorithm is DigestAlgorithm.SHA256 else hashlib.sha1
    return make(data, usedforsecurity=False)


def _label(raw: bytes, algorithm: DigestAlgorithm) -> str:
    value = base64.b32encode(raw).decode("ascii") if algorithm is DigestAlgorithm.SHA1 else raw.hex()
    return f"{algorithm.value}:{value}"


def _from_base32(value: str) -> bytes:
    bare = value.rstrip("=").upper()
    return base64.b32decode(bare + "=" * (-len(bare) % 8))
