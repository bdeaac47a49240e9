"""The check itself: from quotations to what has become of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from preserve.ledger import Ledger, Sighting
from preserve.model import Reason, RecordRef, Verdict
from preserve.quotations import Grade, Mark, Quotation, is_short, needle_of
from preserve.quotes.closely import PageTask, PostSeen, PostTask, Seen, look, sift
from preserve.quotes.pool import spread
from preserve.quotes.scan import Scanned, Scanner, ScanTask, gaps_of
from preserve.quotes.values import Checked, Layer, Place, Sight, SightState, Standing
from preserve.selectors import fragment_url
from preserve.settings import Settings
from preserve.warc import warc_files
from preserve.warc.stored import stored_names

# The article was there, as far as the check could tell.
_THERE: Final = frozenset({Verdict.INTACT, Verdict.EDITED, Verdict.MOVED})
# A page came that was not the article. It is looked at all the same: what is found there is there.
_OTHER: Final = frozenset({Verdict.REPLACED, Verdict.TRUNCATED})
_QUOTATIONS_AT_ONCE: Final = 4000
FEW_POSTS: Final = 300
PORTIONS_WORTH: Final = 6


@dataclass(frozen=True, slots=True)
class Scope:
    """What is looked through.

    Attributes:
        posts: these posts alone; None for the whole archive.
        links: make the links that lead to quotations (which reads each page again).
        whole_pages: look for what stands in no article on the rest of every page too, which takes a minute for some
            thousand pages; done anyway for `FEW_POSTS`.
    """

    posts: tuple[str, ...] | None = None
    links: bool = True
    whole_pages: bool = False


@dataclass(slots=True)
class _Wanted:
    """What is to be looked at closely."""

    posts: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    stored: dict[str, RecordRef] = field(default_factory=dict)
    conversions: dict[str, RecordRef] = field(default_factory=dict)


def check_quotations(
    quotations: Sequence[Quotation], ledger: Ledger, settings: Settings, scope: Scope
) -> tuple[Checked, ...]:
    """What has become of each quotation, in order.

    Args:
        quotations: from a manuscript or as given; a manuscript's that are too short to say whose they are stay aside.
        ledger: the archive's.
        settings: where the archive is, how posts are read, how many processes.
        scope: what is looked through.

    Raises:
        ArchiveError: a record is missing or damaged.
        JudgingError: a process died.
    """
    asked = [number for number, one in enumerate(quotations) if one.mark is Mark.GIVEN or not is_short(one.text)]
    places: dict[int, list[Place]] = {number: [] for number in asked}
    for start in range(0, len(asked), _QUOTATIONS_AT_ONCE):
        part = asked[start : start + _QUOTATIONS_AT_ONCE]
        texts = tuple(quotations[number].text for number in part)
        for number, place in _Check(texts, ledger, settings, scope).places():
            places[part[number]].append(place)
    return tuple(
        Checked.of(one, places[number]) if number in places else Checked(one, (), Standing.SHORT)
        for number, one in enumerate(quotations)
    )


class _Check:
    """One pass over the archive."""

    def __init__(self, texts: tuple[str, ...], ledger: Ledger, settings: Settings, scope: Scope) -> None:
        self._texts, self._ledger, self._settings, self._scope = texts, ledger, settings, scope
        # What can be looked for: a quotation of dots and signs can't.
        self._numbers = tuple(number for number, text in enumerate(texts) if needle_of(text) is not None)
        self._sightings: dict[str, list[Sighting]] = {}

    def places(self) -> Iterator[tuple[int, Place]]:
        """What each post makes of each quotation it may have."""
        posts = self._scope.posts
        wanted = self._named(posts) if posts is not None else _scanned(self._texts, self._ledger, self._settings)
        stood: set[int] = set()
        for number, place in self._looked_at(wanted, wanted.posts):
            if place.ever_stood:
                stood.add(number)
            yield number, place
        missing = [number for number in self._numbers if number not in stood]
        if posts is None and missing and (self._scope.whole_pages or len(wanted.stored) <= FEW_POSTS):
            yield from self._looked_at(wanted, self._elsewhere(wanted, missing))

    def _named(self, posts: Sequence[str]) -> _Wanted:
        """Every quotation in every post that was named; nothing else of the archive is read."""
        wanted = _Wanted(stored=self._ledger.texts.witnessed_of(posts))
        for post in posts:
            wanted.posts[post] = set(self._numbers)
        return wanted

    def _elsewhere(self, wanted: _Wanted, missing: Sequence[int]) -> dict[str, set[int]]:
        """Posts that were not looked at whose pages may have a quotation outside the article."""
        found: dict[str, set[int]] = defaultdict(set)
        every = {post: set(missing) for post in wanted.stored}
        for task, positions in spread(sift, self._tasks(wanted, every), self._settings.judge.workers):
            self._sightings.pop(task.post)
            numbers = {missing[position] for position in positions} - wanted.posts.get(task.post, set())
            if numbers:
                found[task.post] = numbers
        return found

    def _looked_at(self, wanted: _Wanted, posts: Mapping[str, set[int]]) -> Iterator[tuple[int, Place]]:
        for task, seen in spread(look, self._tasks(wanted, posts), self._settings.judge.workers):
            checks = self._sightings.pop(task.post)
            for position, number in enumerate(sorted(posts[task.post])):
                yield number, _place(task, checks, seen, position)

    def _tasks(self, wanted: _Wanted, posts: Mapping[str, set[int]]) -> Iterator[PostTask]:
        for post in sorted(posts):
            checks = self._sightings[post] = self._ledger.texts.sightings(post)
            pages: dict[str, list[int]] = defaultdict(list)
            for number, sighting in enumerate(checks):
                if _has_page(sighting):
                    pages[_key(sighting)].append(number)
            yield PostTask(
                post=post,
                stored=wanted.stored.get(post),
                pages=tuple(self._page(key, checks, seen, wanted.conversions) for key, seen in pages.items()),
                last=_key(checks[-1]) if checks and _has_page(checks[-1]) else "",
                links=self._scope.links,
                quotations=tuple(self._texts[number] for number in sorted(posts[post])),
                settings=self._settings,
            )

    def _page(
        self, key: str, checks: Sequence[Sighting], seen: Sequence[int], conversions: Mapping[str, RecordRef]
    ) -> PageTask:
        responses = (checks[number].response for number in seen)
        found = (conversions.get(response.record_id) for response in responses if response is not None)
        conversion = next((record for record in found if record is not None), None)
        return PageTask(key, conversion, self._ledger.texts.capture(checks[seen[-1]].capture), seen[-1])


def _scanned(texts: tuple[str, ...], ledger: Ledger, settings: Settings) -> _Wanted:
    """The posts that may have a quotation, by a first look at every text of the archive."""
    stored = dict(ledger.texts.witnessed())
    by_place = {(ref.file, ref.offset): post for post, ref in stored.items()}
    offsets: dict[str, set[int]] = defaultdict(set)
    for file, offset in by_place:
        offsets[file].add(offset)
    directory = settings.archive.directory
    files = sorted({path.name.removesuffix(".open") for path in warc_files(directory)} | stored_names(directory))
    tasks = (
        ScanTask(directory, file, gaps, frozenset(offsets.get(file, ())), texts)
        for file, gaps in gaps_of(ledger.texts.stretches(), files)
    )
    found = Scanned()
    for _, scanned in spread(_scan, tasks, settings.judge.workers, worth=PORTIONS_WORTH):
        found.add(scanned)
    wanted = _Wanted(stored=stored, conversions=found.conversions)
    responses = {hit.of for hits in found.hits.values() for hit in hits if hit.of}
    posts = ledger.texts.posts_by_response(responses)
    for number, hits in found.hits.items():
        for hit in hits:
            for post in posts.get(hit.of, ()) if hit.of else (by_place[hit.file, hit.offset],):
                wanted.posts[post].add(number)
    return wanted


@lru_cache(maxsize=1)
def _scanner(texts: tuple[str, ...]) -> Scanner:
    """The quotations, indexed; made once in each process."""
    return Scanner(texts)


def _scan(task: ScanTask) -> Scanned:
    return _scanner(task.quotations).scan(task)


def _key(sighting: Sighting) -> str:
    """The same for captures that brought the same page."""
    return sighting.payload or (sighting.response.record_id if sighting.response is not None else "")


def _has_page(sighting: Sighting) -> bool:
    return (
        sighting.response is not None
        and sighting.capture > 0
        and sighting.verdict in (_THERE | _OTHER)
        and sighting.reason is not Reason.EXTRACTOR_FAILED
    )


def _place(task: PostTask, checks: Sequence[Sighting], seen: PostSeen, position: int) -> Place:
    stored = seen.stored[position] if seen.stored is not None else None
    sights = tuple(_sight(sighting, seen, position) for sighting in checks)
    link = seen.links[position]
    last = checks[-1] if checks else None
    url = last.url if last is not None else ""
    stood = next((n for n in range(len(sights) - 1, -1, -1) if sights[n].state is SightState.STANDS), -1)
    around = seen.pages[_key(checks[stood])][position].around if stood >= 0 else ""
    return Place(
        post=task.post,
        source=last.source if last is not None else "",
        url=url,
        stored=stored.match if stored is not None else None,
        stored_layer=stored.layer if stored is not None else Layer.MAIN,
        stored_record=task.stored,
        sights=sights,
        around=around,
        fragment=fragment_url(url, link) if link is not None and url else "",
        fragment_unique=link is not None and link.unique,
    )


def _sight(sighting: Sighting, seen: PostSeen, position: int) -> Sight:
    found = seen.pages.get(_key(sighting)) if _has_page(sighting) else None
    one = found[position] if found is not None else None
    return Sight(
        at=sighting.captured_at or sighting.checked_at,
        verdict=sighting.verdict,
        reason=sighting.reason,
        state=_state(sighting.verdict, one),
        match=one.match if one is not None else None,
        layer=one.layer if one is not None else Layer.MAIN,
        record=sighting.response,
        text=one.text if one is not None else None,
    )


def _state(verdict: Verdict, seen: Seen | None) -> SightState:
    """What a check tells of a quotation: silence of a page that was not seen whole tells nothing."""
    grade = seen.match.grade if seen is not None else Grade.ABSENT
    if grade.stands:
        return SightState.STANDS
    if verdict in (Verdict.GONE, Verdict.REPLACED):
        return SightState.NO_PAGE
    if verdict is Verdict.TRUNCATED:
        # The page may have been cut in the middle of the quotation.
        ends_here = seen is not None and seen.match.pieces[-1:] and seen.match.pieces[-1].same
        return SightState.REWORDED if grade is Grade.REWORDED and ends_here else SightState.UNSEEN
    if verdict not in _THERE or seen is None:
        return SightState.UNSEEN
    return SightState.REWORDED if grade is Grade.REWORDED else SightState.ABSENT
