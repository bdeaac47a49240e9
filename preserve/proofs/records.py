"""The records a proof names, held against its entries and against a WARC file that was handed over with it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from preserve.digests import matches, parse_digest
from preserve.proofs.values import EntryFacts, NamedRecord, Outcome, Part, Proof, ProvedEntry, ProvedRecord, Step
from preserve.proofs.verifying import facts_of
from preserve.warc import Brought, Gap

HOLDS, FAILS, OPEN = Outcome.HOLDS, Outcome.FAILS, Outcome.OPEN


def verify_records(proof: Proof, brought: Iterable[Brought | Gap] | None) -> tuple[Step, ...]:
    """Hold the records of a proof of a check against what its entries say of them.

    Args:
        proof: whose entries were verified.
        brought: what lies in the WARC file that came with it; None without one.

    Raises:
        ArchiveError: the WARC file can't be read.
    """
    if not proof.entries:
        return ()
    listing = _Listing(proof, facts_of(proof))
    steps = list(listing.faults())
    if brought is None:
        steps.append(_not_looked_at(listing))
    else:
        steps += listing.compared(brought)
    return tuple(steps)


def _not_looked_at(listing: _Listing) -> Step:
    if not listing.records:
        return Step("records", HOLDS, "The check rests on no records: nothing was fetched and no stored copy kept.")
    return Step(
        "records",
        OPEN,
        f"The {len(listing.records)} records were not looked at: give the WARC file that has them with --record.",
    )


class _Listing:
    """The records of a proof, beside what its entries say of them.

    Attributes:
        records: by id.
    """

    def __init__(self, proof: Proof, facts: Mapping[ProvedEntry, EntryFacts]) -> None:
        self.records: Mapping[str, ProvedRecord] = {record.ref.record_id: record for record in proof.records}
        self._twice = len(self.records) != len(proof.records)
        self._named: dict[str, list[NamedRecord]] = {}
        for one in (one for said in facts.values() for one in said.named):
            self._named.setdefault(one.record_id, []).append(one)
        main = facts.get(proof.entries[0])
        self._wanted = () if main is None else main.named

    def faults(self) -> Iterator[Step]:
        """What does not fit between the list and the entries."""
        if self._twice:
            yield _fault("The proof lists a record twice.")
        parts: dict[str, set[Part]] = {}
        for one in self._wanted:
            parts.setdefault(one.record_id, set()).add(one.part)
        for record_id, allowed in parts.items():
            record = self.records.get(record_id)
            if record is None:
                yield _fault(f"The entry names record {record_id}, and the proof does not list it.")
            elif record.part not in allowed:
                named = " and ".join(sorted(allowed))
                yield _fault(f"Record {record_id} is listed as {record.part}, and is {named} in the entry.")
        for record in self.records.values():
            for one in self._named.get(record.ref.record_id, ()):
                if _differ(one.block, record.block) or _differ(one.payload, record.payload):
                    yield _fault(f"Record {one.record_id} has other digests in its entry than in the proof.")

    def compared(self, brought: Iterable[Brought | Gap]) -> Iterator[Step]:
        """What the file's records come to."""
        seen: dict[str, bool] = {}  # by id: whether it is what it should be
        gaps = 0
        for one in brought:
            if isinstance(one, Gap):
                gaps += 1
            elif one.record_id in self.records:  # else of something else: a whole file of the archive may be given
                why = self._why_not(self.records[one.record_id], one)
                if why:
                    yield _fault(f"Record {one.record_id} in the file {why}.")
                seen[one.record_id] = seen.get(one.record_id, True) and not why
        for record_id in sorted(set(self.records) - set(seen)):
            yield _fault(f"Record {record_id} is not in the file, or is damaged there.")
        if gaps:
            yield Step("records", OPEN, f"In {gaps} places the file has no whole record.")
        yield from self._counted([record_id for record_id, good in seen.items() if good])

    def _counted(self, good: Sequence[str]) -> Iterator[Step]:
        vouched = sum(self._is_vouched(self.records[record_id]) for record_id in good)
        if vouched:
            yield Step("records", HOLDS, f"{vouched} of the file's records have the digests that signed entries have.")
        if len(good) > vouched:
            yield Step(
                "records",
                OPEN,
                f"{len(good) - vouched} more (requests, notes on a capture) are as the proof lists them; no signed"
                " entry in it has their digests.",
            )

    def _is_vouched(self, record: ProvedRecord) -> bool:
        return any(one.block or one.payload for one in self._named.get(record.ref.record_id, ()))

    def _why_not(self, record: ProvedRecord, one: Brought) -> str:
        said = self._named.get(record.ref.record_id, [])
        blocks = {record.block, *(named.block for named in said)} - {""}
        payloads = {record.payload, *(named.payload for named in said)} - {""}
        if one.kind != record.kind:
            return f"is a {one.kind} record, and the proof has a {record.kind}"
        if not all(matches(block, one.block) for block in blocks):
            return "is not the one that was logged: its block has another digest"
        if one.kind != "revisit" and payloads:
            if one.payload is None:
                return "can't be read as a response"
            if not all(matches(payload, one.payload) for payload in payloads):
                return "is not the one that was logged: its payload has another digest"
        if one.length != record.ref.length:
            return f"has {one.length} bytes compressed, and {record.ref.length} in the archive"
        return ""


def _fault(says: str) -> Step:
    return Step("records", FAILS, says)


def _differ(one: str, other: str) -> bool:
    """Whether two labelled digests contradict each other; those of two algorithms can't."""
    if not one or not other:
        return False
    try:
        first, second = parse_digest(one), parse_digest(other)
    except ValueError:
        return one != other
    return first[0] is second[0] and first[1] != second[1]
