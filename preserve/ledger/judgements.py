"""Owns which judgement of a check holds: the newest, and the one made at the visit stays. As tables to select from.

A re-judgement is no check: it visits nothing, and has no time, capture or record of its own. So there are as many
checks as visits, each with its newest judgement, and whoever counts them counts visits.
"""

from __future__ import annotations

from typing import Final


def _again(column: str) -> str:
    """SQL for a column of a check of which the newest re-judgement may say otherwise."""
    return f"CASE WHEN again.id IS NULL THEN made.{column} ELSE again.{column} END AS {column}"


# Columns of `checks` that a re-judgement has too (`verdict` first), and those that are the visit's alone.
JUDGED: Final = (
    *("verdict", "reason", "natures", "remaining", "wants_probe", "changes_id", "evidence_id", "measures_id"),
    *("changed_since", "changes_since_id", "text_digest_id", "extractor_id", "rules_id", "admission_id"),
    "verdict_before",
)
_VISIT: Final = (
    *("id", "run_id", "post_id", "source_id", "checked_at", "final_url_id", "http_status", "captured_at"),
    *("capture_id", "stored_copy_id", "previous_capture_id", "probe_capture_id", "template_id", "error"),
)


def _standing_checks(again: str) -> str:
    visit = ", ".join(f"made.{column}" for column in _VISIT)
    judged = ", ".join(map(_again, JUDGED))
    # Of a re-judgement the time of the earlier capture is always that capture's own.
    previous = "CASE WHEN again.id IS NULL THEN made.previous_at WHEN again.changed_since IS NOT NULL THEN '' END"
    first = ", ".join(
        f"CASE WHEN again.id IS NOT NULL THEN made.{column} END AS first_{column}"
        for column in ("verdict", "reason", "extractor_id", "rules_id")
    )
    return (
        f"(SELECT {visit}, {judged}, {previous} AS previous_at, again.id AS again_id, again.run_id AS again_run,"  # noqa: S608
        f" again.judged_at AS again_at, {first} FROM {again})"
    )


# Rows of `checks` with the newest judgement of each, as a table to select from; and each re-judgement by itself.
STANDING: Final = _standing_checks(
    "checks AS made LEFT JOIN rejudgements AS again ON again.id ="
    " (SELECT max(id) FROM rejudgements WHERE check_id = made.id)"
)
REJUDGED: Final = _standing_checks("rejudgements AS again JOIN checks AS made ON made.id = again.check_id")
# The same columns of the checks as they were made.
MADE: Final = (
    "(SELECT checks.*, NULL AS again_id, NULL AS again_run, NULL AS again_at, NULL AS first_verdict,"
    " NULL AS first_reason, NULL AS first_extractor_id, NULL AS first_rules_id FROM checks)"
)

# What checks of any of these refer to by number, under the names by which queries ask for it.
REFERRED: Final = """
JOIN posts ON posts.id = checks.post_id
JOIN versions AS extractors ON extractors.id = checks.extractor_id
JOIN versions AS rules ON rules.id = checks.rules_id
LEFT JOIN urls AS source ON source.id = checks.source_id
LEFT JOIN urls AS final ON final.id = checks.final_url_id
LEFT JOIN details AS changes ON changes.id = checks.changes_id
LEFT JOIN details AS evidence ON evidence.id = checks.evidence_id
LEFT JOIN details AS measures ON measures.id = checks.measures_id
LEFT JOIN details AS since ON since.id = checks.changes_since_id
LEFT JOIN details AS admission ON admission.id = checks.admission_id
LEFT JOIN stored_copies AS copies ON copies.id = checks.stored_copy_id
LEFT JOIN versions AS first_extractors ON first_extractors.id = checks.first_extractor_id
LEFT JOIN versions AS first_rules ON first_rules.id = checks.first_rules_id
"""
