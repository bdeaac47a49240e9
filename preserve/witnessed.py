"""A post as it was witnessed in a check: its bytes from the archive, and what its front matter says.

For whoever shows or exports a collection: what can't be read has nothing to say, and why is told by the check itself
and by `preserve audit`.
"""

from __future__ import annotations

from pathlib import Path

from preserve.errors import ArchiveError, PostError
from preserve.model import Check, Post
from preserve.posts import parse_post, read_bytes
from preserve.settings import Settings
from preserve.warc import read_block


def witnessed_bytes(check: Check, settings: Settings) -> bytes | None:
    """The bytes of the post's file when it was checked; None where the archive can't give them."""
    if check.stored_record is None:
        return None
    try:
        return read_block(Path(settings.archive.directory), check.stored_record)
    except ArchiveError:
        return None


def witnessed_post(check: Check, settings: Settings) -> Post | None:
    """The post as it was witnessed, else as its file is now; None where neither can be read or understood."""
    data = witnessed_bytes(check, settings)
    try:
        return parse_post(check.post, read_bytes(check.post) if data is None else data, settings.posts)
    except PostError:
        return None
