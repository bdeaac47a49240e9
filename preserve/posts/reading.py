"""Reading a post: a file's bytes to a `Post`.

Owns decoding, the bounds on a file, and what the keys mean. Does not look at the body beyond decoding it.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import replace

from preserve.errors import PostError
from preserve.model import Post
from preserve.posts.frontmatter import (
    FrontMatter,
    FrontMatterError,
    Span,
    Value,
    find_front_matter,
    parse_front_matter,
)
from preserve.settings import PostSettings

MAX_POST_BYTES = 64 * 1024 * 1024

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NO_FRONT_MATTER = (
    "no front matter: a post begins with a line ---, keys such as `title: ...` and `from: https://...`, "
    "and another line ---"
)
_CR = re.compile(r"\r\n?")
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
_WEB = ("http://", "https://")


class NotAPostError(PostError):
    """A file without front matter: in a directory it may be a README; named by the user it is a mistake."""


def read_bytes(path: str) -> bytes:
    """The bytes of the file at `path`.

    Raises PostError when it can't be read, is not a regular file (a device or pipe would never end), or is
    larger than MAX_POST_BYTES.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError) as error:
        raise PostError(path, 0, f"can't be opened: {_reason(error)}") from error
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise PostError(path, 0, "is not a regular file: name a post or a directory of posts")
        if status.st_size > MAX_POST_BYTES:
            raise PostError(path, 0, f"is larger than {MAX_POST_BYTES >> 20} MiB: that is no post")
        with open(handle, "rb", closefd=False) as file:
            return file.read(MAX_POST_BYTES + 1)
    except OSError as error:
        raise PostError(path, 0, f"can't be read: {_reason(error)}") from error
    finally:
        os.close(handle)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def read_post(path: str, settings: PostSettings) -> Post:
    """The post at `path`. Raises PostError, see `read_bytes` and `parse_post`."""
    return parse_post(path, read_bytes(path), settings)


def parse_post(path: str, data: bytes, settings: PostSettings) -> Post:
    """The post whose file at `path` has the bytes `data`.

    Raises NotAPostError when there is no front matter, and PostError with line and reason when it can't be
    read or the file is not in UTF-8 (or UTF-16, UTF-32 with a byte order mark).
    """
    encoding, text = _decode(path, data)
    plain = text if "\r" not in text else _CR.sub("\n", text)
    try:
        span = find_front_matter(plain)
        if span is None:
            raise NotAPostError(path, 1, _NO_FRONT_MATTER)
        matter = parse_front_matter(plain, span)
    except FrontMatterError as error:
        raise PostError(path, error.line + 1, error.why) from error
    if not span.fenced and not _looks_like_post(matter, settings):
        raise NotAPostError(path, 1, _NO_FRONT_MATTER)
    return replace(
        _make_post(path, plain, span, matter, settings),
        digest="sha256:" + hashlib.sha256(data).hexdigest(),
        body_start=_byte_offset(text, span.body, encoding),
        encoding=encoding,
    )


def decode_body(post: Post, data: bytes) -> str:
    """The body of `post`, whose file has the bytes `data`, with `\\n` line ends.

    Raises PostError when `data` is not what the post was read from.
    """
    try:
        text = data[post.body_start :].decode(post.encoding)
    except UnicodeDecodeError as error:
        raise PostError(post.path, 0, "has changed since it was read: run again") from error
    return _CR.sub("\n", text) if "\r" in text else text


def _decode(path: str, data: bytes) -> tuple[str, str]:
    """The codec of `data` and its text; a byte order mark is kept as the first character."""
    encoding = next((codec for bom, codec in _BOMS if data.startswith(bom)), "utf-8")
    try:
        return encoding, data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].decode(encoding, "replace").count("\n") + 1
        faulty = data[error.start : error.start + 1].hex()
        why = f"not valid {encoding.upper()} at byte {error.start} (0x{faulty}): convert the file to UTF-8"
        raise PostError(path, line, why) from error


def _byte_offset(text: str, offset: int, encoding: str) -> int:
    """The byte offset in the file of a character offset in the text with plain line ends."""
    extra = 0
    if "\r" in text:
        while (count := text.count("\r\n", 0, offset + extra)) != extra:
            extra = count
    end = offset + extra
    if text.startswith("\n", end) and text.startswith("\r", end - 1):
        end += 1  # the closing fence's own line end
    return len(text[:end].encode(encoding))


def _looks_like_post(matter: FrontMatter, settings: PostSettings) -> bool:
    return any(_scalar(matter.keys, key) for key in ("title", "layout", *settings.source_keys))


# ---------------------------------------------------------------- what the keys mean


def _make_post(path: str, text: str, span: Span, matter: FrontMatter, settings: PostSettings) -> Post:
    """Everything but where the body begins and what the file digests to."""
    keys, title, repaired = matter.keys, _scalar(matter.keys, "title"), matter.repaired
    if not title and isinstance(_value(keys, "title"), (list, dict)):
        title = _raw_value(text, span, "title")
        repaired = "; ".join(filter(None, (repaired, "title read literally: it is not a text")))
    key, source = _source(keys, settings.source_keys)
    return Post(
        path=path,
        digest="",
        title=title,
        author=", ".join(_strings(_value(keys, "author")) or _strings(_value(keys, "authors"))),
        date=_scalar(keys, "date"),
        source=source or None,
        source_key=key,
        source_line=_line_of(text, span, key) if key else 0,
        categories=_strings(_value(keys, "categories")) or _strings(_value(keys, "category")),
        tags=_strings(_value(keys, "tags")) or _strings(_value(keys, "tag")),
        body_start=0,
        repaired=repaired,
    )


def _value(keys: Mapping[str, Value], wanted: str) -> Value:
    """A key's value: spelled exactly so, else in any case, else below `params` (as Hugo has it)."""
    if wanted in keys:
        return keys[wanted]
    folded = wanted.casefold()
    for key, value in keys.items():
        if key.casefold() == folded:
            return value
    below = keys.get("params")
    return below.get(wanted, "") if isinstance(below, dict) else ""


def _scalar(keys: Mapping[str, Value], wanted: str) -> str:
    value = _value(keys, wanted)
    return value.strip() if isinstance(value, str) and value not in _NOTHING else ""


def _strings(value: Value) -> tuple[str, ...]:
    """A list's texts, or the one text; a mapping's `name` (as authors have it)."""
    if isinstance(value, str):
        return (value.strip(),) if value.strip() not in _NOTHING else ()
    if isinstance(value, dict):
        name = value.get("name", "")
        return (name,) if isinstance(name, str) and name else ()
    return tuple(item.strip() for item in value if isinstance(item, str) and item.strip() not in _NOTHING)


def _source(keys: Mapping[str, Value], source_keys: Sequence[str]) -> tuple[str, str]:
    """The key that names the source and its value; ("", "") without.

    The first key with an http(s) URL wins. Where none has one, the first with any value does, so that what
    stands there can be reported as no URL (`source: Reuters` beside `source_url: https://...` is common).
    """
    found = [(key, _web_address(_value(keys, key))) for key in source_keys]
    valued = [(key, value) for key, value in found if value]
    web = (pair for pair in valued if pair[1].lower().startswith(_WEB))
    return next(web, valued[0] if valued else ("", ""))


def _web_address(value: Value) -> str:
    """The address in a source key's value: itself, a list's first, or a mapping's `url` or `href`."""
    if isinstance(value, str):
        return value.strip() if value not in _NOTHING else ""
    if isinstance(value, dict):
        inner = next((value[key] for key in ("url", "href", "link") if key in value), "")
        return inner.strip() if isinstance(inner, str) else ""
    texts = [item.strip() for item in value if isinstance(item, str) and item.strip()]
    return next((text for text in texts if text.lower().startswith(_WEB)), texts[0] if texts else "")


def _key_lines(text: str, span: Span, key: str) -> list[re.Match[str]]:
    inner = text[span.start : span.end]
    pattern = rf"""^[ \t]*["']?{re.escape(key)}["']?[ \t]*[:=][ \t]*(.*?)[ \t]*$"""
    return list(re.finditer(pattern, inner, re.M | re.I))


def _line_of(text: str, span: Span, key: str) -> int:
    """1-based line of the key; where it stands twice, of the last, which is the one that holds."""
    found = _key_lines(text, span, key)
    return text.count("\n", 0, span.start + found[-1].start()) + 1 if found else 0


def _raw_value(text: str, span: Span, key: str) -> str:
    found = _key_lines(text, span, key)
    return found[-1][1] if found else ""
