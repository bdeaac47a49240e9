"""A proof as a value: what it holds, and how it came out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from preserve.model import RecordRef


class Part(StrEnum):
    """What a record of a proof is part of."""

    CAPTURE = "capture"  # the check's own visit to the source
    PROBE = "probe"  # the random path that was asked beside it
    PREVIOUS = "previous"  # the earlier capture that the page was compared with
    ORIGINAL = "original"  # the response that a revisit refers to
    STORED_COPY = "stored-copy"  # the post's own bytes


@dataclass(frozen=True, slots=True)
class ProvedEntry:
    """An entry of the log and what shows that it is one.

    Attributes:
        text: the entry, exactly as it was hashed.
        position: in the log, from 0.
        path: of its inclusion proof.
    """

    text: str
    position: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class FirstLeaf:
    """The log's first leaf, whose hash its name is made of.

    Attributes:
        hash: of the leaf.
        path: of its inclusion proof.
    """

    hash: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ProvedRecord:
    """A record that the check rests on.

    Attributes:
        ref: where it lies in the archive.
        part: what it is part of.
        kind: its WARC-Type.
        block, payload: labelled digests, as its header has them; "" without one.
    """

    ref: RecordRef
    part: Part
    kind: str
    block: str
    payload: str


@dataclass(frozen=True, slots=True)
class Since:
    """That the log was only appended to since an earlier checkpoint.

    Attributes:
        checkpoint: the earlier one, a signed note.
        key: the verifier key it is said to be signed with.
        path: of the consistency proof.
    """

    checkpoint: str
    key: str
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A time stamp of the checkpoint.

    Attributes:
        file: its name in the archive's `checkpoints/`.
        data: its bytes.
    """

    file: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Proof:
    """What a third party is handed.

    Attributes:
        checkpoint: the signed note that everything is proved up to.
        key: the verifier key it is said to be signed with.
        first: the log's first leaf.
        entries: the check first; behind it earlier checks that vouch for records it refers to. Empty where only the
            log's growth is proved.
        records: what the check rests on.
        since: None where no earlier checkpoint was named.
        timestamps: of the checkpoint.
    """

    checkpoint: str
    key: str
    first: FirstLeaf
    entries: tuple[ProvedEntry, ...] = ()
    records: tuple[ProvedRecord, ...] = ()
    since: Since | None = None
    timestamps: tuple[Timestamp, ...] = ()


class Outcome(StrEnum):
    """How a step of a verification came out."""

    HOLDS = "holds"
    FAILS = "fails"
    OPEN = "open"  # nothing shows it, and nothing speaks against it


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at.

    Attributes:
        name: of the thing, in a word.
        outcome: how it came out.
        says: in a sentence.
    """

    name: str
    outcome: Outcome
    says: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What the proved entry says, for people.

    Attributes:
        post, url: as the entry has them; `url` "" where the post named none.
        run: number.
        time: when the check was concluded, as the entry has it.
        verdict, reason: as the entry has them; `reason` "" without one.
        natures: of the edit.
        captured: when the source answered; "" where nothing was asked.
    """

    post: str
    url: str
    run: int
    time: str
    verdict: str
    reason: str
    natures: tuple[str, ...]
    captured: str


@dataclass(frozen=True, slots=True)
class NamedRecord:
    """A record as an entry names it.

    Attributes:
        record_id: its id.
        part: what it is part of.
        block, payload: labelled digests; "" where the entry says nothing of them.
    """

    record_id: str
    part: Part
    block: str = ""
    payload: str = ""


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """What an entry says, as far as a proof has to do with it.

    Attributes:
        claim: None for the entry of a capture beside the checks.
        named: the records it names; one may be named several times.
    """

    claim: Claim | None
    named: tuple[NamedRecord, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """How a proof came out.

    Attributes:
        claim: what is proved, or would be; None where only the log's growth is.
        steps: in the order they were looked at.
    """

    claim: Claim | None
    steps: tuple[Step, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing that was looked at failed."""
        return all(step.outcome is not Outcome.FAILS for step in self.steps)
