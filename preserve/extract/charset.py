"""Bytes to text: what the server or the page declares, unless the bytes prove it wrong.

The order of declarations and the meaning of labels are the browsers' (WHATWG Encoding Standard, section 4.2;
HTML Living Standard, section 13.2.3): a byte order mark, then the header, then <meta> in the first kilobytes.
Browsers believe a declaration even when nonsense follows; an archive should not: where the declared codec
leaves many errors and another reads the bytes without and plausibly, that one is taken.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Literal

from charset_normalizer import from_bytes

CharsetSource = Literal["header", "bom", "meta", "detected"]

_META_BYTES = 4096
_SAMPLE_BYTES = 65536
_UNPROVEN = 0.2  # plausibility of a declared codec whose language has no list here
_LEAST = 0.12  # plausibility below which an undeclared codec is not believed
_MANY_ERRORS = 0.02  # share of errors among non-ASCII characters that disproves a codec

# WHATWG labels that mean another codec than Python's of the same name.
_WHATWG = {
    **dict.fromkeys(
        (
            "gb2312",
            "gbk",
            "gb_2312",
            "gb_2312-80",
            "chinese",
            "csgb2312",
            "iso-ir-58",
            "x-gbk",
            "cp936",
            "ms936",
            "windows-936",
            "euc-cn",
            "gb18030",
            "gb-2312",
        ),
        "gb18030",
    ),
    **dict.fromkeys(("big5", "big5-hkscs", "cn-big5", "csbig5", "x-x-big5", "cp950", "big-5"), "big5hkscs"),
    **dict.fromkeys(
        (
            "iso-8859-1",
            "iso8859-1",
            "iso_8859-1",
            "iso88591",
            "latin1",
            "latin-1",
            "l1",
            "ascii",
            "us-ascii",
            "ansi_x3.4-1968",
            "windows-1252",
            "cp1252",
            "x-cp1252",
            "cp819",
        ),
        "cp1252",
    ),
    **dict.fromkeys(("iso-8859-9", "latin5", "windows-1254"), "cp1254"),
    **dict.fromkeys(("iso-8859-11", "tis-620", "windows-874"), "cp874"),
    **dict.fromkeys(
        ("shift_jis", "shift-jis", "sjis", "x-sjis", "ms_kanji", "windows-31j", "csshiftjis", "ms932"),
        "cp932",
    ),
    **dict.fromkeys(
        ("euc-kr", "ks_c_5601-1987", "ksc5601", "korean", "windows-949", "cseuckr", "ks_c_5601-1989"), "cp949"
    ),
    **dict.fromkeys(("euc-jp", "x-euc-jp", "cseucpkdfmtjapanese"), "euc_jp"),
    **dict.fromkeys(("utf8", "utf-8", "unicode-1-1-utf-8", "x-unicode20utf8"), "utf-8"),
    **dict.fromkeys(("utf-16", "utf-16le", "unicode", "ucs-2"), "utf-16-le"),
    "utf-16be": "utf-16-be",
}
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_LABEL = rb"[\"']?\s*([A-Za-z0-9_:.-]+)"
_IN_META = re.compile(rb"<meta\s[^>]*?charset\s*=\s*" + _LABEL, re.I)
_IN_XML = re.compile(rb"^\s*<\?xml\s[^>]*?encoding\s*=\s*" + _LABEL, re.I)
_IN_HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]+)", re.I)
_MARKUP = re.compile(rb"<[^<>]*+>")

# The commonest characters of running text. In the right codec they make up a quarter and more of a text; in a
# wrong one they hardly occur.
_COMMON_HANZI = frozenset(
    "的一是不了在人有我他这個个這中大来來上国國和地到说說时時要就出会會可也你对對生能而子那得于於着著下自之年过過"
    "发發后後作里裡用道行所然家种種事成方多经經么麼去法学學如都同现現当當没沒动動面起看定天分还還进進好小部其些主样"
    "樣理心她本前开開但因只从從想实實日军軍者意无無力它与與长長把机機十民第公此已工使情明性知全三又关關点點正业業"
    "外将將两兩高间間由问問很最重并並物手应應战戰向头頭文体體政美相见見被利什二等产產或新己制身果加西斯月话話合回"
    "特代内內信表化老给給世位次度门門任常先海通教儿兒原东東声聲提立及比员員解水名真论論处處走义義各入几幾口认認条"
    "條平系气氣题題活尔爾更别別打女变變四神总總何电電数數安少报報才结結反受目太量再感建务務做接必场場件计計管期市"
    "直德资資命山金指克许許统統区區保至队隊形社便空决決治展马馬科司五基眼书書非则則听聽白却卻界达達光放强強即像难"
    "難且权權思王象完设設式色路记記南品住告类類求据據程北边邊死张張该該交规規万萬取拉格望觉覺术術领領共确確传傳师"
    "師观觀清今切院让讓识識候带帶导導争爭运運"
)
_COMMON_KANJI = frozenset(
    "日一国会人年大十二本中長出三同時政事自行社見月分議後前民生連五発間対上部東者党地合市業内相方四定今回新場金員"
    "九入選立開手米力学問高代明実円関決子動京全目表戦経通外最言氏現理調体化田当八六約主題下首意法不来作性的要用制"
    "治度務強気小七成期公野協取都和統以機平総加山思家話世受区領多県続進正安設保改数記院女初北午指権心界支第産結百"
    "派点教報済書府活原先共得解名交資予川向際査勝面委告軍文反元重近千考判認画海参売利組知案道信策集在件団別物側任"
    "引使求所次水半品昨論計死官増係感特情投示変打男基私各始島直両朝革価式確村提運終挙果西勢減台広容必応演電歳住争"
)
_COMMON_HANGUL = frozenset("이다는을의에가고하은지로한도를기사대어서시그자있인나해리정과들일으라스수아전장부보주상")


@dataclass(frozen=True, slots=True)
class DecodedText:
    """A decoded body.

    Attributes:
        text: the characters; what could not be decoded is U+FFFD.
        charset: Python's name of the codec.
        source: what the codec was chosen by.
        errors: how many places could not be decoded.
    """

    text: str
    charset: str
    source: CharsetSource
    errors: int = 0


# What accented Latin text is made of, each standing alone among ASCII letters.
_WESTERN = frozenset("äöüßÄÖÜéèêëàâáãåæçíìîïñóòôõøúùûýÿÉÈÊÀÂÁÇÍÑÓÔÕØÚÅÆ“”‘’„–—…«»·•°§©®€£´ºª¿¡\xa0²³½×")
_NON_ASCII_RUN = re.compile("[^\x00-\x7f]+")
_KANA = frozenset(map(chr, range(0x3041, 0x30FF)))


def decode_html(body: bytes, content_type: str | None) -> DecodedText:
    """Decode a page.

    Args:
        body: the entity, content coding removed.
        content_type: the value of its Content-Type field, or None.

    Returns:
        The text and how it was read. Nothing is dropped: undecodable bytes become U+FFFD.
    """
    for mark, charset in _BOMS:
        if body.startswith(mark):
            return _decode(body[len(mark) :], charset, "bom")
    declared, source = _declared(body, content_type)
    if declared is None and (wide := _wide(body)):
        return _decode(body, wide, "detected")
    if declared in _STATEFUL or body.isascii():
        return _decode(body, declared or "utf-8", source)
    unicode = _decode(body, "utf-8", source if declared == "utf-8" else "detected")
    # Text of another codec is hardly ever valid UTF-8, unless it is a few double bytes; a few broken ones
    # among many are nothing unusual.
    enough = 4 if declared in _COMMON else 1
    if enough == 1 and not unicode.errors:
        return unicode  # not all of it is ASCII, and all of it could be decoded
    beyond_ascii = len(unicode.text) - len(unicode.text.encode("ascii", "ignore")) - unicode.errors
    if beyond_ascii >= enough and unicode.errors * 5 <= beyond_ascii:
        return unicode
    return _decode(body, *_choose(body, declared, source))


def _declared(body: bytes, content_type: str | None) -> tuple[str | None, CharsetSource]:
    match = _IN_HEADER.search(content_type or "")
    charset = _codec(match.group(1)) if match else None
    if charset is not None:
        return charset, "header"
    start = body[:_META_BYTES]
    found = _IN_META.search(start) or _IN_XML.search(start)
    charset = _codec(found.group(1).decode("ascii")) if found else None
    if charset is None:
        return None, "detected"
    # A page that could be read this far is not UTF-16, whatever it says (HTML, section 13.2.3.2).
    return ("utf-8" if charset.startswith("utf-16") else charset), "meta"


def _codec(label: str) -> str | None:
    label = label.strip().lower()
    if label in _WHATWG:
        return _WHATWG[label]
    try:
        info = codecs.lookup(label)
    except (LookupError, ValueError):
        return None
    return info.name if _FOR_PAGES.match(info.name) else None


def _wide(body: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of the ASCII markup is zero."""
    start = body[:256]
    half = len(start) // 2
    if half >= 8 and start[1::2].count(0) > 0.7 * half:
        return "utf-16-le"
    if half >= 8 and start[::2].count(0) > 0.7 * half:
        return "utf-16-be"
    return None


def _decode(body: bytes, charset: str, source: CharsetSource) -> DecodedText:
    text = body.decode(charset, "replace")
    errors = text.count("\ufffd")
    if errors and charset == "utf-8":
        errors -= body.count(b"\xef\xbf\xbd")  # the page's own
    return DecodedText(text, charset, source, errors)


def _choose(body: bytes, declared: str | None, source: CharsetSource) -> tuple[str, CharsetSource]:
    """The codec of a body that is not UTF-8."""
    sample = _sample(body)
    scores = {charset: _plausibility(sample, charset) for charset in _CANDIDATES}
    best = max(scores, key=lambda charset: scores[charset])
    if declared is not None and declared != "utf-8":
        if declared not in scores:
            scores[declared] = _UNPROVEN if _plausibility(sample, declared) >= 0 else -1.0
        if scores[declared] >= min(scores[best] - 0.1, _UNPROVEN):
            return declared, source
    if scores[best] >= _LEAST:
        return best, "detected"
    if declared is not None and scores.get(declared, -1.0) >= 0:
        return declared, source
    guess = from_bytes(sample[:8192]).best()
    if guess is not None and (charset := _codec(guess.encoding)) and charset != "utf-8":
        return charset, "detected"
    return (declared, source) if declared else ("cp1252", "detected")


def _sample(body: bytes) -> bytes:
    """Running text from the body: its non-ASCII part decides, so markup is left out."""
    text = _MARKUP.sub(b" ", body[: 8 * _SAMPLE_BYTES])
    first = next((match.start() for match in re.finditer(rb"[\x80-\xff]", text)), 0)
    return text[max(0, first - 32) :][:_SAMPLE_BYTES]


def _plausibility(sample: bytes, charset: str) -> float:
    """How much `sample` read as `charset` looks like text, 0..1; -1 when it can't be read."""
    text = sample.decode(charset, "replace")
    beyond = [char for char in text if char > "\x7f"]
    if not beyond:
        return 0.0
    if text.count("\ufffd") > _MANY_ERRORS * len(beyond) + 1:
        return -1.0
    if charset == "cp1252":
        runs = _NON_ASCII_RUN.findall(text)
        return sum(len(run) for run in runs if len(run) <= 2 and _WESTERN.issuperset(run)) / len(beyond)
    letters = sum(char.isalpha() for char in beyond) or 1
    return sum(char in common for common in _COMMON.get(charset, ()) for char in beyond) / letters


_COMMON: dict[str, tuple[frozenset[str], ...]] = {
    "gb18030": (_COMMON_HANZI,),
    "big5hkscs": (_COMMON_HANZI,),
    "cp932": (_COMMON_KANJI, _KANA),
    "euc_jp": (_COMMON_KANJI, _KANA),
    "cp949": (_COMMON_HANGUL,),
}
_CANDIDATES = ("gb18030", "big5hkscs", "cp932", "euc_jp", "cp949", "cp1252")
_STATEFUL = frozenset({"utf-16-le", "utf-16-be", "iso2022_jp", "hz"})
# Python knows codecs that are none of a page's business (UTF-7 reads ASCII as something else).
_FOR_PAGES = re.compile(r"(cp\d+|iso8859|iso2022|koi8|mac|euc_|shift|gb|big5|hz$|utf-8$|utf-16|johab|tis)")
