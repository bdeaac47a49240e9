"""Writes JUnit XML, as Jenkins' junit-10.xsd has it: the collection a test suite, each post a test case.

`gone`, `replaced`, `edited` and `truncated` are failures. `blocked`, `unreachable`, `unextractable` and `unchecked`
are skipped: nothing was found out about the article, and a build must not fail because a host is down today.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from tempfile import TemporaryFile
from typing import Final, TextIO

from preserve.export.rows import Row
from preserve.export.wording import details, headline, rule_of
from preserve.export.xmlout import XmlStream
from preserve.model import Verdict

FAILURES: Final = frozenset({Verdict.GONE, Verdict.REPLACED, Verdict.EDITED, Verdict.TRUNCATED})
PASSED: Final = frozenset({Verdict.INTACT, Verdict.MOVED})
_NO_HOST: Final = "no-source"


def write(rows: Iterable[Row], stream: TextIO) -> None:
    """Write one test suite; its cases wait in a temporary file, because the counts stand in front of them."""
    counts: Counter[str] = Counter()
    as_of: datetime | None = None
    with TemporaryFile("w+", encoding="utf-8", errors="backslashreplace", newline="") as cases:
        out = XmlStream(cases)
        for row in rows:
            counts[_write_case(row, out)] += 1
            as_of = row.check.checked_at if as_of is None else max(as_of, row.check.checked_at)
        cases.seek(0)
        totals = {"tests": str(counts.total()), "failures": str(counts["failure"]), "errors": "0"}
        moment = {} if as_of is None else {"timestamp": as_of.strftime("%Y-%m-%dT%H:%M:%S")}
        whole = XmlStream(stream)
        whole.begin()
        with (
            whole.inside("testsuites", name="preserve", **totals),
            whole.inside("testsuite", name="preserve", **totals, skipped=str(counts["skipped"]), **moment),
        ):
            shutil.copyfileobj(cases, stream)


def _write_case(row: Row, out: XmlStream) -> str:
    """Write one case; what it counts as."""
    check, verdict = row.check, row.check.judgement.verdict
    case = {"classname": row.host or _NO_HOST, "name": check.post}
    if verdict is Verdict.INTACT:
        out.element("testcase", **case)
        return "passed"
    said = headline(check, row.standing)
    with out.inside("testcase", **case):
        if verdict is Verdict.MOVED:
            out.element("system-out", said)
            return "passed"
        outcome = "failure" if verdict in FAILURES else "skipped"
        out.element(outcome, "\n".join(details(check)), type=rule_of(check), message=said)
    return outcome
