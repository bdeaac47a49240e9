"""Owns where posts stand: the last check of each, all that its checks observed, and how a post is found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import groupby, zip_longest
from operator import itemgetter
from typing import Final, Protocol, TypeVar

from preserve.confirm import Observation
from preserve.errors import ArchiveError
from preserve.ledger import queries
from preserve.ledger.codec import pack_moment, pack_text, unpack_text
from preserve.ledger.finding import same_source, searches, year_of
from preserve.ledger.judgements import STANDING
from preserve.ledger.parts import Part
from preserve.ledger.queries import POST
from preserve.ledger.values import Grouping, KeptSource, SummaryRow
from preserve.model import Check, Reason, Verdict

# Not a check that was made, but one that was put off: due again at once.
_PUT_OFF: Final = (Reason.HOST_INCIDENT, Reason.BUDGET)

_OBSERVED: Final = f"""
SELECT
    posts.path, coalesce(captures.captured_at, checks.checked_at),
    checks.verdict, checks.reason, texts.digest, checks.changes_id, captures.summary_record,
    EXISTS (SELECT 1 FROM incidents AS met WHERE met.run_id = checks.run_id AND met.host_id = source.host_id),
    checks.extractor_id, checks.rules_id, checks.changed_since, previous.summary_record, checks.verdict_before,
    coalesce(checks.first_verdict, checks.verdict)
FROM {STANDING} AS checks
JOIN posts ON posts.id = checks.post_id
LEFT JOIN urls AS source ON source.id = checks.source_id
LEFT JOIN captures ON captures.id = checks.capture_id
LEFT JOIN captures AS previous ON previous.id = checks.previous_capture_id
LEFT JOIN digests AS texts ON texts.id = checks.text_digest_id
"""  # noqa: S608
_OBSERVED_OF_ALL: Final = f"{_OBSERVED} ORDER BY checks.post_id, checks.id"
_OBSERVED_OF_POST: Final = f"{_OBSERVED} WHERE checks.post_id = {POST} ORDER BY checks.id"
_OBSERVED_OF_LATEST: Final = (
    f"{_OBSERVED} WHERE checks.post_id IN (SELECT post_id FROM latest WHERE verdict IN ({{marks}}))"  # noqa: S608
    " ORDER BY checks.post_id, checks.id"
)
_COUNT_OF_LATEST: Final = """
SELECT count(*) FROM (
    SELECT 1 FROM latest JOIN checks ON checks.post_id = latest.post_id
    WHERE latest.verdict IN ({marks}) LIMIT ?)
"""


class _Named(Protocol):
    @property
    def post(self) -> str: ...


_OfPost = TypeVar("_OfPost", bound=_Named)


class Standings(Part):
    """Where posts stand."""

    def latest(self, post: str) -> Check | None:
        """The last check of a post, or None."""
        return next(self._reader.checks(queries.LATEST_OF_POST, (pack_text(post),)), None)

    def history(self, post: str) -> list[Check]:
        """Every check of a post, oldest first."""
        return list(self._reader.checks(queries.OF_POST, (pack_text(post),)))

    def observations(self, post: str) -> list[Observation]:
        """What each check of a post adds to its standing (`preserve.confirm`), oldest first."""
        return [one for _, one in self._reader.observations(_OBSERVED_OF_POST, (pack_text(post),))]

    def all_observations(self) -> Iterator[tuple[str, list[Observation]]]:
        """The same for every post that has a check, streamed."""
        found = self._reader.observations(_OBSERVED_OF_ALL)
        for post, observed in groupby(found, key=itemgetter(0)):
            yield post, [one for _, one in observed]

    def observations_of(self, verdicts: Collection[Verdict]) -> Iterator[tuple[str, list[Observation]]]:
        """The same for every post whose last check has one of `verdicts`, streamed."""
        sql = _OBSERVED_OF_LATEST.format(marks=", ".join("?" * len(verdicts)))
        for post, observed in groupby(self._reader.observations(sql, tuple(verdicts)), key=itemgetter(0)):
            yield post, [one for _, one in observed]

    def more_observations_than(self, bound: int, verdicts: Collection[Verdict]) -> bool:
        """Whether `observations_of(verdicts)` would give more than `bound` observations; quick."""
        sql = _COUNT_OF_LATEST.format(marks=", ".join("?" * len(verdicts)))
        row = self._database.one(sql, (*verdicts, bound + 1))
        return row is not None and bool(row[0] > bound)

    def latest_checks(self) -> Iterator[Check]:
        """Every post's last check, in the order they were made, streamed."""
        return self._reader.checks(queries.LATEST)

    def latest_with_observations(self) -> Iterator[tuple[Check, list[Observation]]]:
        """Every post's last check beside what all of its checks observed, in one pass, streamed.

        In the order in which the posts were first checked; what a run adds meanwhile is not in it.

        Raises:
            ArchiveError: the table of latest checks is not what the checks say.
        """
        return self._with_observations(self._reader.checks(queries.LATEST_BY_POST))

    def _with_observations(self, last: Iterator[_OfPost]) -> Iterator[tuple[_OfPost, list[Observation]]]:
        with self._database.snapshot():
            for check, found in zip_longest(last, self.all_observations()):
                post, observed = found or (None, None)
                if check is None or check.post != post or observed is None:
                    raise ArchiveError(
                        f"ledger {self._database.path}: the last check of {post} is not where it should be; run"
                        " `preserve audit` for what else is wrong"
                    )
                yield check, observed

    def checks_of(self, run: int) -> Iterator[Check]:
        """The checks of a run, in the order they were made, streamed."""
        return self._reader.checks(queries.OF_RUN, (run,))

    def checks_of_source(self, source: str) -> list[Check]:
        """The latest check of every post that names a source.

        Args:
            source: its URL; http and https, with or without the last slash, are one source.
        """
        return list(self._reader.checks(queries.LATEST_OF_SOURCE, same_source(source)))

    def sources_kept_several_times(self) -> tuple[KeptSource, ...]:
        """The sources that more than one post names by its latest check, most posts first."""
        rows = self._database.rows(
            "SELECT min(url), count(*) FROM latest JOIN urls ON urls.id = source_id"
            " GROUP BY rtrim(substr(url, instr(url, '://') + 3), '/') HAVING count(*) > 1 ORDER BY 2 DESC, 1"
        )
        return tuple(KeptSource(unpack_text(url), count) for url, count in rows)

    def checked_between(self, after: datetime, before: datetime) -> frozenset[str]:
        """The posts whose last check lies between two times, these excluded.

        Posts whose last check was put off for a host's incident or for want of time are left out.
        """
        rows = self._database.stream(
            "SELECT path FROM latest JOIN checks ON checks.id = check_id JOIN posts ON posts.id = latest.post_id"
            " WHERE checked_at > ? AND checked_at < ? AND (latest.reason IS NULL OR latest.reason NOT IN (?, ?))",
            (pack_moment(after), pack_moment(before), *_PUT_OFF),
            size=5000,
        )
        return frozenset(unpack_text(path) for (path,) in rows)

    def more_posts_than(self, bound: int) -> bool:
        """Whether more than `bound` posts have a check; quick."""
        row = self._database.one("SELECT count(*) FROM (SELECT 1 FROM latest LIMIT ?)", (bound + 1,))
        return row is not None and bool(row[0] > bound)

    def posts_with(self, fragment: str, most: int) -> tuple[str, ...]:
        """The paths of up to `most` posts that have `fragment` in them, sorted; of all where it is empty."""
        sql = "SELECT path FROM posts WHERE instr(path, ?1) > 0 OR ?1 = '' ORDER BY path LIMIT ?2"
        return tuple(unpack_text(path) for (path,) in self._database.rows(sql, (pack_text(fragment), most)))

    def find_posts_matching(self, fragment: str) -> tuple[str, ...]:
        """The posts a person may mean, sorted.

        Args:
            fragment: a path as it stands in the ledger; else a source URL (http or https, with or without the
                last slash); else the end of a path, from a `/` on; else a longer path that ends as one in the
                ledger does; else any part of a path. The first that fits anything decides.
        """
        packed = pack_text(fragment)
        if not fragment or self._database.one("SELECT 1 FROM posts WHERE path = ?", (packed,)):
            return (fragment,) if fragment else ()
        for sql, values in searches(fragment):
            found = sorted(unpack_text(path) for (path,) in self._database.rows(sql, values))
            if found:
                return tuple(found)
        return ()

    def summary(self, by: Grouping = "verdict") -> tuple[SummaryRow, ...]:
        """Where the collection stands, by each post's latest check; largest group first.

        The year is the post's, as its file name or directory has it (`2021-05-06-x.md`, `2021/05/x.md`).
        """
        if by == "year":
            return self._by_year()
        group, join = {
            "verdict": ("coalesce(reason, '')", ""),
            "host": (
                "coalesce(host, '')",
                "LEFT JOIN urls ON urls.id = source_id LEFT JOIN hosts ON hosts.id = host_id",
            ),
        }[by]
        rows = self._database.rows(
            f"SELECT {group}, verdict, count(*) FROM latest {join} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"  # noqa: S608
        )
        return tuple(SummaryRow(unpack_text(name), Verdict(verdict), count) for name, verdict, count in rows)

    def _by_year(self) -> tuple[SummaryRow, ...]:
        rows = self._database.stream("SELECT path, verdict FROM latest JOIN posts ON posts.id = post_id", size=5000)
        counts = Counter((year_of(unpack_text(path)), verdict) for path, verdict in rows)
        return tuple(SummaryRow(year, Verdict(verdict), count) for (year, verdict), count in sorted(counts.items()))
