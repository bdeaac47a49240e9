"""What the time stamps of a proof's checkpoint show. Pure."""

from __future__ import annotations

from preserve.proofs.values import Outcome, Proof, Step


def verify_timestamps(proof: Proof) -> tuple[Step, ...]:
    """When the checkpoint existed at the latest, by those who stamped it."""
    if not proof.timestamps:
        return (Step("time", Outcome.OPEN, "No time stamp comes with it: when it was signed is the signer's word."),)
    files = ", ".join(stamp.file for stamp in proof.timestamps)
    return (Step("time", Outcome.OPEN, f"Its time stamps ({files}) were not checked."),)
