"""A proof made from an archive and its ledger. Reads only.

What is made is verified before it is handed out: an archive that does not bear out its own log gives no proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from pathlib import Path

from preserve.checkpoints import Checkpoint, VerifierKey, checkpoint_files, parse_checkpoint, parse_note, read_keys
from preserve.errors import ArchiveError, ProofError
from preserve.leaves import check_entry
from preserve.ledger import Ledger, LoggedCheck
from preserve.merkle import consistency_path, inclusion_path, leaf_hash, subtree_roots
from preserve.model import ArchivedCapture, Check, RecordRef
from preserve.proofs.entries import read_entry
from preserve.proofs.records import verify_records
from preserve.proofs.values import FirstLeaf, Outcome, Part, Proof, ProvedEntry, ProvedRecord, Since, Timestamp
from preserve.proofs.verifying import verify
from preserve.sealing import origin_of
from preserve.stamps import stamps_of
from preserve.warc import Listed, list_records


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be proved; at least `post` or `since`.

    Attributes:
        post: as it stands in the ledger; None proves only that the log grew.
        run: the check of this run.
        at: else the last check that was made by then; None for the last of all.
        since: an earlier checkpoint of the log, a signed note; None proves no growth.
        earliest: up to the first checkpoint that covers the check, whose time stamps are the earliest; else up to the
            newest.
    """

    post: str | None = None
    run: int | None = None
    at: datetime | None = None
    since: bytes | None = None
    earliest: bool = False


@dataclass(frozen=True, slots=True)
class _Signed:
    """A checkpoint as its note has it, and the key that signed it."""

    note: str
    checkpoint: Checkpoint
    key: VerifierKey


@dataclass(frozen=True, slots=True)
class _Logged:
    """A check with its place in the log and its entry."""

    check: Check
    position: int
    text: str


def prove(directory: Path, ledger: Ledger, question: Question) -> Proof:
    """The proof that answers a question.

    Args:
        directory: the archive.
        ledger: of it.
        question: what is to be proved.

    Raises:
        ProofError: there is no such check, it is not signed yet, or `since` is no checkpoint of this log.
        ArchiveError: the archive does not bear it out, or can't be read.
    """
    signed = _signed(directory, ledger)
    upto = signed[-1]
    checks: Sequence[_Logged] = ()
    records: tuple[ProvedRecord, ...] = ()
    if question.post is not None:
        chosen, others = _chosen(ledger, question, upto.checkpoint.size)
        if question.earliest:
            upto = next(one for one in signed if one.checkpoint.size > chosen.position)
        records = _records(directory, chosen.check)
        vouching = _vouching(records, (one for one in others if one.position < upto.checkpoint.size))
        checks = (chosen, *vouching)
    earlier = None if question.since is None else _earlier(directory, question.since, upto.checkpoint)
    proof = replace(
        _assembled(ledger, upto, checks, records, earlier), timestamps=_timestamps(directory, upto.checkpoint.size)
    )
    _must_hold(directory, proof)
    return proof


def _must_hold(directory: Path, proof: Proof) -> None:
    steps = (*verify(proof).steps, *verify_records(proof, None))
    failed = next((step for step in steps if step.outcome is Outcome.FAILS), None)
    if failed is not None:
        raise ArchiveError(f"{directory} does not bear this proof out: {failed.says} `preserve audit` says more")


# ---------------------------------------------------------------- checkpoints


def _signed(directory: Path, ledger: Ledger) -> Sequence[_Signed]:
    """The log's checkpoints whose signatures hold, smallest first; at least one."""
    first, keys = ledger.log.first_leaf(), read_keys(directory)
    read = [_read(file.data, keys) for file in checkpoint_files(directory)]
    found = [one for one in read if one is not None and first and one.checkpoint.origin == origin_of(first)]
    if not found:
        raise ProofError(
            f"{directory} has no signed checkpoint of its log, so nothing can be proved yet: the next run ends with one"
        )
    return sorted(found, key=lambda one: one.checkpoint.size)


def _timestamps(directory: Path, size: int) -> tuple[Timestamp, ...]:
    return tuple(Timestamp(one.name.rpartition("/")[2], one.data) for one in stamps_of(directory, size))


def _earlier(directory: Path, since: bytes, upto: Checkpoint) -> _Signed:
    found = _read(since, read_keys(directory))
    if found is None:
        raise ProofError("--since: that is no checkpoint signed with a key of this archive")
    if found.checkpoint.origin != upto.origin:
        raise ProofError(f"--since: that checkpoint is of another log, {found.checkpoint.origin}")
    if not 0 < found.checkpoint.size <= upto.size:
        raise ProofError(
            f"--since: that checkpoint has {found.checkpoint.size} entries, and the proof goes up to {upto.size}: leave"
            " --earliest out; else it is not of this archive, or the log was cut back (`preserve audit --against`)"
        )
    return found


def _read(data: bytes, keys: Iterable[VerifierKey]) -> _Signed | None:
    try:
        note = parse_note(data)
        checkpoint = parse_checkpoint(note.text)
    except ValueError:
        return None
    key = next((key for key in keys if key.name == checkpoint.origin and key.signed(note)), None)
    return None if key is None or len(note.signatures) != 1 else _Signed(data.decode("utf-8"), checkpoint, key)


# ---------------------------------------------------------------- checks


def _chosen(ledger: Ledger, question: Question, size: int) -> tuple[_Logged, Iterator[_Logged]]:
    """The check that is meant, and the signed checks of its post, newest first."""
    assert question.post is not None  # noqa: S101 - the caller asked
    all_of_post = list(ledger.log.checks_of(question.post))
    found = [one for one in all_of_post if _is_meant(one, question)]
    if not found:
        runs = ", ".join(str(one.run) for one in all_of_post[-10:])
        raise ProofError(f"{question.post} was not checked then; its checks are of the runs {runs}")
    position = found[-1].position
    if position is None:
        raise ProofError(
            f"the check of {question.post} in run {found[-1].run} is older than the log; nothing proves it"
        )
    if position >= size:
        raise ProofError(
            f"the check of {question.post} in run {found[-1].run} is signed by no checkpoint yet: the next run's end"
            " signs it"
        )
    return _logged(found[-1], position), (
        _logged(one, one.position)
        for one in reversed(all_of_post)
        if one.position is not None and one.position < size and one.position != position
    )


def _is_meant(one: LoggedCheck, question: Question) -> bool:
    if question.run is not None:
        return one.run == question.run
    return question.at is None or one.check.checked_at <= question.at


def _logged(one: LoggedCheck, position: int) -> _Logged:
    return _Logged(one.check, position, check_entry(one.run, one.check).decode("utf-8"))


def _vouching(records: Iterable[ProvedRecord], others: Iterable[_Logged]) -> Iterator[_Logged]:
    """The checks whose entries have the digests of records that this one only names."""
    wanted = {record.ref.record_id for record in records if record.part in (Part.ORIGINAL, Part.PREVIOUS)}
    for other in others:
        if not wanted:
            return
        held = wanted & {one.record_id for one in read_entry(other.text).named if one.block}
        if held:
            wanted -= held
            yield other


# ---------------------------------------------------------------- records


def _records(directory: Path, check: Check) -> tuple[ProvedRecord, ...]:
    """What the check rests on, each once, in the order in which it lies in the archive."""
    found: dict[str, ProvedRecord] = {}
    for part, one in _listed(directory, check):
        record = ProvedRecord(one.ref, part, one.kind, one.block_digest, one.payload_digest)
        found.setdefault(one.ref.record_id, record)
    return tuple(sorted(found.values(), key=lambda record: (record.ref.file, record.ref.offset)))


def _listed(directory: Path, check: Check) -> Iterator[tuple[Part, Listed]]:
    captures = ((Part.CAPTURE, check.capture), (Part.PROBE, check.probe), (Part.PREVIOUS, check.previous))
    for part, capture in captures:
        if capture is None:
            continue
        for one in list_records(directory, capture.first, capture.summary):
            yield part, one
        for ref in _originals(capture):
            for one in list_records(directory, ref, ref):
                yield Part.ORIGINAL, one
    if check.stored_record is not None:
        for one in list_records(directory, check.stored_record, check.stored_record):
            yield Part.STORED_COPY, one


def _originals(capture: ArchivedCapture) -> Iterator[RecordRef]:
    for exchange in capture.exchanges:
        if exchange.revisit_of is not None:
            yield exchange.revisit_of


# ---------------------------------------------------------------- the log


def _assembled(
    ledger: Ledger,
    upto: _Signed,
    checks: Sequence[_Logged],
    records: tuple[ProvedRecord, ...],
    earlier: _Signed | None,
) -> Proof:
    size = upto.checkpoint.size
    positions = [0, *(one.position for one in checks)]
    paths = [inclusion_path(position, size) for position in positions]
    grown = () if earlier is None else consistency_path(earlier.checkpoint.size, size)
    leaves = [(position, position + 1) for position in positions]
    try:
        roots = iter(subtree_roots(ledger.log.leaves(), chain(leaves, *paths, grown)))
    except ValueError as error:
        raise ArchiveError(f"the log was cut back: {error}; `preserve audit` says more") from error
    hashes = [next(roots) for _ in leaves]
    proved = [tuple(next(roots) for _ in path) for path in paths]
    for one, logged in zip(checks, hashes[1:], strict=True):
        if leaf_hash(one.text.encode()) != logged:
            raise ArchiveError(
                f"the ledger's rows of entry {one.position} ({one.check.post}) are not what was logged:"
                " `preserve audit` says which side was changed"
            )
    return Proof(
        checkpoint=upto.note,
        key=str(upto.key),
        first=FirstLeaf(hashes[0], proved[0]),
        entries=tuple(ProvedEntry(one.text, one.position, path) for one, path in zip(checks, proved[1:], strict=True)),
        records=records,
        since=None if earlier is None else Since(earlier.note, str(earlier.key), tuple(roots)),
    )
