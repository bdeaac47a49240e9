"""Owns the ledger's tables, triggers and views, and how an older file is brought up to date.

Truth is in tables that only grow: triggers refuse UPDATE and DELETE. `latest` alone is derived (one row per
post, kept by a trigger, re-derivable with `REBUILD_LATEST`). What many rows share (paths, URLs, digests,
findings) is stored once and referred to by number, so that a check that found nothing new costs a few hundred
bytes.

Record ids are 16-byte BLOBs where they are `urn:uuid:` ids, digests 32-byte BLOBs where they are sha256, else
the text itself; times of checks and captures are microseconds since 1970. The views show all of them as text.
"""

from __future__ import annotations

from typing import Final

from preserve.ledger.judgements import STANDING

APPLICATION_ID: Final = 0x50525356  # "PRSV"

_TABLES = (
    "CREATE TABLE hosts (id INTEGER PRIMARY KEY, host TEXT NOT NULL UNIQUE)",
    """CREATE TABLE urls (
        id INTEGER PRIMARY KEY,
        url TEXT NOT NULL UNIQUE,
        host_id INTEGER NOT NULL REFERENCES hosts (id))""",
    "CREATE TABLE posts (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE)",
    "CREATE TABLE files (id INTEGER PRIMARY KEY, file TEXT NOT NULL UNIQUE)",
    "CREATE TABLE versions (id INTEGER PRIMARY KEY, version TEXT NOT NULL UNIQUE)",
    "CREATE TABLE digests (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE)",
    """CREATE TABLE details (
        id INTEGER PRIMARY KEY,
        digest BLOB NOT NULL UNIQUE,
        content TEXT NOT NULL)""",
    """CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        started_at TEXT NOT NULL,
        arguments TEXT NOT NULL,
        settings TEXT NOT NULL,
        software TEXT NOT NULL)""",
    """CREATE TABLE run_ends (
        run_id INTEGER PRIMARY KEY REFERENCES runs (id),
        ended_at TEXT NOT NULL,
        state TEXT NOT NULL)""",
    # first_record: NULL where it is the record that closes the capture.
    """CREATE TABLE captures (
        id INTEGER PRIMARY KEY,
        source_id INTEGER NOT NULL REFERENCES urls (id),
        url_id INTEGER NOT NULL REFERENCES urls (id),
        captured_at INTEGER NOT NULL,
        file_id INTEGER NOT NULL REFERENCES files (id),
        first_record BLOB,
        first_offset INTEGER,
        first_length INTEGER,
        summary_record BLOB NOT NULL UNIQUE,
        summary_offset INTEGER NOT NULL,
        summary_length INTEGER NOT NULL)""",
    "CREATE INDEX captures_by_source ON captures (source_id)",
    # response_record: NULL where there was none, 0 where it is the record that closes the capture.
    """CREATE TABLE exchanges (
        capture_id INTEGER NOT NULL REFERENCES captures (id),
        position INTEGER NOT NULL,
        url_id INTEGER NOT NULL REFERENCES urls (id),
        http_status INTEGER,
        response_record BLOB,
        response_offset INTEGER,
        response_length INTEGER,
        payload_digest_id INTEGER NOT NULL REFERENCES digests (id),
        block_digest BLOB NOT NULL,
        original_record BLOB,
        original_file_id INTEGER REFERENCES files (id),
        original_offset INTEGER,
        original_length INTEGER,
        PRIMARY KEY (capture_id, position)) WITHOUT ROWID""",
    # The responses a revisit may refer to: never another revisit.
    """CREATE INDEX responses_by_payload ON exchanges (payload_digest_id)
        WHERE response_record IS NOT NULL AND original_record IS NULL""",
    """CREATE TABLE stored_copies (
        id INTEGER PRIMARY KEY,
        post_id INTEGER NOT NULL REFERENCES posts (id),
        digest BLOB NOT NULL,
        record BLOB,
        file_id INTEGER REFERENCES files (id),
        offset INTEGER,
        length INTEGER,
        commit_state TEXT,
        commit_id BLOB,
        committed_at INTEGER)""",
    "CREATE INDEX stored_copies_by_post ON stored_copies (post_id)",
    # captured_at, previous_at: NULL where there was none, '' where it is that capture's own.
    """CREATE TABLE checks (
        id INTEGER PRIMARY KEY,
        run_id INTEGER NOT NULL REFERENCES runs (id),
        post_id INTEGER NOT NULL REFERENCES posts (id),
        source_id INTEGER REFERENCES urls (id),
        checked_at INTEGER NOT NULL,
        verdict TEXT NOT NULL,
        reason TEXT,
        natures TEXT,
        remaining REAL,
        wants_probe INTEGER NOT NULL,
        changes_id INTEGER REFERENCES details (id),
        evidence_id INTEGER REFERENCES details (id),
        measures_id INTEGER REFERENCES details (id),
        final_url_id INTEGER REFERENCES urls (id),
        http_status INTEGER,
        captured_at INTEGER,
        capture_id INTEGER REFERENCES captures (id),
        stored_copy_id INTEGER REFERENCES stored_copies (id),
        previous_at INTEGER,
        changed_since INTEGER,
        changes_since_id INTEGER REFERENCES details (id),
        previous_capture_id INTEGER REFERENCES captures (id),
        probe_capture_id INTEGER REFERENCES captures (id),
        template_id INTEGER REFERENCES details (id),
        text_digest_id INTEGER REFERENCES digests (id),
        extractor_id INTEGER NOT NULL REFERENCES versions (id),
        rules_id INTEGER NOT NULL REFERENCES versions (id),
        error TEXT,
        admission_id INTEGER REFERENCES details (id),
        UNIQUE (post_id, run_id))""",
    "CREATE INDEX checks_by_run ON checks (run_id)",
    "CREATE INDEX checks_by_capture ON checks (capture_id)",
    """CREATE TABLE incidents (
        run_id INTEGER NOT NULL REFERENCES runs (id),
        host_id INTEGER NOT NULL REFERENCES hosts (id),
        kind TEXT NOT NULL,
        failed INTEGER NOT NULL,
        asked INTEGER NOT NULL,
        PRIMARY KEY (run_id, host_id, kind)) WITHOUT ROWID""",
    """CREATE TABLE template_blocks (
        host_id INTEGER NOT NULL REFERENCES hosts (id),
        digest BLOB NOT NULL,
        source_id INTEGER NOT NULL REFERENCES urls (id),
        PRIMARY KEY (host_id, digest, source_id)) WITHOUT ROWID""",
    """CREATE TABLE latest (
        post_id INTEGER PRIMARY KEY,
        check_id INTEGER NOT NULL,
        verdict TEXT NOT NULL,
        reason TEXT,
        source_id INTEGER)""",
    "CREATE INDEX latest_by_source ON latest (source_id)",
    """CREATE TRIGGER checks_keep_latest AFTER INSERT ON checks BEGIN
        INSERT OR REPLACE INTO latest (post_id, check_id, verdict, reason, source_id)
        VALUES (NEW.post_id, NEW.id, NEW.verdict, NEW.reason, NEW.source_id);
    END""",
)

_FIRST: Final = (
    "hosts",
    "urls",
    "posts",
    "files",
    "versions",
    "digests",
    "details",
    "runs",
    "run_ends",
    "captures",
    "exchanges",
    "stored_copies",
    "checks",
    "incidents",
    "template_blocks",
)
_LOG: Final = ("log_leaves", "warc_digests", "checkpoints", "stamps")
_REJUDGED: Final = ("rejudgements",)
APPEND_ONLY: Final = (*_FIRST, *_LOG, *_REJUDGED)

# The log: a leaf for each entry (`preserve.leaves`), and what has no row elsewhere. `kind` is an EntryKind, `row`
# the number of the row that the entry is made from.
_LOG_TABLES: Final = (
    """CREATE TABLE log_leaves (
        position INTEGER PRIMARY KEY,
        kind INTEGER NOT NULL,
        row INTEGER NOT NULL,
        hash BLOB NOT NULL)""",
    """CREATE TABLE warc_digests (
        id INTEGER PRIMARY KEY,
        file_id INTEGER NOT NULL UNIQUE REFERENCES files (id),
        size INTEGER NOT NULL,
        digest BLOB NOT NULL)""",
    """CREATE TABLE checkpoints (
        size INTEGER PRIMARY KEY,
        root BLOB NOT NULL,
        note BLOB NOT NULL,
        peaks BLOB NOT NULL)""",
    """CREATE TABLE stamps (
        id INTEGER PRIMARY KEY,
        size INTEGER NOT NULL REFERENCES checkpoints (size),
        file TEXT NOT NULL UNIQUE,
        digest BLOB NOT NULL)""",
)


def _refusals(tables: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} BEGIN"
        f" SELECT RAISE(ABORT, 'the ledger only grows: {verb} on {table} refused'); END"
        for table in tables
        for verb in ("UPDATE", "DELETE")
    )


def _record(column: str) -> str:
    """SQL that shows a record id as text."""
    hexed = f"lower(hex({column}))"
    parts = " || '-' || ".join(
        f"substr({hexed}, {start}, {size})" for start, size in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
    )
    return f"CASE typeof({column}) WHEN 'blob' THEN 'urn:uuid:' || {parts} ELSE {column} END"


def _digest(column: str) -> str:
    """SQL that shows a digest as text."""
    return f"CASE typeof({column}) WHEN 'blob' THEN 'sha256:' || lower(hex({column})) ELSE {column} END"


def _time(column: str) -> str:
    """SQL that shows microseconds since 1970 as ISO 8601 with six decimals."""
    rest = f"(({column} % 1000000 + 1000000) % 1000000)"
    whole = f"({column} - {rest}) / 1000000"
    shown = f"strftime('%Y-%m-%dT%H:%M:%S', {whole}, 'unixepoch') || printf('.%06dZ', {rest})"
    return f"CASE typeof({column}) WHEN 'integer' THEN {shown} END"


def _history_view(checks: str = "checks", more: str = "") -> str:
    columns = f"""
    SELECT
        checks.id AS "check",
        checks.run_id AS run,
        posts.path AS post,
        source.url AS source_url,
        hosts.host AS host,
        {_time("checks.checked_at")} AS checked_at,
        checks.verdict AS verdict,
        checks.reason AS reason,
        checks.natures AS natures,
        checks.remaining AS remaining,
        admission.content AS admission,
        changes.content AS changes,
        evidence.content AS evidence,
        measures.content AS measures,
        checks.changed_since AS changed_since_last,
        CASE checks.previous_at WHEN '' THEN {_time("previous.captured_at")}
            ELSE {_time("checks.previous_at")} END AS previous_capture_at,
        since.content AS changes_since_last,
        final.url AS final_url,
        checks.http_status AS http_status,
        CASE checks.captured_at WHEN '' THEN {_time("captures.captured_at")}
            ELSE {_time("checks.captured_at")} END AS captured_at,
        CASE exchanges.response_record WHEN 0 THEN {_record("captures.summary_record")}
            ELSE {_record("exchanges.response_record")} END AS response_record,
        {_record("exchanges.original_record")} AS original_record,
        {_digest("payloads.digest")} AS payload_digest,
        {_record("captures.summary_record")} AS capture_record,
        warc.file AS warc_file,
        captures.summary_offset AS warc_offset,
        {_record("stored_copies.record")} AS stored_copy_record,
        {_digest("stored_copies.digest")} AS post_digest,
        stored_copies.commit_state AS post_commit_state,
        nullif(lower(hex(stored_copies.commit_id)), '') AS post_commit,
        {_time("stored_copies.committed_at")} AS post_committed_at,
        extractors.version AS extractor,
        rules.version AS rules,
        checks.error AS error{more}
    """
    return f"CREATE VIEW history AS {columns} {_HISTORY_TABLES.format(checks=checks)}"


_HISTORY_TABLES: Final = """
    FROM {checks}
    JOIN posts ON posts.id = checks.post_id
    JOIN versions AS extractors ON extractors.id = checks.extractor_id
    JOIN versions AS rules ON rules.id = checks.rules_id
    LEFT JOIN urls AS source ON source.id = checks.source_id
    LEFT JOIN hosts ON hosts.id = source.host_id
    LEFT JOIN urls AS final ON final.id = checks.final_url_id
    LEFT JOIN details AS changes ON changes.id = checks.changes_id
    LEFT JOIN details AS evidence ON evidence.id = checks.evidence_id
    LEFT JOIN details AS measures ON measures.id = checks.measures_id
    LEFT JOIN details AS admission ON admission.id = checks.admission_id
    LEFT JOIN details AS since ON since.id = checks.changes_since_id
    LEFT JOIN stored_copies ON stored_copies.id = checks.stored_copy_id
    LEFT JOIN captures ON captures.id = checks.capture_id
    LEFT JOIN captures AS previous ON previous.id = checks.previous_capture_id
    LEFT JOIN files AS warc ON warc.id = captures.file_id
    LEFT JOIN exchanges ON exchanges.capture_id = captures.id AND exchanges.position =
        (SELECT max(position) FROM exchanges AS every WHERE every.capture_id = captures.id)
    LEFT JOIN digests AS payloads ON payloads.id = exchanges.payload_digest_id"""


_LATEST_VIEW: Final = """CREATE VIEW latest_checks AS
    SELECT history.* FROM latest JOIN history ON history."check" = latest.check_id"""

_VIEWS = (
    _history_view(),
    _LATEST_VIEW,
    """CREATE VIEW run_overview AS
    SELECT
        runs.id AS run,
        runs.started_at AS started_at,
        run_ends.ended_at AS ended_at,
        coalesce(run_ends.state, 'unfinished') AS state,
        (SELECT count(*) FROM checks WHERE checks.run_id = runs.id) AS checks,
        runs.arguments AS arguments,
        runs.software AS software
    FROM runs LEFT JOIN run_ends ON run_ends.run_id = runs.id""",
)

# What a check comes to when it is judged again: the check stays, the newest of these holds. A run of the kind
# 'rejudge' has these and no checks. Columns as in `checks`; `previous_at` is always that of the earlier capture.
_REJUDGING: Final = (
    "ALTER TABLE runs ADD COLUMN kind TEXT",
    "ALTER TABLE checks ADD COLUMN verdict_before TEXT",
    """CREATE TABLE rejudgements (
        id INTEGER PRIMARY KEY,
        run_id INTEGER NOT NULL REFERENCES runs (id),
        check_id INTEGER NOT NULL REFERENCES checks (id),
        judged_at INTEGER NOT NULL,
        verdict TEXT NOT NULL,
        reason TEXT,
        natures TEXT,
        remaining REAL,
        wants_probe INTEGER NOT NULL,
        changes_id INTEGER REFERENCES details (id),
        evidence_id INTEGER REFERENCES details (id),
        measures_id INTEGER REFERENCES details (id),
        changed_since INTEGER,
        changes_since_id INTEGER REFERENCES details (id),
        text_digest_id INTEGER REFERENCES digests (id),
        extractor_id INTEGER NOT NULL REFERENCES versions (id),
        rules_id INTEGER NOT NULL REFERENCES versions (id),
        admission_id INTEGER REFERENCES details (id),
        verdict_before TEXT,
        UNIQUE (check_id, run_id))""",
    "CREATE INDEX rejudgements_by_run ON rejudgements (run_id)",
    """CREATE TRIGGER rejudgements_keep_latest AFTER INSERT ON rejudgements BEGIN
        UPDATE latest SET verdict = NEW.verdict, reason = NEW.reason WHERE check_id = NEW.check_id
            AND post_id = (SELECT post_id FROM checks WHERE id = NEW.check_id);
    END""",
    "DROP VIEW latest_checks",
    "DROP VIEW history",
    "DROP VIEW run_overview",
    _history_view(
        f"{STANDING} AS checks",
        f""",
        {_time("checks.again_at")} AS judged_again_at,
        checks.again_run AS judged_again_in,
        checks.first_verdict AS verdict_at_visit,
        checks.first_reason AS reason_at_visit""",
    ),
    _LATEST_VIEW,
    """CREATE VIEW run_overview AS
    SELECT
        runs.id AS run,
        coalesce(runs.kind, 'verify') AS kind,
        runs.started_at AS started_at,
        run_ends.ended_at AS ended_at,
        coalesce(run_ends.state, 'unfinished') AS state,
        (SELECT count(*) FROM checks WHERE checks.run_id = runs.id) AS checks,
        (SELECT count(*) FROM rejudgements WHERE rejudgements.run_id = runs.id) AS judged_again,
        runs.arguments AS arguments,
        runs.software AS software
    FROM runs LEFT JOIN run_ends ON run_ends.run_id = runs.id""",
)

LAST_CHECKS: Final = f"""
    SELECT last.post_id, last.id, standing.verdict, standing.reason, standing.source_id
    FROM (SELECT post_id, max(id) AS id FROM checks GROUP BY post_id) AS last
    JOIN {STANDING} AS standing ON standing.id = last.id
"""  # noqa: S608 - put together from constants
REBUILD_LATEST: Final = (
    "DELETE FROM latest",
    f"INSERT INTO latest (post_id, check_id, verdict, reason, source_id) {LAST_CHECKS}",
)

# Step n brings a file from version n to version n + 1. Steps that were released are never edited: add one.
STEPS: Final[tuple[tuple[str, ...], ...]] = (
    (*_TABLES, *_refusals(_FIRST), *_VIEWS),
    (*_LOG_TABLES, *_refusals(_LOG)),
    (*_REJUDGING, *_refusals(_REJUDGED)),
)
