"""What a citation says of the archived copy and of the source since, in English and Chinese."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from preserve.cite.values import Afterwards, Archived, Reference
from preserve.model import Verdict
from preserve.times import warc_date

_ABSENT: Final = (Verdict.GONE, Verdict.REPLACED)


def chinese(language: str) -> bool:
    """Whether a language tag is of Chinese."""
    return language.lower().partition("-")[0] in ("zh", "yue", "cmn")


def remarks(reference: Reference, language: str) -> str:
    """The sentences to stand behind a citation: the archived copy, and what became of the source.

    Args:
        reference: what is cited.
        language: of the sentences; Chinese where it is that, English otherwise.
    """
    in_chinese = chinese(language)
    found = []
    if reference.archived is not None:
        found.append((_archived_zh if in_chinese else _archived_en)(reference.archived))
    if not reference.url:
        found.append("未注明来源网址。" if in_chinese else "No source address is named.")
    elif reference.afterwards is not None:
        found.append((_afterwards_zh if in_chinese else _afterwards_en)(reference.afterwards))
    return ("" if in_chinese else " ").join(found)


def second(moment: datetime) -> str:
    """A time in UTC, to the second."""
    return warc_date(moment.replace(microsecond=0))


def _archived_en(archived: Archived) -> str:
    digest = f"; {'' if archived.stored_copy else 'payload '}{archived.digest}" if archived.digest else ""
    where = f" at {archived.replay_url}" if archived.replay_url else ""
    what = "Stored copy, witnessed" if archived.stored_copy else "Archived"
    return f"{what} {second(archived.at)}{where} (record {archived.record_id} in {archived.file}{digest})."


def _archived_zh(archived: Archived) -> str:
    digest = f"；{'摘要' if archived.stored_copy else '载荷摘要'} {archived.digest}" if archived.digest else ""
    where = f" {archived.replay_url} " if archived.replay_url else ""
    what = "留存副本，见证于" if archived.stored_copy else "存档于"
    return f"{what} {second(archived.at)}{where}（记录 {archived.record_id}，文件 {archived.file}{digest}）。"


def _afterwards_en(after: Afterwards) -> str:
    day, times = f"{after.since:%Y-%m-%d}", "1 check" if after.checks == 1 else f"{after.checks} checks"
    if after.verdict in _ABSENT:
        return f"No longer at the original address since {day} ({after.verdict}, {times})."
    if after.verdict is Verdict.MOVED:
        return f"Now at {after.url} ." if after.url else "Now at another address."
    if after.verdict is Verdict.EDITED:
        natures = f" ({', '.join(after.natures)})" if after.natures else ""
        return f"The source differs from the stored copy{natures}."
    if after.verdict is Verdict.TRUNCATED:
        return f"Only the beginning is at the source since {day}."
    return f"The source could not be read again since {day} ({after.verdict}, {times})."


def _afterwards_zh(after: Afterwards) -> str:
    day = f"{after.since:%Y-%m-%d}"
    if after.verdict in _ABSENT:
        return f"自 {day} 起原网址已无此文（{after.verdict}，{after.checks} 次检查）。"
    if after.verdict is Verdict.MOVED:
        return f"现址 {after.url} 。" if after.url else "已移至他处。"
    if after.verdict is Verdict.EDITED:
        natures = f"（{'、'.join(after.natures)}）" if after.natures else ""
        return f"来源与留存副本有出入{natures}。"
    if after.verdict is Verdict.TRUNCATED:
        return f"自 {day} 起来源仅存开头部分。"
    return f"自 {day} 起未能再次读取来源（{after.verdict}，{after.checks} 次检查）。"
