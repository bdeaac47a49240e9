"""A proof verified from itself alone: signature, name of the log, inclusion, growth. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from preserve.checkpoints import Checkpoint, VerifierKey, parse_checkpoint, parse_note
from preserve.errors import ProofError
from preserve.merkle import leaf_hash, verify_consistency, verify_inclusion
from preserve.proofs.entries import read_entry
from preserve.proofs.values import EntryFacts, Outcome, Proof, ProvedEntry, Step, Verification
from preserve.sealing import origin_of

HOLDS, FAILS, OPEN = Outcome.HOLDS, Outcome.FAILS, Outcome.OPEN


def verify(proof: Proof, key: VerifierKey | None = None, against: bytes | None = None) -> Verification:
    """Hold a proof against itself.

    Args:
        proof: as it was read.
        key: the key that the reader knows the archive's keeper by; None takes the word of the proof.
        against: a checkpoint that the reader has kept.

    Raises:
        ProofError: `against` is no checkpoint, or the proof does not reach it.
    """
    facts = facts_of(proof)
    claim = facts[proof.entries[0]].claim if proof.entries and proof.entries[0] in facts else None
    return Verification(claim, tuple(_steps(proof, facts, key, against)))


def facts_of(proof: Proof) -> Mapping[ProvedEntry, EntryFacts]:
    """What the entries say; those that can't be read are left out."""
    found = {}
    for entry in proof.entries:
        try:
            found[entry] = read_entry(entry.text)
        except ValueError:
            continue
    return found


@dataclass(frozen=True, slots=True)
class _Signed:
    """A checkpoint whose signature holds, and the key it is by."""

    checkpoint: Checkpoint
    key: VerifierKey


def _steps(
    proof: Proof, facts: Mapping[ProvedEntry, EntryFacts], key: VerifierKey | None, against: bytes | None
) -> Iterator[Step]:
    try:
        signed = _signed(proof.checkpoint.encode(), proof.key)
    except ValueError as error:
        yield Step("signature", FAILS, f"The checkpoint does not hold: {error}.")
        return
    checkpoint = signed.checkpoint
    said = f"The log {checkpoint.origin} had {checkpoint.size} entries when it was signed with the key that is named."
    yield Step("signature", HOLDS, said)
    yield _signer(signed.key, key)
    yield _name(proof, checkpoint)
    for number, entry in enumerate(proof.entries):
        yield _entry(entry, facts.get(entry), checkpoint, is_check=number == 0)
    reached = [signed]
    if proof.since is not None:
        try:
            earlier = _signed(proof.since.checkpoint.encode(), proof.since.key)
        except ValueError as error:
            yield Step("growth", FAILS, f"The earlier checkpoint does not hold: {error}.")
            return
        reached.append(earlier)
        yield from _grown(proof.since.path, earlier, signed)
    if against is not None:
        yield _kept(against, reached)


def _signed(note: bytes, key: str) -> _Signed:
    signer = VerifierKey.parse(key)
    read = parse_note(note)
    checkpoint = parse_checkpoint(read.text)
    # One line alone: whatever stood on a second would be vouched for by nobody.
    if len(read.signatures) != 1 or not signer.signed(read):
        raise ValueError(f"it is not signed with the key {signer}")
    if checkpoint.origin != signer.name:
        raise ValueError(f"it is of the log {checkpoint.origin}, and the key is that of {signer.name}")
    return _Signed(checkpoint, signer)


def _signer(found: VerifierKey, wanted: VerifierKey | None) -> Step:
    if wanted is None:
        return Step(
            "signer",
            OPEN,
            f"The key, {found}, comes from the proof itself: it tells who signed only to those who know it from"
            " elsewhere. Compare it, or give the one you know with --key.",
        )
    if found != wanted:
        return Step("signer", FAILS, f"The key that is named, {found}, is not the one you gave.")
    return Step("signer", HOLDS, "The key is the one you gave.")


def _name(proof: Proof, checkpoint: Checkpoint) -> Step:
    first = proof.first
    if not verify_inclusion(first.hash, 0, checkpoint.size, first.path, checkpoint.root):
        return Step("log", FAILS, "The first entry that the proof names is not the first of what was signed.")
    if origin_of(first.hash) != checkpoint.origin:
        return Step("log", FAILS, f"A log with this first entry is called {origin_of(first.hash)}.")
    return Step("log", HOLDS, "Its name is made of its first entry, which is the first of what was signed.")


def _entry(entry: ProvedEntry, facts: EntryFacts | None, checkpoint: Checkpoint, *, is_check: bool) -> Step:
    what = "The check" if is_check else "An earlier entry, which vouches for records of this check,"
    name = "entry" if is_check else "earlier entry"
    if facts is None or (is_check and facts.claim is None):
        return Step(name, FAILS, f"{what} can't be read as something that preserve logs.")
    leaf = leaf_hash(entry.text.encode())
    if verify_inclusion(leaf, entry.position, checkpoint.size, entry.path, checkpoint.root):
        return Step(name, HOLDS, f"{what} is entry {entry.position} of what was signed, word for word.")
    return Step(name, FAILS, f"{what} is not entry {entry.position} of what was signed: something was changed.")


def _grown(path: Sequence[bytes], earlier: _Signed, later: _Signed) -> Iterator[Step]:
    old, new = earlier.checkpoint, later.checkpoint
    if old.origin != new.origin:
        yield Step("growth", FAILS, f"The earlier checkpoint is of another log, {old.origin}.")
    elif not verify_consistency((old.size, new.size), (old.root, new.root), path):
        yield Step("growth", FAILS, f"The {old.size} entries signed earlier are not the beginning of what was signed.")
    else:
        yield Step("growth", HOLDS, f"The {old.size} entries signed earlier are its beginning: it only grew since.")
    if earlier.key != later.key:
        yield Step("growth", OPEN, f"The earlier checkpoint is signed with another key, {earlier.key}.")


def _kept(against: bytes, reached: Sequence[_Signed]) -> Step:
    try:
        kept = parse_checkpoint(parse_note(against).text)
    except ValueError as error:
        raise ProofError(f"the checkpoint you kept is none: {error}") from None
    if kept.origin != reached[0].checkpoint.origin:
        return Step("kept", FAILS, f"The checkpoint you kept is of another log, {kept.origin}.")
    same = [one for one in reached if one.checkpoint.size == kept.size]
    if not same:
        raise ProofError(
            f"the proof does not reach the checkpoint you kept, of {kept.size} entries: ask for one made with"
            " `preserve prove --since` and that checkpoint"
        )
    if any(one.checkpoint != kept for one in same):
        return Step("kept", FAILS, "The checkpoint you kept signs another history of the same length.")
    return Step("kept", HOLDS, f"It has the {kept.size} entries of the checkpoint you kept: it is the log you know.")
