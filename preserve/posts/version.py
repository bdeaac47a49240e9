"""Which reading of front matter this is: what was read by another is not to be believed."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from types import ModuleType

import yaml

from preserve import errors, urls
from preserve.posts import frontmatter, reading


def reading_version(*more: ModuleType) -> str:
    """Names the code that reads front matter and mends source URLs, in hex; another where any of it was changed.

    Args:
        more: modules of the caller that have a part in what it makes of a post.

    Raises:
        OSError: the code lies nowhere that it could be told from.
    """
    told = hashlib.sha256(f"{sys.version} {yaml.__version__} {yaml.__with_libyaml__}".encode())
    for module in (errors, urls, frontmatter, reading, *more):
        if module.__file__ is None:
            raise FileNotFoundError(module.__name__)
        told.update(Path(module.__file__).read_bytes())
    return told.hexdigest()[:32]
