"""What a citation is made of, whatever it is written as."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from preserve.model import Nature, Verdict


@dataclass(frozen=True, slots=True)
class Name:
    """One author.

    Attributes:
        family, given: of a person whose name could be cut into the two with certainty; "" otherwise.
        literal: the name as it stands: organisations, names in Han, kana or hangul, and all that is unsure.
    """

    family: str = ""
    given: str = ""
    literal: str = ""


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date as far as it is known; 0 where month or day is not."""

    year: int
    month: int = 0
    day: int = 0

    @property
    def parts(self) -> tuple[int, ...]:
        """What is known: year, year and month, or all three."""
        return tuple(part for part in (self.year, self.month, self.day) if part)

    def __str__(self) -> str:
        return "-".join(f"{part:0{width}}" for part, width in zip(self.parts, (4, 2, 2), strict=False))


@dataclass(frozen=True, slots=True)
class Archived:
    """The archived copy that is cited.

    Attributes:
        at: when it was captured; of a stored copy, when it was witnessed.
        record_id: of its WARC record.
        file: the WARC file that has it.
        digest: of the payload; of the post's bytes where it is the stored copy. "" where none is known.
        replay_url: where it can be looked at; "" where nothing is configured.
        stored_copy: it is the post's own bytes, since no capture has the article.
    """

    at: datetime
    record_id: str
    file: str
    digest: str
    replay_url: str = ""
    stored_copy: bool = False


@dataclass(frozen=True, slots=True)
class Afterwards:
    """What the last check found that a reader should know.

    Attributes:
        verdict: its verdict.
        since: when the source was first found so: at the first of the checks in a row that came to it, or at an
            earlier visit whose page was the same, although other rules or another extractor came to another verdict.
        checks: how many of those there are.
        natures: of an edit.
        url: where a moved source is now; "" otherwise.
    """

    verdict: Verdict
    since: datetime
    checks: int
    natures: tuple[Nature, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """What is cited. Texts are plain: one line, without control and bidi characters.

    Attributes:
        key: names the entry in a bibliography: ASCII letters, digits and hyphens.
        post: path of the post.
        title: never empty; the URL or the path where nothing is known.
        authors: in order.
        issued: when it was published, as far as that is said anywhere.
        site: the web site's name, else its host; "" without a source.
        url: the source, as a legal URI; "" where the post names none that could be asked.
        language: a BCP 47 tag; "" where it is not known.
        accessed: when the source was captured with the article; None where it never was.
        archived: the archived copy; None where the archive has none.
        afterwards: None where there is nothing to tell.
    """

    key: str
    post: str
    title: str
    authors: tuple[Name, ...]
    issued: PartialDate | None
    site: str
    url: str
    language: str
    accessed: datetime | None
    archived: Archived | None
    afterwards: Afterwards | None = None
