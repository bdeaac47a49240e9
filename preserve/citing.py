"""Citing a post's source: what the archive says of it, gathered, and a bibliography in any format.

Works from the ledger's checks and the WARC records alone: no network, and no post file is read, so that what is cited
is what was witnessed. How a citation is written belongs to `preserve.cite` and `preserve.styles`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from preserve.cite import STYLED, Format, PageSays, PostSays, Reference, cited_check, refer, with_keys, write
from preserve.copies import witness
from preserve.judging import extraction_of
from preserve.model import Check
from preserve.settings import Settings
from preserve.styles import Styler, installed


def reference_of(history: Sequence[Check], settings: Settings, *, read_page: bool = True) -> Reference:
    """What is cited for a post.

    Args:
        history: its checks, oldest first, as far as they are to count; at least one.
        settings: where the archive is, how posts are read, and where captures are replayed.
        read_page: whether the cited capture is read for the site's name, the language, and what the front matter
            leaves out; without it a citation costs a tenth of the time or less and names the host.

    Raises:
        ArchiveError: a record is missing or damaged.
    """
    page = _page(history, settings) if read_page else PageSays()
    return refer(history, _post(history, settings), page, settings.cite.replay_url)


def bibliography(references: Iterable[Reference], form: Format, styler: Styler, language: str = "") -> str:
    """The references in one format, in order, ending with a line break.

    Args:
        references: what is cited; keys that are the same are told apart.
        form: the format.
        styler: sets what is set in a style.
        language: of what is added to what was published; "" for the usual one.

    Raises:
        ConfigError: the extra `cite` is not installed, or the language is not known.
    """
    cited = with_keys(references)
    if form in STYLED:
        return styler.bibliography(cited, form, language)
    return write(cited, form, language)


def citations_of(reference: Reference, styler: Styler) -> Mapping[Format, str]:
    """One reference in every format that can be had: those set in a style only where the extra `cite` is installed."""
    usable = [form for form in Format if form not in STYLED or installed()]
    return {form: bibliography([reference], form, styler) for form in usable}


def _post(history: Sequence[Check], settings: Settings) -> PostSays:
    kept = next((check for check in reversed(history) if check.stored_record is not None), history[-1])
    found = witness(kept, settings)
    return PostSays(found.title, found.author, found.date)


def _page(history: Sequence[Check], settings: Settings) -> PageSays:
    cited = cited_check(history)
    if cited is None or cited.capture is None:
        return PageSays()
    found = extraction_of(Path(settings.archive.directory), cited.capture, settings)
    if found is None:
        return PageSays()
    return PageSays(found.headline, found.byline, found.published, found.language, found.facts.site)
