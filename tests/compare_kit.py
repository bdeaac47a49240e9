"""Pages and stored copies in few words, for the tests of the comparison."""

from __future__ import annotations

from collections.abc import Sequence

from preserve.model import Block, BlockKind, Change, Extraction, PageFacts, Region, StoredCopy

TITLE = "Harbour bridge reopens after long repair"
ENGLISH = (
    "The harbour bridge reopened on Monday after a repair that lasted 14 months. Crowds gathered on both banks.",
    "Engineer Maria Kessler said the steel cables had been replaced one by one. “It was slow work,” she added.",
    "The city spent 2400 crowns on flowers and 31 million on the cables. Critics called the price too high.",
    "Ships may not pass at night until the lamps are tested. The harbour master expects no delays.",
    "A second bridge is planned for 2031. Its place has yet to be chosen by the council.",
)
CHINESE = (
    "港口大桥在维修十四个月后于周一重新开放。两岸聚集了许多市民。",
    "工程师柯玛丽表示，钢缆是一根一根更换的。“这是慢工细活。”她补充说。",
    "全市共有2400万人民期待通车。有人批评造价太高。",
    "在灯光测试完成之前，船只夜间不得通过。港务长预计不会出现延误。",
    "第二座大桥计划于2031年动工。具体位置尚待议会决定。",
)


def block(
    text: str,
    kind: BlockKind = BlockKind.PARAGRAPH,
    region: Region = Region.BODY,
    links: float = 0.0,
) -> Block:
    return Block(kind, text, link_density=links, region=region)


def copy(paragraphs: Sequence[str], title: str = TITLE) -> StoredCopy:
    return StoredCopy(title=title, author="", date="", blocks=tuple(block(text) for text in paragraphs))


def page(
    article: Sequence[str | Block],
    *,
    title: str = TITLE,
    before: Sequence[Block] = (),
    after: Sequence[Block] = (),
    structured: Sequence[str] = (),
    headlines: Sequence[str] | None = None,
    not_main: Sequence[str] = (),
) -> Extraction:
    """A page whose main text is `article` (without `not_main`), with furniture around it."""
    inside = tuple(item if isinstance(item, Block) else block(item) for item in article)
    heading = block(title, BlockKind.HEADLINE)
    return Extraction(
        headline=title,
        headlines=tuple(headlines) if headlines is not None else (title, f"{title} | The Lantern"),
        byline="",
        published="",
        modified="",
        language="",
        charset="utf-8",
        charset_source="header",
        main=tuple(item for item in inside if item.text not in not_main and item.region is Region.BODY),
        visible=(*before, heading, *inside, *after),
        structured=tuple(structured),
        facts=PageFacts(title=f"{title} | The Lantern"),
        extractor="test",
    )


def told(changes: Sequence[Change]) -> list[tuple[str, str, str]]:
    return [(change.kind.value, change.old, change.new) for change in changes]
