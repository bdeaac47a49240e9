"""Furniture: blocks of a page that stand around an article and are no part of what it says.

Owns the shapes by which captions, bylines, date lines, credits, tags, counters, buttons and references to other
articles are recognised when a page has them and the stored copy has not. The rules are about form; words are closed
classes in several languages. A rule that is too bold hides an added sentence, one that is too shy raises a false
alarm, so every rule wants the whole block to fit.
"""

from __future__ import annotations

import re

from preserve.model import Block, BlockKind, Region
from preserve.text import han_share, is_unspaced

_SENTENCE_END = re.compile(r"(?<![.…])[.!?。！？][”’\"'」』）)\]»“]*\s*$")
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


def outside_column(block: Block) -> str:
    """Why a page's block stands outside the article's column, by its markup; "" when it may be inside."""
    if block.region is not Region.BODY:
        return f"region-{block.region.value}"
    if block.link_density > 0.7:
        return "links"
    return ""


def outside_article(block: Block) -> str:
    """Why a page's block is no running text of an article, by its markup; "" when it may be."""
    if block.kind is BlockKind.HEADLINE:
        return "heading"
    if block.kind is BlockKind.CAPTION:
        return "caption"
    if block.kind is BlockKind.TABLE_ROW:
        return "table"
    if block.link_density > 0.4:
        return "links"
    return outside_column(block)


def not_prose(text: str) -> str:
    """Why a text is no prose, by its form; "" when it is."""
    stripped = text.strip()
    if _LABEL.match(stripped):
        return "label"
    stripped = _ASIDE_END.sub("", stripped)
    unspaced = han_share(stripped) > 0.3 or is_unspaced(stripped[:1])
    if not _SENTENCE_END.search(stripped) and len(stripped) < (60 if unspaced else 180):
        return "no-sentence"
    if unspaced:
        return "short" if len(stripped) < 8 else ""
    return "short" if len(stripped.split()) < 5 else ""
