"""What the time stamps of a proof's checkpoint show."""

from __future__ import annotations

from preserve.proofs.values import Outcome, Proof, Step, Timestamp
from preserve.stamps import Roots, StampResult, verify_stamp
from preserve.times import warc_date


def verify_timestamps(proof: Proof, roots: Roots = ()) -> tuple[Step, ...]:
    """When the checkpoint existed at the latest, by those who stamped it.

    Args:
        proof: whose checkpoint was verified.
        roots: certificates that the reader trusts to vouch for authorities, DER.
    """
    if not proof.timestamps:
        return (Step("time", Outcome.OPEN, "No time stamp comes with it: when it was signed is the signer's word."),)
    note = proof.checkpoint.encode()
    return tuple(_step(stamp, verify_stamp(stamp.data, note, roots)) for stamp in proof.timestamps)


def _step(stamp: Timestamp, result: StampResult) -> Step:
    if result.problem:
        return Step("time", Outcome.FAILS, f"The time stamp {stamp.file} does not hold: {result.problem}.")
    if result.unread:
        why = "pip install 'preserve-archive[opentimestamps]' to have it read"
        return Step("time", Outcome.OPEN, f"The time stamp {stamp.file} was not looked at: {why}.")
    if result.time is not None and result.traced:
        return Step("time", Outcome.HOLDS, f"The checkpoint existed by {warc_date(result.time)}, says {result.by}.")
    if result.time is not None:
        return Step(
            "time",
            Outcome.OPEN,
            f"The checkpoint existed by {warc_date(result.time)}, says somebody by the name of {result.by}: give the"
            " root you trust to vouch for that with --root.",
        )
    if result.blocks:
        return Step(
            "time",
            Outcome.OPEN,
            f"The checkpoint existed by Bitcoin block {result.blocks[0]}, if {stamp.file} says what is in that block:"
            " `ots verify` looks it up.",
        )
    return Step(
        "time", Outcome.OPEN, f"{result.by} promised to put it under a Bitcoin block, which proves nothing yet."
    )
