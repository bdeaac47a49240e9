"""The words of the project: the frozen values that flow from a post to its verdict.

    Post -> Capture -> Extraction -> Comparison -> Judgement -> Check

Nothing here does I/O, reads a clock or knows a library. Texts are `str` from extraction on and `bytes` before;
times are aware UTC datetimes; sizes are bytes; offsets are code points into the text they name.
"""

from preserve.model.captures import (
    ArchivedCapture,
    ArchivedExchange,
    Capture,
    Exchange,
    ExchangeRole,
    Failure,
    FailureKind,
    RecordRef,
    Truncation,
)
from preserve.model.changes import (
    Change,
    ChangeKind,
    Comparison,
    Layer,
    Measures,
    Span,
)
from preserve.model.checks import (
    Admission,
    AdmissionKind,
    Check,
    Evidence,
    JudgedAgain,
    Judgement,
    Rejudgement,
    SinceLast,
)
from preserve.model.pages import (
    Extraction,
    PageFacts,
)
from preserve.model.precedents import (
    Precedent,
    judging_settings,
)
from preserve.model.stored import (
    Block,
    BlockKind,
    CommitState,
    Post,
    PostVersion,
    Region,
    SetAside,
    StoredCopy,
)
from preserve.model.verdicts import (
    REASONS,
    Nature,
    Reason,
    Verdict,
)

__all__ = [
    "REASONS",
    "Admission",
    "AdmissionKind",
    "ArchivedCapture",
    "ArchivedExchange",
    "Block",
    "BlockKind",
    "Capture",
    "Change",
    "ChangeKind",
    "Check",
    "CommitState",
    "Comparison",
    "Evidence",
    "Exchange",
    "ExchangeRole",
    "Extraction",
    "Failure",
    "FailureKind",
    "JudgedAgain",
    "Judgement",
    "Layer",
    "Measures",
    "Nature",
    "PageFacts",
    "Post",
    "PostVersion",
    "Precedent",
    "Reason",
    "RecordRef",
    "Region",
    "Rejudgement",
    "SetAside",
    "SinceLast",
    "Span",
    "StoredCopy",
    "Truncation",
    "Verdict",
    "judging_settings",
]
