"""A post and what it keeps of its source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from preserve.sending import sent


class BlockKind(StrEnum):
    """The kinds of blocks a stored copy and a page are both cut into."""

    HEADLINE = "headline"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list-item"
    CAPTION = "caption"
    TABLE_ROW = "table-row"
    QUOTE = "quote"
    CODE = "code"


class Region(StrEnum):
    """Where on a page a block stands, as its own markup says (HTML element, ARIA role, class words)."""

    BODY = "body"
    NAVIGATION = "navigation"
    HEADER = "header"
    FOOTER = "footer"
    ASIDE = "aside"
    COMMENTS = "comments"
    FORM = "form"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Block:
    """One block of running text.

    Attributes:
        kind: what the markup says it is.
        text: its text, white space as a browser would collapse it; never empty.
        link_density: share of `text` (0..1, by code points) that stands inside links.
        region: where on the page it stands; `BODY` for a stored copy.
        emphasis: the strings set in bold inside it, in order.
    """

    kind: BlockKind
    text: str
    link_density: float = 0.0
    region: Region = Region.BODY
    emphasis: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Post:
    """A post's front matter: all a run plans with. The body is read again when the post is judged.

    Attributes:
        path: as the caller named it (directory arguments joined with the path below them).
        digest: `sha256:` and the lowercase hex digest of the file's bytes.
        title, author, date: as written in the front matter; "" where absent. `date` is ISO 8601 text.
        source: the source URL exactly as written; None where no source key has a value.
        source_key: the front-matter key it came from; "" without a source.
        source_line: 1-based line of that key in the file; 0 without one.
        categories, tags: as lists of strings.
        body_start: byte offset at which the body begins.
        encoding: codec name the file was decoded with (`utf-8`, or as its BOM says).
        repaired: what had to be mended to read the front matter; "" when nothing.
    """

    path: str
    digest: str
    title: str
    author: str
    date: str
    source: str | None
    source_key: str
    source_line: int
    categories: tuple[str, ...]
    tags: tuple[str, ...]
    body_start: int
    encoding: str = "utf-8"
    repaired: str = ""


@dataclass(frozen=True, slots=True)
class SetAside:
    """Text of a stored copy that is not the article: kept, never compared.

    Attributes:
        rule: the name of the rule that recognised it.
        text: what it says.
    """

    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class StoredCopy:
    """What a post keeps of its source.

    Attributes:
        title: the post's title, the headline to compare.
        author, date: from the front matter, to recognise a byline or date line in the text.
        blocks: the article, in order.
        set_aside: what was recognised as not the article, in order.
    """

    title: str
    author: str
    date: str
    blocks: tuple[Block, ...]
    set_aside: tuple[SetAside, ...] = ()


class CommitState(StrEnum):
    """What a post's bytes are to the commits of its git repository."""

    COMMITTED = "committed"  # the very bytes of HEAD's version
    CONVERTED = "converted"  # git calls them unchanged; its own bytes differ in line ends, or go through a filter
    MODIFIED = "modified"  # HEAD's version was changed since, and no commit has that
    UNCOMMITTED = "uncommitted"  # HEAD has no file of that path


@sent
@dataclass(frozen=True, slots=True)
class PostVersion:
    """What git said of a post when its bytes were witnessed. Who made a commit is left out: an archive is shown.

    Attributes:
        state: what the bytes are to HEAD's version.
        commit: id of the last commit that touched HEAD's version; "" where there is none, or the history at hand (a
            shallow clone's) does not reach it.
        committed_at: when, by the committer's clock, to the second; None without a commit.
    """

    state: CommitState
    commit: str = ""
    committed_at: datetime | None = None
