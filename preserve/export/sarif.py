"""Writes SARIF 2.1.0 (OASIS): a result for each post whose source needs a look, at the line that names the source.

A rule is a verdict with its reason. `intact` gives no result, nor does a post that was not asked, unless the post
itself is at fault.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any, Final, TextIO
from urllib.parse import quote

from preserve import __version__
from preserve.export.rows import Row
from preserve.export.rules import RULES, TOLD_RULES
from preserve.export.wording import details, headline, rule_of
from preserve.model import Verdict

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
# Sections 3.27.9 and 3.27.10: what is `open` could not be decided, and only a `fail` has a level.
_OPEN: Final = frozenset({Verdict.BLOCKED, Verdict.UNREACHABLE, Verdict.UNEXTRACTABLE})
_LOST: Final = frozenset({Verdict.GONE, Verdict.REPLACED})
_INDEX: Final = {name: index for index, name in enumerate(TOLD_RULES)}
# Section 3.4.4: what stands below a root that whoever reads the file knows.
_ROOT: Final = "%SRCROOT%"


def write(rows: Iterable[Row], stream: TextIO) -> None:
    """Write one run, a line for each result."""
    driver = {
        "name": "preserve",
        "semanticVersion": __version__,
        "rules": [{"id": name, "shortDescription": {"text": RULES[name]}} for name in TOLD_RULES],
    }
    head = {"$schema": SCHEMA, "version": "2.1.0"}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints"}
    stream.write(f'{json.dumps(head)[:-1]}, "runs": [{json.dumps(run)[:-1]}, "results": [')
    separator = "\n"
    for row in rows:
        if rule_of(row.check) in _INDEX:
            stream.write(separator + json.dumps(_result(row), ensure_ascii=False))
            separator = ",\n"
    stream.write("\n]}]}\n")


def _result(row: Row) -> dict[str, Any]:
    check, rule = row.check, rule_of(row.check)
    return {
        "ruleId": rule,
        "ruleIndex": _INDEX[rule],
        **_severity(row),
        "message": {"text": "\n".join((headline(check, row.standing), *details(check)))},
        "locations": [_location(row)],
        "partialFingerprints": {"primaryLocationLineHash": _fingerprint(row)},
        "properties": {
            "source": check.source,
            "confirmed": row.standing.is_confirmed,
            "http_status": check.http_status,
            "record_id": check.capture.summary.record_id if check.capture else None,
        },
    }


def _severity(row: Row) -> dict[str, str]:
    verdict = row.check.judgement.verdict
    if verdict in _OPEN:
        return {"kind": "open", "level": "none"}
    if verdict is Verdict.MOVED:
        return {"kind": "fail", "level": "note"}
    sure = verdict in _LOST and row.standing.is_confirmed
    return {"kind": "fail", "level": "error" if sure else "warning"}


def _location(row: Row) -> dict[str, Any]:
    place: dict[str, Any] = {"uri": _uri(row.check.post)}
    if not row.check.post.startswith("/"):
        place["uriBaseId"] = _ROOT
    return {"physicalLocation": {"artifactLocation": place, "region": {"startLine": row.facts().source_line or 1}}}


def _uri(path: str) -> str:
    """A path as a URI reference (RFC 3986), `file:` where it is absolute."""
    try:
        data = path.encode("utf-8", "surrogateescape")  # the bytes of the file's name
    except UnicodeEncodeError:
        data = path.encode("utf-8", "surrogatepass")
    quoted = quote(data, safe="/-._~!$&'()*+,;=@")
    return f"file://{quoted}" if quoted.startswith("/") else quoted.removeprefix("./")


def _fingerprint(row: Row) -> str:
    """The same as long as the post names this source, wherever the line moves; the rule is compared beside it."""
    named = f"{row.check.post}\n{row.check.source or ''}"
    return hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest()[:16] + ":1"
