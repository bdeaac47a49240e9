"""Judges what has become of a source, by a chain of small rules over capture, extraction and comparison.

Pure: no I/O but the reading of its own word lists, no clock, no network. `judge` is the whole of it, but for
`find_admission`, which says whether a page that was edited owns up to it.
"""

from preserve.verdict.admission import Before, find_admission
from preserve.verdict.case import Case, ProbeSeen
from preserve.verdict.chain import judge, rules_for
from preserve.verdict.markers import find_markers, header_traces, needs_markers

__all__ = [
    "Before",
    "Case",
    "ProbeSeen",
    "find_admission",
    "find_markers",
    "header_traces",
    "judge",
    "needs_markers",
    "rules_for",
]
