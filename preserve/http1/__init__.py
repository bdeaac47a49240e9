"""HTTP/1.x messages as bytes: heads, body framing, transfer codings and content codings.

Pure functions over what came over the wire, so that a response is read the same way when it arrives and
when it is read back from an archive years later. Opens nothing. Rules are those of RFC 9110 and RFC 9112,
with the leniencies that browsers share: a lone LF ends a line, any reason phrase, obsolete folds.
"""

from preserve.http1.bodies import (
    ChunkReader,
    Dechunked,
    Framing,
    FramingKind,
    dechunk,
    entity_body,
    entity_view,
    framing,
)
from preserve.http1.codings import Decoded, decode_content
from preserve.http1.heads import (
    Head,
    Headers,
    HttpError,
    check_start,
    field_values,
    head_end,
    parse_head,
    read_head,
)

__all__ = [
    "ChunkReader",
    "Dechunked",
    "Decoded",
    "Framing",
    "FramingKind",
    "Head",
    "Headers",
    "HttpError",
    "check_start",
    "dechunk",
    "decode_content",
    "entity_body",
    "entity_view",
    "field_values",
    "framing",
    "head_end",
    "parse_head",
    "read_head",
]
