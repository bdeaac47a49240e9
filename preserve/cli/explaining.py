"""What `preserve explain` prints: a check taken apart, so that a person can follow it step by step."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from preserve.cli.look import console, flowing, plain_table, section, verdict_text
from preserve.cli.opening import one_post, open_ledger, settings_for_reading
from preserve.cli.safe import safe, shortened
from preserve.explain import Explanation, Outcome, Place, ProbeAnswer, RuleTried, Sentence, explain
from preserve.jsonlines import check_object
from preserve.model import Layer, RecordRef

MARKS = {Outcome.DECIDED: "●", Outcome.NOTED: "◐", Outcome.SILENT: "○"}
LAYER_STYLES = {
    Layer.MAIN: "green",
    Layer.VISIBLE: "cyan",
    Layer.STRUCTURED: "blue",
    Layer.MISSING: "bold red",
}
LAYER_MEANINGS = {
    Layer.MAIN: "in the main text",
    Layer.VISIBLE: "elsewhere in the visible text",
    Layer.STRUCTURED: "in the structured text (JSON-LD, meta description) alone",
    Layer.MISSING: "nowhere word for word",
}
COUNTED = "Blocks and characters are counted from 0, in the page's visible text unless another is named."
INDENT = (0, 0, 0, 2)


def run(fragment: str, archive: str | None, config: Path | None, *, as_json: bool) -> None:
    """Explain the latest check of the post that `fragment` means.

    Raises:
        ConfigError: no post, or several, match.
        ArchiveError: no ledger, or a record that is missing or damaged.
    """
    settings = settings_for_reading(archive, config)
    with open_ledger(settings) as ledger:
        check = ledger.latest(one_post(ledger, fragment))
    assert check is not None  # noqa: S101 - posts in the ledger have checks
    explanation = explain(check, settings)
    if as_json:
        click.echo(json.dumps(_object(explanation), ensure_ascii=False))
        return
    _print(console(), explanation)


def _print(out: Console, explanation: Explanation) -> None:
    check = explanation.check
    heading = verdict_text(check.judgement.verdict, check.judgement.reason)
    out.print(heading.append(f"  {safe(check.post)}", style="bold default"), soft_wrap=True)
    out.print(Padding(_sources(explanation), INDENT))
    section(out, "Rules tried")
    out.print(Padding(_rules(explanation.rules), INDENT))
    if explanation.comparison is not None:
        section(out, "Sentences of the stored copy, and where the page has them")
        out.print(Padding(_counts(explanation.sentences), INDENT))
        out.print(Padding(Text(COUNTED, style="dim"), INDENT))
        out.print()
        out.print(Padding(_sentences(explanation.sentences), INDENT))
    if explanation.copy_aside:
        section(out, "Set aside in the stored copy")
        out.print(Padding(_aside([(one.rule, one.text) for one in explanation.copy_aside]), INDENT))
    if explanation.page_aside:
        section(out, "Passed over on the page")
        out.print(Padding(_aside(explanation.page_aside), INDENT))
    if explanation.template:
        section(out, "The host's template, as known in that run")
        out.print(Padding(_template(explanation), INDENT))
    if explanation.probe is not None:
        section(out, "A random path on the same host")
        out.print(Padding(_probe(explanation.probe), INDENT))
    if explanation.comparison is not None:
        section(out, "Measures")
        out.print(Padding(_measures(explanation), INDENT))


def _sources(explanation: Explanation) -> Table:
    """Which records were looked at, by which rules, and whether they say the same today."""
    check = explanation.check
    rows: list[tuple[str, str]] = []
    if check.capture is not None:
        final = check.capture.final
        record = (final.response if final is not None else None) or check.capture.summary
        rows.append(("page", _record(record)))
        if final is not None and final.revisit_of is not None:
            rows.append(("its bytes in", _record(final.revisit_of)))
    if check.stored_record is not None:
        rows.append(("stored copy", _record(check.stored_record)))
    if check.extractor:
        rows.append(("extractor", check.extractor))
    if check.rules:
        rows.append(("rules", check.rules))
    table = plain_table()
    for name, value in rows:
        table.add_row(Text(name, style="dim"), Text(safe(value)))
    table.add_row(Text("judged again", style="dim"), _again(explanation))
    return table


def _again(explanation: Explanation) -> Text:
    if explanation.judgement is None:
        return Text(f"no: {explanation.why_not}")
    if explanation.same:
        return Text("the same verdict")
    now = verdict_text(explanation.judgement.verdict, explanation.judgement.reason)
    return Text("today's rules say ").append_text(now)


def _record(record: RecordRef) -> str:
    return f"{record.record_id}  {record.file}:{record.offset}"


def _rules(rules: Sequence[RuleTried]) -> Table:
    """The chain in order; silent rules in a row share a line."""
    table = plain_table()
    silent: list[str] = []
    for rule in rules:
        if rule.outcome is Outcome.SILENT:
            silent.append(rule.rule)
            continue
        _add_silent(table, silent)
        style = "bold" if rule.outcome is Outcome.DECIDED else ""
        table.add_row(Text(f"{MARKS[rule.outcome]} {rule.rule}", style=style), Text(safe(rule.saw), style=style))
    _add_silent(table, silent)
    if not rules:
        table.add_row(Text("none", style="dim"), "")
    return table


def _add_silent(table: Table, silent: list[str]) -> None:
    if silent:
        table.add_row(Text(f"{MARKS[Outcome.SILENT]} nothing seen", style="dim"), Text(", ".join(silent), style="dim"))
        silent.clear()


def _counts(sentences: Sequence[Sentence]) -> Table:
    counts = Counter(sentence.layer for sentence in sentences)
    table = plain_table()
    for layer in Layer:
        if counts[layer]:
            table.add_row(
                Text(f"{counts[layer]:>4} {layer.value}", style=LAYER_STYLES[layer]),
                Text(LAYER_MEANINGS[layer], style="dim"),
            )
    return table


def _sentences(sentences: Sequence[Sentence]) -> Table:
    """One sentence a row; the page's wording below where it is another."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("found", no_wrap=True)
    table.add_column("block:from-to", no_wrap=True)
    table.add_column("sentence", overflow="fold", ratio=1)
    for sentence in sentences:
        places = sentence.places
        label = Text(sentence.layer.value, style=LAYER_STYLES[sentence.layer])
        table.add_row(label, Text(_where(sentence), style="dim"), Text(flowing(sentence.text)))
        if sentence.layer is Layer.MISSING and places:
            here = " ".join(flowing(place.text) for place in places)
            table.add_row(
                "", Text(f"{100 * sentence.alike:.0f} % alike", style="dim"), Text(f"→ {here}", style="green")
            )
    return table


def _where(sentence: Sentence) -> str:
    places = sentence.places
    where = " ".join(f"{place.block}:{place.start}-{place.end}" for place in places[:2])
    more = f" +{len(places) - 2}" if len(places) > 2 else ""
    if sentence.inside in (Layer.MAIN, Layer.STRUCTURED):
        where = f"{sentence.inside.value} {where}"
    return (where + more) if places else "—"


def _aside(entries: Sequence[tuple[str, str]]) -> Table:
    """Texts by rule; one that recurs stands once."""
    table = plain_table()
    for (rule, text), count in Counter(entries).items():
        times = f"  ({count} times)" if count > 1 else ""
        table.add_row(Text(rule, style="dim"), Text(shortened(text, 300) + times))
    return table


def _template(explanation: Explanation) -> Table:
    table = plain_table()
    here = [block for block in explanation.template if block.text]
    for block in here:
        table.add_row(Text(block.digest, style="dim"), Text(shortened(block.text, 200)))
    absent = len(explanation.template) - len(here)
    if absent:
        table.add_row(Text(f"{absent} more", style="dim"), Text("not on this page", style="dim"))
    return table


def _probe(probe: ProbeAnswer) -> Table:
    table = plain_table()
    status = str(probe.status) if probe.status is not None else "no answer"
    table.add_row(Text(status), Text(safe(probe.url)))
    if probe.title:
        table.add_row(Text("title", style="dim"), Text(safe(probe.title)))
    table.add_row(Text("record", style="dim"), Text(safe(probe.record_id)))
    return table


def _measures(explanation: Explanation) -> Table:
    comparison = explanation.comparison
    assert comparison is not None  # noqa: S101 - the caller asked
    table = plain_table()
    shares = (
        ("coverage", comparison.coverage, "of the stored copy found on the page"),
        ("lead", comparison.lead, "of its first fifth"),
        ("tail", comparison.tail, "of its last third"),
        ("containment_old", comparison.measures.containment_old, "of the copy's 5-character shingles on the page"),
        ("containment_new", comparison.measures.containment_new, "of the page's in the copy"),
        ("jaccard", comparison.measures.jaccard, "shared shingles by all"),
        ("dice", comparison.measures.dice, "twice the shared by the sum of both"),
        ("cosine", comparison.measures.cosine, "of the character 3-gram counts"),
        ("edit_similarity", comparison.measures.edit_similarity, "1 - insertions and deletions by both lengths"),
    )
    for name, value, meaning in shares:
        table.add_row(Text(name), Text(f"{value:.4f}  ").append(meaning, style="dim"))
    table.add_row(
        Text("compared"), Text(f"{comparison.stored_chars} characters of the copy, {comparison.found_chars} found")
    )
    table.add_row(Text("headline"), Text("found" if comparison.headline_found else "not found"))
    if comparison.excerpt:
        table.add_row(Text("excerpt"), Text("the copy was compared as far as it goes"))
    return table


def _object(explanation: Explanation) -> dict[str, Any]:
    """The explanation as plain JSON values; docs/verdicts.md has the keys."""
    judgement, comparison = explanation.judgement, explanation.comparison
    return {
        **check_object(explanation.check),
        "same": explanation.same,
        "why_not": explanation.why_not or None,
        "verdict_today": judgement.verdict.value if judgement else None,
        "rules_tried": [asdict(rule) for rule in explanation.rules],
        "sentences": [_sentence_object(sentence) for sentence in explanation.sentences],
        "copy_aside": [asdict(one) for one in explanation.copy_aside],
        "page_aside": [{"rule": rule, "text": text} for rule, text in explanation.page_aside],
        "template": [asdict(block) for block in explanation.template],
        "probe": asdict(explanation.probe) if explanation.probe else None,
        "coverage": comparison.coverage if comparison else None,
        "lead": comparison.lead if comparison else None,
        "tail": comparison.tail if comparison else None,
    }


def _sentence_object(sentence: Sentence) -> dict[str, Any]:
    return {
        "text": sentence.text,
        "block": sentence.stored.block,
        "start": sentence.stored.start,
        "end": sentence.stored.end,
        "layer": sentence.layer.value,
        "inside": sentence.inside.value,
        "alike": round(sentence.alike, 4),
        "places": [_place_object(place) for place in sentence.places],
    }


def _place_object(place: Place) -> dict[str, Any]:
    return {"block": place.block, "start": place.start, "end": place.end, "text": place.text}
