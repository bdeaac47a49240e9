"""Proofs for third parties: one check, or the log's growth, with all that verifying it takes.

`prove` makes one from the archive; `format_proof` and `parse_proof` are its form as a file; `verify` and
`verify_records` hold it against itself and against the records that come with it, and need no archive.
"""

from preserve.proofs.building import Question, prove
from preserve.proofs.form import MOST_BYTES, format_proof, parse_proof
from preserve.proofs.records import verify_records
from preserve.proofs.stamped import verify_timestamps
from preserve.proofs.values import Claim, Outcome, Part, Proof, Step, Verification
from preserve.proofs.verifying import verify

__all__ = [
    "MOST_BYTES",
    "Claim",
    "Outcome",
    "Part",
    "Proof",
    "Question",
    "Step",
    "Verification",
    "format_proof",
    "parse_proof",
    "prove",
    "verify",
    "verify_records",
    "verify_timestamps",
]
