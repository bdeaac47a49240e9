"""What a quote check finds, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from preserve.model import Reason, RecordRef, Verdict
from preserve.quotations import Grade, Match, Quotation


class Layer(StrEnum):
    """In which text of a post or page a quotation was found."""

    MAIN = "main"  # the article
    VISIBLE = "visible"  # elsewhere on the page
    ASIDE = "aside"  # in the post, but set aside as no part of the article


class SightState(StrEnum):
    """What one check of a source tells of a quotation."""

    STANDS = "stands"
    REWORDED = "reworded"
    ABSENT = "absent"  # the article is there, and nothing like the quotation in it or around it
    NO_PAGE = "no-page"  # the article was not there
    UNSEEN = "unseen"  # the article was not seen, or not all of it: nothing can be said


class Standing(StrEnum):
    """What has become of a quotation."""

    STANDS = "stands"  # at the source at the last check, cosmetics aside
    REWORDED = "reworded"  # it stood; the source has another wording now
    REMOVED = "removed"  # it stood; the source has nothing like it now
    PAGE_GONE = "page-gone"  # it stood; the article is no longer at the source
    UNSEEN = "unseen"  # it stood; the last check could not see the article
    MISQUOTED = "misquoted"  # it never stood so; something near it does
    NOWHERE = "nowhere"  # nothing like it in what is kept
    SHORT = "short"  # too short to say whose it is; not looked for


@dataclass(frozen=True, slots=True)
class Sight:
    """A quotation and one check of a source.

    Attributes:
        at: when the page was captured; without a capture, when the check was made.
        verdict, reason: of the check.
        state: what it tells of the quotation.
        match: what the text makes of it; None where no text was looked at.
        layer: in which text `match` stands.
        record: the response; None without one.
        text: the record whose text `match` counts in, where it is a record's whole text; else None.
    """

    at: datetime
    verdict: Verdict
    reason: Reason | None
    state: SightState
    match: Match | None = None
    layer: Layer = Layer.MAIN
    record: RecordRef | None = None
    text: RecordRef | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A quotation and one post.

    Attributes:
        post: its path.
        source, url: its source URL as the post has it, and the address that answered last; "" without.
        stored: what the stored copy makes of the quotation; None where it could not be read.
        stored_layer: in which part of it.
        stored_record: the record that holds it.
        sights: one for each check of the source, oldest first.
        around: the text in which it stood at `last_with`, which its match's spans count in; "" where it never did.
        fragment: the URL that leads to it; "" where there is none.
        fragment_unique: whether no earlier place on the page fits it.
    """

    post: str
    source: str
    url: str
    stored: Match | None
    stored_layer: Layer
    stored_record: RecordRef | None
    sights: tuple[Sight, ...]
    around: str = ""
    fragment: str = ""
    fragment_unique: bool = False

    @property
    def last(self) -> Sight | None:
        """The last check."""
        return self.sights[-1] if self.sights else None

    @property
    def seen(self) -> Sight | None:
        """The last check that tells anything."""
        return next((sight for sight in reversed(self.sights) if sight.state is not SightState.UNSEEN), None)

    @property
    def last_with(self) -> Sight | None:
        """The last check at which the quotation stood."""
        return next((sight for sight in reversed(self.sights) if sight.state is SightState.STANDS), None)

    @property
    def first_without(self) -> Sight | None:
        """The first check after it, or the first of all, that saw that it did not stand; None while it stands."""
        found = None
        for sight in reversed(self.sights):
            if sight.state is SightState.STANDS:
                break
            if sight.state is not SightState.UNSEEN:
                found = sight
        return found

    @property
    def ever_stood(self) -> bool:
        """Whether it stands in the stored copy, or ever stood at the source."""
        return (self.stored is not None and self.stored.grade.stands) or self.last_with is not None

    @property
    def standing(self) -> Standing:
        """What has become of the quotation here."""
        last = self.last
        if last is not None and last.state is SightState.STANDS:
            return Standing.STANDS
        if not self.ever_stood:
            return Standing.MISQUOTED if self.nearest is not None else Standing.NOWHERE
        states = {
            SightState.REWORDED: Standing.REWORDED,
            SightState.ABSENT: Standing.REMOVED,
            SightState.NO_PAGE: Standing.PAGE_GONE,
        }
        return Standing.UNSEEN if last is None else states.get(last.state, Standing.UNSEEN)

    @property
    def nearest(self) -> Match | None:
        """The nearest wording that survives: at the last check that tells anything, else in the stored copy."""
        for match in (self.seen.match if self.seen else None, self.stored):
            if match is not None and match.grade is Grade.REWORDED:
                return match
        return None

    @property
    def alike(self) -> float:
        """0..1, how near the quotation ever came here."""
        matches = [self.stored, *(sight.match for sight in self.sights)]
        return max((match.alike for match in matches if match is not None), default=0.0)


_BEST_FIRST = tuple(Standing)


@dataclass(frozen=True, slots=True)
class Checked:
    """A quotation and what has become of it.

    Attributes:
        quotation: as the manuscript has it.
        places: the posts it concerns, the best first; of one that never stood, those that come nearest.
        standing: of the first place; `NOWHERE` without one.
    """

    quotation: Quotation
    places: tuple[Place, ...]
    standing: Standing

    @classmethod
    def of(cls, quotation: Quotation, places: list[Place]) -> Checked:
        """The places that matter, in order: those where it stood; where it never did, the nearest ones."""
        stood = [place for place in places if place.ever_stood]
        near = [place for place in places if place.standing is Standing.MISQUOTED]
        near.sort(key=lambda place: (-place.alike, place.post))
        stood.sort(key=lambda place: (_BEST_FIRST.index(place.standing), place.stored is None, place.post))
        kept = tuple(stood or near[:3])
        return cls(quotation, kept, kept[0].standing if kept else Standing.NOWHERE)
