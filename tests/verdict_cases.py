"""Builders shared by the verdict tests: captures, sites and cases of our own writing."""

# ruff: noqa: E501 - a paragraph is easier to read on one line
from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from preserve.compare import compare
from preserve.extract import decode_html, extract_page
from preserve.model import (
    Block,
    BlockKind,
    Capture,
    Exchange,
    ExchangeRole,
    Failure,
    FailureKind,
    StoredCopy,
)
from preserve.verdict import Case, ProbeSeen, find_markers

SOURCE = "http://paper.example/2019/05/harbour-bridge.html"
AT = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)

ENGLISH = (
    "The old harbour bridge will close to lorries on Monday, the city council said on Thursday evening.",
    "Engineers found hairline cracks in four of the eleven girders during the spring inspection, and they asked for the "
    "weight limit to be lowered at once. Nobody had looked at the girders since 2007.",
    "Karin Holm, who runs the ferry company on the western quay, expects three hundred more passengers a day. "
    "She has ordered a second boat from a yard in Gdansk, and it will arrive in August.",
    "Repairs are to cost nine million crowns. Half of it will come from the national road fund, which the council asked "
    "for help in March without getting an answer.",
    "Residents of the northern shore have waited for a new bridge since the flood of 1994. A plan for one was drawn up "
    "twice and dropped twice, once for want of money and once because of the seals.",
    "The council will meet again on the last Tuesday of the month, when the mayor wants to present a timetable.",
)
CHINESE = (
    "镇上的老书店将在月底关门,店主周阿姨星期三把告示贴在了门口。",
    "这家书店开了三十一年,最早卖课本和连环画,后来也卖文具。周阿姨说,去年一整年只卖出四百多本书,房租却涨了两次。",
    "住在对面的退休教师老郑每天都来翻报纸。他说自己在这里买过两百多本旧小说,其中一本还夹着一张一九八三年的电影票。",
    "镇政府曾经提出免去半年的租金,但手续拖到秋天也没有办完。周阿姨不愿再等,她打算搬去省城和女儿同住。",
    "剩下的六千册书会捐给附近的两所小学。孩子们已经来挑过一次,最先被拿走的是讲恐龙和火车的画册。",
)
GERMAN = (
    "Die Weberei am Mühlbach bleibt ein weiteres Jahr geöffnet, teilte der Verein am Freitag mit.",
    "Zwölf Ehrenamtliche halten die Webstühle von 1911 in Gang, der älteste von ihnen ist dreiundachtzig Jahre alt.",
    "Im vergangenen Sommer kamen 4200 Besucher, fast doppelt so viele wie vor dem Umbau des Wehrs.",
    "Für das Dach fehlen noch 60.000 Euro, die der Verein bis zum Herbst mit Führungen und Märkten sammeln will.",
    "Ab Mai gibt es wieder Kurse für Kinder, in denen sie aus Wolle vom Nachbarhof kleine Teppiche weben.",
)


def stored(title: str = "Harbour bridge closes to lorries", texts: tuple[str, ...] = ENGLISH) -> StoredCopy:
    """A stored copy with one paragraph for each text."""
    return StoredCopy(title, "", "2019-05-02", tuple(Block(BlockKind.PARAGRAPH, text) for text in texts))


def html(title: str, body: str, *, head: str = "", lang: str = "en") -> bytes:
    """A whole document."""
    return (
        f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>{head}</head>'
        f"<body>{body}</body></html>"
    ).encode()


def article(title: str, texts: tuple[str, ...], *, extra: str = "") -> str:
    """An article's markup."""
    paragraphs = "".join(f"<p>{text}</p>" for text in texts)
    return f"<article><h1>{title}</h1>{paragraphs}{extra}</article>"


def in_site(content: str) -> str:
    """`content` between a site's header, navigation, sidebar and footer."""
    sections = ("World", "Business", "Harbour", "Weather", "Sports", "Culture", "Letters", "Archive", "Jobs")
    menu = "".join(f'<li><a href="/{name.lower()}/">{name}</a></li>' for name in sections)
    read = (
        "Ferry timetable changes for the summer months",
        "Why the lighthouse keeper still climbs the stairs",
        "Ten recipes with smoked mackerel and dill",
        "School choir wins the regional contest again",
        "A walk along the northern dunes in winter",
    )
    side = "".join(f'<li><a href="/story/{at}">{text}</a></li>' for at, text in enumerate(read))
    return (
        f'<header><a href="/"><img src="/logo.png" alt="The Paper"></a></header><nav><ul>{menu}</ul></nav>'
        f"<main>{content}</main><aside><h3>Most read</h3><ul>{side}</ul></aside>"
        '<footer><p>The Paper, Quay Street 4</p><a href="/imprint">Imprint</a> <a href="/privacy">Privacy</a></footer>'
    )


def exchange(
    url: str = SOURCE,
    body: bytes = b"",
    *,
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/html; charset=utf-8"),),
    role: ExchangeRole = ExchangeRole.SOURCE,
) -> Exchange:
    """One exchange with a whole response."""
    head = f"HTTP/1.1 {status} Whatever\r\n\r\n".encode()
    return Exchange(url, role, 1, AT, 0.1, b"GET / HTTP/1.1\r\n\r\n", head + body, len(head), status, "", headers)


def capture(body: bytes = b"", *, via: tuple[str, ...] = (), url: str = SOURCE, **final: object) -> Capture:
    """A capture of `url`; with `via`, redirected from there to `url`."""
    hops = tuple(exchange(hop, status=301, headers=(("Location", url),)) for hop in via)
    source = via[0] if via else url
    return Capture(source, source, (*hops, exchange(url, body, **final)))  # type: ignore[arg-type]


def failed(kind: FailureKind, *, status: int | None = None, hops: int = 1, body: bytes = b"") -> Capture:
    """A capture that ended in a failure, possibly after a status line and a piece of body."""
    failure = Failure(kind, f"{kind} while asking")
    before = tuple(
        exchange(f"http://paper.example/{at}", status=302, headers=(("Location", "/x"),)) for at in range(hops - 1)
    )
    head = b"HTTP/1.1 200 OK\r\n\r\n" if status else b""
    last = Exchange(SOURCE, ExchangeRole.SOURCE, 1, AT, 0.1, b"", head + body, len(head), status, failure=failure)
    return Capture(SOURCE, SOURCE, (*before, last), failure)


def case(
    body: bytes,
    copy: StoredCopy | None = None,
    *,
    probe: bytes | None = None,
    problem: str = "",
    **asked: object,
) -> Case:
    """A case as a run would make it: extracted and compared by the real parts."""
    copy = copy if copy is not None else stored()
    made = capture(body, **asked)  # type: ignore[arg-type]
    return of_capture(made, copy, body, probe=probe, problem=problem)


def of_capture(made: Capture, copy: StoredCopy, body: bytes, *, probe: bytes | None = None, problem: str = "") -> Case:
    """The same for a capture already made."""
    final = made.final
    assert final is not None
    page = None
    if body.strip() and (final.header("content-type") or "text/html").startswith("text/html"):
        page = extract_page(body, content_type=final.header("content-type"), url=final.url)
        found = find_markers(made, decode_html(body, final.header("content-type")).text)
        page = replace(page, facts=replace(page.facts, markers=found))
    compared = compare(copy, page) if page is not None and copy.blocks else None
    seen = None
    if probe is not None:
        url = "http://paper.example/2019/05/never-was-4711"
        seen = ProbeSeen(capture(probe, url=url), extract_page(probe, content_type="text/html", url=url))
    return Case(copy, made, page, compared, seen, problem)
