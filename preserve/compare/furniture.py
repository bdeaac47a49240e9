"""Furniture: blocks of a page that stand around an article and are no part of what it says.

Owns the shapes by which captions, bylines, date lines, credits, tags, counters, buttons and references to other
articles are recognised when a page has them and the stored copy has not. The rules are about form; words are closed
classes in several languages. A rule that is too bold hides an added sentence, one that is too shy raises a false
alarm, so every rule wants the whole block to fit.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

from preserve.model import Block, BlockKind, Region
from preserve.text import han_share, is_unspaced

_BODY = frozenset({Region.BODY})
_SENTENCE_END = re.compile(r"(?<![.…])[.!?。！？][”’\"'」』）)\]»“]*\s*$")
# Credits and rights, which a site puts under every article and a copy seldom keeps.
_RIGHTS = re.compile(
    r"^[(（\[]?\s*(?:©|\(c\)\s|(?:image|photo|picture|video|graphic|foto|bild)\w*\s+(?:credit|courtesy|by|source)\b)"
    r"|^copyright\b|copyright\s*(?:©|\(c\)|\d{4})"
    r"|all rights reserved|alle rechte vorbehalten|tous droits réservés|todos los derechos|все права защищены"
    r"|(?:版权|版權|著作权|著作權)(?:归|歸|所有|属|屬)|(?:转载|轉載)(?:请|請|须|須)|未经[^。]{0,8}(?:许可|授权)[^。]{0,8}转载"
    r"|未經[^。]{0,8}(?:許可|授權)[^。]{0,8}轉載|無断転載|無断複製",
    re.I,
)
_RIGHTS_LONGEST = 200
_MARKUP = re.compile(r"<[a-z]+ [a-z-]+\s*=\s*[\"'“]|\{\{|\}\}|function\s*\(", re.I)
_ASIDE_END = re.compile(r"(?<=[^\s(（【\[])\s*[(（【\[][^()（）【】\[\]]{0,60}[)）】\]]\s*$")
_LABEL = re.compile(
    r"^(?:(?:photo|image|picture|graphic|video|illustration|credit|courtesy|source|getty|reuters|ap photo|file|"
    r"foto|bild|quelle|grafik|crédit|crédits|fuente|imagen|фото|источник|"
    r"图片|圖片|图|圖|摄影|攝影|来源|來源|资料图|資料圖|写真|画像|出典|撮影|提供)\s*[:：/|／]|"
    r"(?:(?:more|read|see|also read|read also|related|recommended|must read|watch|listen|up next|don['’]t miss|tags?|"
    r"topics?|filed under|categories|category|share|follow|subscribe|sign up|advertisement|sponsored|by|von|par|por|"
    r"mehr|lesen sie|siehe auch|auch interessant|schlagworte|themen|teilen|anzeige|werbung|"
    r"lire aussi|à lire|voir aussi|publicité|lea también|leer más|publicidad|читайте также|реклама|теги|"
    r"相关|相關|延伸阅读|延伸閱讀|推荐阅读|推薦閱讀|关键词|關鍵詞|标签|標籤|分类|分類|责任编辑|責任編輯|编辑|編輯|"
    r"作者|记者|記者|分享|广告|廣告|関連|おすすめ|タグ|カテゴリ|広告|シェア)"
    r"[^.!?。！？]{0,40}[:：»→>|]))",
    re.I,
)


_NOTICE = re.compile(
    r"\bcorrection|\bcorrected\b|\bclarification|editor['’]s note|\bupdate\b|korrektur|berichtigung|korrigiert|"
    r"anm(?:erkung|\.) d(?:er|\.) red|correctif|rectificati|rectificación|corrección|fe de erratas|rettifica|errata|"
    r"исправлен|уточнени|更正|勘误|勘誤|编者按|編者按|訂正|修正|お詫び",
    re.I,
)
_METER = re.compile(
    r"updat|publish|posted|modif|view|read|comment|like|share|hit|ago\b|aktualis|veröffentlich|stand\b|gespeichert|"
    r"aufruf|kommentar|mis à jour|publié|vues|lecture|partage|actualiz|publicad|visita|vistas|comentario|lectura|"
    r"обновл|опубликов|просмотр|коммент|更新|发布|發布|發佈|发表|發表|阅读|閱讀|浏览|瀏覽|点赞|點讚|评论|評論|"
    r"留言|分享|收藏|点击|點擊|次|閲覧|公開|投稿|コメント|いいね|シェア|前\b|\b(?:19|20)\d\d\b|\d:\d\d|年|月|日",
    re.I,
)
# What may stand in such a line beside its numbers: the words above in their forms, months, weekdays, units of time.
_METER_WORDS = re.compile(
    r"[^\W\d_]*(?:updat|publish|post|modif|view|read|comment|like|share|hit|aktualis|veröffentlich|stand|gespeichert|"
    r"aufruf|kommentar|jour|publi|vues|lecture|partage|actualiz|visita|vistas|lectura|обновл|опубликов|просмотр|коммент)"
    r"[^\W\d_]*|\b(?:last|on|at|by|am|pm|um|uhr|der|le|à|mis|el|la|de|time|times|date|datum|article|story|page|views?|"
    r"[aä]go|min(?:ute)?s?|hours?|hrs?|days?|weeks?|months?|years?|minuten?|stunden?|tagen?|in|vor|hace|est|edt|et|utc|"
    r"gmt|cet|cest|bst|pst|pdt|edited|created|"
    r"jan\w*|feb\w*|m[aä]r\w*|apr\w*|ma[iy]o?|jun\w*|jul\w*|aug\w*|sep\w*|o[ck]t\w*|nov\w*|de[cz]\w*|"
    r"janvier|février|avril|juin|juillet|août|enero|abril|agosto|"
    r"mon(?:day)?|tue(?:sday)?|wed(?:nesday)?|thu(?:rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?|"
    r"montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)\b|"
    r"[更新发發布佈表阅閱读讀浏瀏览覽点點赞讚评評论論留言分享收藏击擊次数數量人年月日時时分秒前於于本文最后後间間週周星期一二三四五六上下午:：]|"
    r"閲覧|公開|投稿|コメント|いいね|シェア|ビュー|回|件|曜",
    re.I,
)
_WORDS = re.compile(r"[^\W\d_]{2,}")


def outside_column(block: Block, column: AbstractSet[Region] = _BODY) -> str:
    """Why a page's block stands outside the article's column, by its markup; "" when it may be inside.

    Args:
        block: the block.
        column: the regions the article itself stands in (some templates put it into an <aside>).
    """
    if block.region not in column:
        return f"region-{block.region.value}"
    if block.link_density > 0.7:
        return "links"
    return ""


def outside_article(block: Block, column: AbstractSet[Region] = _BODY) -> str:
    """Why a page's block is no running text of an article, by its markup; "" when it may be."""
    if block.kind is BlockKind.HEADLINE:
        return "heading"
    if block.kind is BlockKind.CAPTION:
        return "caption"
    if block.kind is BlockKind.TABLE_ROW:
        return "table"
    if block.link_density > 0.4:
        return "links"
    return outside_column(block, column)


def not_prose(text: str) -> str:
    """Why a text is no prose, by its form; "" when it is."""
    stripped = text.strip()
    reason = line_around(stripped)
    if reason:
        return reason
    stripped = _ASIDE_END.sub("", stripped)
    unspaced = han_share(stripped) > 0.3 or is_unspaced(stripped[:1])
    if not _SENTENCE_END.search(stripped) and len(stripped) < (60 if unspaced else 180):
        return "no-sentence"
    if unspaced:
        return "short" if len(stripped) < 8 else ""
    return "short" if len(stripped.split()) < 5 else ""


def line_around(text: str) -> str:
    """Which of the lines that stand around an article a text is; "" when none."""
    if _LABEL.match(text):
        return "label"
    if _MARKUP.search(text):
        return "markup"
    if len(text) <= _RIGHTS_LONGEST and _RIGHTS.search(text):
        return "rights"
    return "meter" if is_meter(text.rstrip(".")) else ""


def is_fragment(text: str) -> bool:
    """Whether a text is too short to be said for itself, even amid an article's own sentences."""
    stripped = text.strip()
    if han_share(stripped) > 0.3 or is_unspaced(stripped[:1]):
        return len(stripped) < 6
    return len(stripped.split()) < 3


def is_notice(text: str) -> bool:
    """Whether a text owns up to a change of the article."""
    return bool(_NOTICE.search(text[:120]))


def is_meter(text: str) -> bool:
    """Whether a text only says a time or a count that changes by itself: "Updated 3 May", "12 comments", 阅读 300."""
    stripped = text.strip()
    if len(stripped) > 80 or _SENTENCE_END.search(stripped) or not any(map(str.isdigit, stripped)):
        return False
    return bool(_METER.search(stripped)) and not _WORDS.search(_METER_WORDS.sub(" ", stripped))
