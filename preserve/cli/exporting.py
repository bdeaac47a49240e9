"""What `preserve export` does: a format written to a file, whole or not, or to standard output."""

from __future__ import annotations

import hashlib
import io
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO
from urllib.parse import quote

from preserve.cli.export_command import Request
from preserve.cli.opening import open_ledger, settings_for_reading
from preserve.errors import ConfigError
from preserve.export import (
    FIXED_FORMATS,
    ROW_FORMATS,
    ConfirmedChange,
    Feed,
    Material,
    Wanted,
    facts_reader,
    write_feed,
)
from preserve.model import Verdict
from preserve.times import parse_warc_date

Changes = Callable[[], Iterator[ConfirmedChange]]
_LOSSY = re.compile(r"[^\w-]+")
_LONGEST_NAME = 40


def run(request: Request) -> None:
    """Write the export.

    Raises:
        ConfigError: options that do not go together, a time that is none, or a file that can't be written.
        ArchiveError: no ledger.
    """
    _must_fit(request)
    wanted = _wanted(request)
    fixed = FIXED_FORMATS.get(request.format)
    if fixed is not None:
        with _output(request.output) as stream:
            fixed(stream)
        return
    settings = settings_for_reading(request.archive, request.config)
    with open_ledger(settings) as ledger:
        material = Material(ledger, facts_reader(settings), wanted)
        if request.each_category:
            _write_feeds(material, request)
            return
        with _output(request.output) as stream:
            if request.format == "atom":
                write_feed(material.changes(), stream, _feed(material, request.category, request.url or ""))
            else:
                ROW_FORMATS[request.format](material.rows(), stream)


def _must_fit(request: Request) -> None:
    if request.format != "atom" and (request.category is not None or request.each_category or request.url):
        raise ConfigError("--category, --each-category and --url are for feeds: preserve export atom")
    if request.each_category and (request.output is None or request.category is not None):
        raise ConfigError("--each-category writes several feeds: name their directory with -o, and no --category")


def _wanted(request: Request) -> Wanted:
    try:
        since = None if request.since is None else parse_warc_date(request.since)
    except ValueError as error:
        raise ConfigError(f"--since: {error}") from error
    return Wanted(frozenset(map(Verdict, request.verdict)), since, request.category)


def _feed(material: Material, category: str | None, url: str) -> Feed:
    return Feed(archive=material.began_at(), category=category, url=url)


def _write_feeds(material: Material, request: Request) -> None:
    """All changes as `all.atom`, those of each category as `category-….atom`."""
    directory, base = request.output, request.url.rstrip("/") + "/" if request.url else ""
    assert directory is not None  # noqa: S101 - seen to before
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{directory}: can't be made: {error.strerror}; name another with -o") from error
    feeds: list[tuple[str, str | None, Changes]] = [("all.atom", None, material.changes)]
    feeds += [(feed_name(name), name, changes) for name, changes in material.changes_by_category().items()]
    for name, category, changes in feeds:
        with whole(directory / name) as stream:
            url = base + quote(name) if base else ""
            write_feed(changes(), stream, _feed(material, category, url))


def feed_name(category: str) -> str:
    """The file of a category's feed: a plain name, told apart where the category has more in it than that."""
    plain = _LOSSY.sub("-", category.casefold()).strip("-")[:_LONGEST_NAME]
    digest = hashlib.sha256(category.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"category-{plain}.atom" if plain == category else f"category-{plain}-{digest}.atom"


@contextmanager
def _output(path: Path | None) -> Iterator[TextIO]:
    if path is not None:
        with whole(path) as stream:
            yield stream
        return
    # The bytes are the same wherever they go: UTF-8 in every locale, line ends as the format has them.
    out = io.TextIOWrapper(sys.stdout.buffer, "utf-8", errors="backslashreplace", newline="")
    try:
        yield out
        out.flush()
    finally:
        with suppress(BrokenPipeError):  # what was raised inside the block is told, not that its rest has no reader
            out.detach()


@contextmanager
def whole(path: Path) -> Iterator[TextIO]:
    """A file that is there with all of its content or as it was before. A name that is no Unicode is shown in it.

    Raises:
        ConfigError: it can't be written.
    """
    draft = path.with_name(path.name + ".new")
    try:
        with draft.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
            yield stream
        draft.replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: can't be written: {error.strerror}; name a place that can be") from error
    finally:
        with suppress(OSError):
            draft.unlink()
