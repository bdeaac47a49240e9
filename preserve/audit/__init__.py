"""The archive held against itself: WARC files, ledger, log and checkpoints. Reads only.

Says what is wrong, where, and what can still be trusted; mends nothing.
"""

from preserve.audit.findings import Audit, Finding, Part, Stamped
from preserve.audit.whole import audit

__all__ = ["Audit", "Finding", "Part", "Stamped", "audit"]
