"""Owns the queries that give whole checks and captures: the columns that `rows` makes them from, in its order."""

from __future__ import annotations

from typing import Final

from preserve.ledger.judgements import MADE, REFERRED, REJUDGED, STANDING

_COLUMNS: Final = """
SELECT
    posts.path, source.url, checks.checked_at,
    checks.verdict, checks.reason, checks.natures, checks.remaining, checks.wants_probe,
    changes.content, evidence.content, measures.content,
    final.url, checks.http_status, checks.captured_at, checks.capture_id,
    copies.digest, copies.record, copy_files.file, copies.offset, copies.length,
    checks.previous_at, checks.changed_since, since.content,
    texts.digest, extractors.version, rules.version, checks.error,
    checks.previous_capture_id, checks.probe_capture_id, template.content, admission.content,
    copies.commit_state, copies.commit_id, copies.committed_at,
    checks.verdict_before, checks.again_run, checks.again_at, checks.first_verdict, checks.first_reason,
    first_extractors.version, first_rules.version,
    checks.again_id, checks.id, checks.run_id
"""
_JOINED: Final = f"""{REFERRED}
LEFT JOIN details AS template ON template.id = checks.template_id
LEFT JOIN digests AS texts ON texts.id = checks.text_digest_id
LEFT JOIN files AS copy_files ON copy_files.id = copies.file_id
"""
_CHECKS: Final = f"{_COLUMNS} FROM {STANDING} AS checks {_JOINED}"

POST: Final = "(SELECT id FROM posts WHERE path = ?)"
# All of these are put together from constants.
OF_POST: Final = f"{_CHECKS} WHERE checks.post_id = {POST} ORDER BY checks.id"
# As they were made, for the log; as they stand; and re-judgements by their own numbers.
NUMBERED: Final = f"{_COLUMNS} FROM {MADE} AS checks {_JOINED} WHERE checks.id IN ({{marks}})"
STANDING_NUMBERED: Final = f"{_CHECKS} WHERE checks.id IN ({{marks}})"
REJUDGED_NUMBERED: Final = f"{_COLUMNS} FROM {REJUDGED} AS checks {_JOINED} WHERE checks.again_id IN ({{marks}})"
OF_RUN: Final = f"{_CHECKS} WHERE checks.run_id = ? ORDER BY checks.id"
LATEST: Final = f"{_CHECKS} WHERE checks.id IN (SELECT check_id FROM latest) ORDER BY checks.id"  # noqa: S608
# In the order of OBSERVED, so that both can be read side by side; CROSS JOIN keeps SQLite to it without sorting.
LATEST_BY_POST: Final = (
    f"{_COLUMNS} FROM latest CROSS JOIN {STANDING} AS checks ON checks.id = latest.check_id {_JOINED}"
    " ORDER BY latest.post_id"
)
LATEST_OF_POST: Final = f"{_CHECKS} WHERE checks.id = (SELECT check_id FROM latest WHERE post_id = {POST})"  # noqa: S608
LATEST_OF_SOURCE: Final = (
    f"{_CHECKS} WHERE checks.id IN (SELECT check_id FROM latest WHERE source_id IN"  # noqa: S608
    " (SELECT id FROM urls WHERE url IN (?, ?, ?, ?, ?))) ORDER BY checks.id"
)

CAPTURES: Final = """
SELECT
    captures.id, source.url, asked.url, captures.captured_at,
    first_record, file, first_offset, first_length,
    summary_record, file, summary_offset, summary_length
FROM captures
JOIN urls AS source ON source.id = captures.source_id
JOIN urls AS asked ON asked.id = captures.url_id
JOIN files ON files.id = captures.file_id
WHERE captures.id IN ({marks})
"""

EXCHANGES: Final = """
SELECT
    urls.url, http_status, response_record, response_offset, response_length,
    digests.digest, block_digest, original_record, originals.file, original_offset, original_length,
    position, capture_id
FROM exchanges
JOIN urls ON urls.id = exchanges.url_id
JOIN digests ON digests.id = exchanges.payload_digest_id
LEFT JOIN files AS originals ON originals.id = exchanges.original_file_id
WHERE capture_id IN ({marks}) ORDER BY capture_id, position
"""
