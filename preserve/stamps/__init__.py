"""Time stamps of checkpoints: RFC 3161 and OpenTimestamps; only this package knows their formats.

Owns what is asked, what is kept, and what a stamp proves; whom to ask and when is `preserve.stamping`'s, and how things
are sent `preserve.fetch`'s.
"""

from preserve.stamps.authority import Query, Roots, make_query, read_roots, verify_response
from preserve.stamps.files import ots_name, save_stamp, stamp_files, stamps_of, tsr_name
from preserve.stamps.values import StampFile, StampKind, StampResult
from preserve.stamps.verifying import verify_stamp

__all__ = [
    "Query",
    "Roots",
    "StampFile",
    "StampKind",
    "StampResult",
    "make_query",
    "ots_name",
    "read_roots",
    "save_stamp",
    "stamp_files",
    "stamps_of",
    "tsr_name",
    "verify_response",
    "verify_stamp",
]
