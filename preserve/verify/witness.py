"""A post's own bytes: read for judging, and kept as the witness of what was compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from preserve.digests import digest
from preserve.git import PostVersions
from preserve.ledger import Ledger
from preserve.model import Check
from preserve.settings import DigestAlgorithm
from preserve.tasks import PostBytes
from preserve.verify.plan import PlannedPost
from preserve.warc import ArchiveWriter


def read_posts(
    posts: tuple[PlannedPost, ...],
) -> tuple[tuple[PostBytes, ...], list[tuple[PlannedPost, str]]]:
    """The bytes of each post, and those that can't be read any more with the reason."""
    read: list[PostBytes] = []
    vanished: list[tuple[PlannedPost, str]] = []
    for post in posts:
        try:
            read.append(PostBytes(post.path, Path(post.path).read_bytes()))
        except OSError as error:
            vanished.append((post, f"{post.path}: {error.strerror or error}"))
    return tuple(read), vanished


def witnessed(check: Check, data: bytes | None, writer: ArchiveWriter, ledger: Ledger, versions: PostVersions) -> Check:
    """`check` with the `resource` record of the post's bytes, written now when they are new.

    Git is asked for new bytes only: what it said of them then is kept with them.
    """
    if data is None:
        try:
            data = Path(check.post).read_bytes()
        except OSError:
            return check  # the check itself says why
    key = digest(data, DigestAlgorithm.SHA256)
    known = ledger.stored_copy(check.post, key)
    if known is None:
        version = versions.of(check.post, data)
        known = writer.append_stored_copy(check.post, data, check.source, check.checked_at, version), version
    record, version = known
    return replace(check, stored_record=record, post_digest=key, post_version=version)
