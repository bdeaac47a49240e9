"""One question for stamps of either kind: what does it say of this checkpoint?"""

from __future__ import annotations

from preserve.stamps.authority import Roots, verify_response
from preserve.stamps.ots import MAGIC, verify_proof
from preserve.stamps.values import StampKind, StampResult


def verify_stamp(stamp: bytes, note: bytes, roots: Roots = (), kind: StampKind | None = None) -> StampResult:
    """What a stamp says of a checkpoint.

    Args:
        stamp: its bytes.
        note: the checkpoint's file, byte for byte.
        roots: certificates to trace an authority to, DER; without any its signature alone is checked.
        kind: which kind it should be; None takes it from the bytes.

    Returns:
        A result that holds or names its problem; bad bytes raise nothing.
    """
    if kind is None:
        kind = StampKind.OPENTIMESTAMPS if stamp.startswith(MAGIC) else StampKind.RFC3161
    if kind is StampKind.OPENTIMESTAMPS:
        return verify_proof(stamp, note)
    return verify_response(stamp, note, roots)
