"""The words of the project: the frozen values that flow from a post to its verdict.

    Post -> Capture -> Extraction -> Comparison -> Judgement -> Check

Nothing here does I/O, reads a clock or knows a library. Texts are `str` from extraction on and `bytes` before;
times are aware UTC datetimes; sizes are bytes; offsets are code points into the text they name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

# ---------------------------------------------------------------- verdicts


class Verdict(StrEnum):
    """What a check concludes; exactly one per check (docs/verdicts.md)."""

    INTACT = "intact"
    EDITED = "edited"
    TRUNCATED = "truncated"
    REPLACED = "replaced"
    MOVED = "moved"
    GONE = "gone"
    BLOCKED = "blocked"
    UNREACHABLE = "unreachable"
    UNEXTRACTABLE = "unextractable"
    UNCHECKED = "unchecked"


class Reason(StrEnum):
    """Why a verdict other than `intact`, `edited` and `moved` was reached; `REASONS` says which goes with which."""

    # truncated
    PAYWALL = "paywall"
    LOGIN_WALL = "login-wall"
    CUT_SHORT = "cut-short"
    # replaced
    SOFT_404 = "soft-404"
    HOME_PAGE = "home-page"
    OTHER_ARTICLE = "other-article"
    PARKED = "parked"
    CONSENT_WALL = "consent-wall"
    # gone
    NOT_FOUND = "not-found"
    GONE_410 = "gone-410"
    NO_SUCH_HOST = "no-such-host"
    # blocked
    FORBIDDEN = "forbidden"
    TOO_MANY_REQUESTS = "too-many-requests"
    LEGAL_REASONS = "legal-reasons"
    CHALLENGE = "challenge"
    # unreachable
    TIMEOUT = "timeout"
    RESET = "reset"
    REFUSED = "refused"
    TLS = "tls"
    DNS = "dns"
    SERVER_ERROR = "server-error"
    CUT_OFF = "cut-off"
    BAD_RESPONSE = "bad-response"
    REDIRECT_LOOP = "redirect-loop"
    TOO_MANY_REDIRECTS = "too-many-redirects"
    PROXY = "proxy"
    # unextractable
    NOT_HTML = "not-html"
    SCRIPT_SHELL = "script-shell"
    EMPTY = "empty"
    TOO_LARGE = "too-large"
    UNDECODABLE = "undecodable"
    EXTRACTOR_FAILED = "extractor-failed"
    CLIENT_ERROR = "client-error"
    # unchecked
    UNREADABLE_POST = "unreadable-post"
    NO_SOURCE = "no-source"
    INVALID_SOURCE = "invalid-source"
    NO_STORED_COPY = "no-stored-copy"
    ROBOTS = "robots"
    PRIVATE_ADDRESS = "private-address"
    HOST_INCIDENT = "host-incident"
    BUDGET = "budget"


REASONS: Mapping[Verdict, frozenset[Reason]] = {
    Verdict.INTACT: frozenset(),
    Verdict.EDITED: frozenset(),
    Verdict.MOVED: frozenset(),
    Verdict.TRUNCATED: frozenset({Reason.PAYWALL, Reason.LOGIN_WALL, Reason.CUT_SHORT}),
    Verdict.REPLACED: frozenset(
        {Reason.SOFT_404, Reason.HOME_PAGE, Reason.OTHER_ARTICLE, Reason.PARKED, Reason.CONSENT_WALL}
    ),
    Verdict.GONE: frozenset({Reason.NOT_FOUND, Reason.GONE_410, Reason.NO_SUCH_HOST}),
    Verdict.BLOCKED: frozenset(
        {Reason.FORBIDDEN, Reason.TOO_MANY_REQUESTS, Reason.LEGAL_REASONS, Reason.CHALLENGE}
    ),
    Verdict.UNREACHABLE: frozenset(
        {
            Reason.TIMEOUT,
            Reason.RESET,
            Reason.REFUSED,
            Reason.TLS,
            Reason.DNS,
            Reason.SERVER_ERROR,
            Reason.CUT_OFF,
            Reason.BAD_RESPONSE,
            Reason.REDIRECT_LOOP,
            Reason.TOO_MANY_REDIRECTS,
            Reason.PROXY,
        }
    ),
    Verdict.UNEXTRACTABLE: frozenset(
        {
            Reason.NOT_HTML,
            Reason.SCRIPT_SHELL,
            Reason.EMPTY,
            Reason.TOO_LARGE,
            Reason.UNDECODABLE,
            Reason.EXTRACTOR_FAILED,
            Reason.CLIENT_ERROR,
        }
    ),
    Verdict.UNCHECKED: frozenset(
        {
            Reason.UNREADABLE_POST,
            Reason.NO_SOURCE,
            Reason.INVALID_SOURCE,
            Reason.NO_STORED_COPY,
            Reason.ROBOTS,
            Reason.PRIVATE_ADDRESS,
            Reason.HOST_INCIDENT,
            Reason.BUDGET,
        }
    ),
}


class Nature(StrEnum):
    """What kind of difference a change is; several may hold."""

    HEADLINE = "headline"
    BYLINE = "byline"
    DATE = "date"
    NUMBER = "number"
    NAME = "name"
    NEGATION = "negation"
    QUOTE = "quote"
    TYPO = "typo"
    SENTENCE_ADDED = "sentence-added"
    SENTENCE_REMOVED = "sentence-removed"
    PARAGRAPH_ADDED = "paragraph-added"
    PARAGRAPH_REMOVED = "paragraph-removed"
    REORDERED = "reordered"
    REWRITTEN = "rewritten"
    COSMETIC = "cosmetic"
    SCRIPT_VARIANT = "script-variant"


# ---------------------------------------------------------------- posts


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


# ---------------------------------------------------------------- captures


class FailureKind(StrEnum):
    """How an exchange failed to bring a whole response."""

    NO_SUCH_HOST = "no-such-host"  # the resolver says so, and a control name resolves
    DNS = "dns"  # the resolver gave no usable answer
    REFUSED = "refused"
    CONNECT_TIMEOUT = "connect-timeout"
    READ_TIMEOUT = "read-timeout"
    TOTAL_TIMEOUT = "total-timeout"
    RESET = "reset"
    UNREACHABLE = "unreachable"  # no route, network down
    TLS = "tls"
    CUT_OFF = "cut-off"  # fewer body bytes than announced
    BAD_RESPONSE = "bad-response"  # not HTTP, or framing that can't be followed
    HEADER_TOO_LARGE = "header-too-large"
    PRIVATE_ADDRESS = "private-address"
    INVALID_URL = "invalid-url"
    REDIRECT_LOOP = "redirect-loop"
    TOO_MANY_REDIRECTS = "too-many-redirects"
    PROXY = "proxy"
    ROBOTS = "robots"
    INTERRUPTED = "interrupted"  # the run was asked to stop before an answer came


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed exchange, as evidence.

    Attributes:
        kind: the class of failure.
        message: one line saying what happened and where, for people.
    """

    kind: FailureKind
    message: str


class Truncation(StrEnum):
    """Values of `WARC-Truncated` (WARC 1.1, section 5.15)."""

    LENGTH = "length"
    TIME = "time"
    DISCONNECT = "disconnect"
    UNSPECIFIED = "unspecified"


class ExchangeRole(StrEnum):
    """Why an exchange was made."""

    SOURCE = "source"  # the source URL itself
    REDIRECT = "redirect"  # an HTTP redirect was followed
    REFRESH = "refresh"  # a <meta refresh> was followed
    PROBE = "probe"  # a random path beside the source, to recognise soft 404s
    ROBOTS = "robots"  # the host's robots.txt


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came back, byte for byte.

    Attributes:
        url: the absolute URL asked for, as it went on the wire.
        role: why it was asked.
        attempt: 1 for the first try of this URL, 2 for the next.
        started_at: when the request was begun.
        seconds: from connect to the last byte or the failure.
        request: the request as sent, head and body; empty when nothing was sent.
        response: the response as received, head and body with its framing; empty when nothing came. Interim
            (1xx) responses before it are included: they are part of what the server sent.
        head_end: offset in `response` at which the final response's body begins; 0 without a whole head.
        status: the final response's status code; None without a whole head.
        reason: its reason phrase, decoded as Latin-1.
        headers: its header fields in order, names and values as received, decoded as Latin-1, folds kept as one
            space.
        ip: the address the bytes came from; None when no connection was made or a proxy stood between.
        protocols: for `WARC-Protocol`, for example ("http/1.1", "tls/1.3").
        cipher: the TLS cipher suite's name, or None.
        truncated: why `response` ends early although the exchange is kept, or None.
        failure: why there is no whole response, or None.
    """

    url: str
    role: ExchangeRole
    attempt: int
    started_at: datetime
    seconds: float
    request: bytes
    response: bytes
    head_end: int = 0
    status: int | None = None
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    ip: str | None = None
    protocols: tuple[str, ...] = ()
    cipher: str | None = None
    truncated: Truncation | None = None
    failure: Failure | None = None

    def header(self, name: str) -> str | None:
        """The first field called `name` (any case), or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class Capture:
    """One visit to a source: every attempt, every hop, and how it ended.

    Attributes:
        source: the source URL exactly as the post has it.
        url: the same as a URL that can be asked; equals `source` where nothing had to be mended.
        exchanges: in the order they were made; the last one decides. Empty when nothing could be asked.
        failure: why there is no final response, or None.
    """

    source: str
    url: str
    exchanges: tuple[Exchange, ...]
    failure: Failure | None = None

    @property
    def final(self) -> Exchange | None:
        """The exchange that decides, or None when nothing was asked."""
        return self.exchanges[-1] if self.exchanges else None

    @property
    def hops(self) -> tuple[str, ...]:
        """The distinct URLs asked, in order."""
        return tuple(dict.fromkeys(exchange.url for exchange in self.exchanges))


@dataclass(frozen=True, slots=True)
class RecordRef:
    """Where one WARC record lies.

    Attributes:
        record_id: `<urn:uuid:...>` without the angle brackets.
        file: the WARC file's final name, relative to the archive.
        offset: of its gzip member, in bytes.
        length: of its gzip member, in bytes.
    """

    record_id: str
    file: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class ArchivedExchange:
    """One exchange in the archive.

    Attributes:
        url, status: as in the exchange.
        response: its `response` or `revisit` record; None when nothing came.
        payload_digest, block_digest: labelled digests as in the record; "" without a response.
        revisit_of: where `response` is a `revisit`, the `response` record that has the payload; else None.
    """

    url: str
    status: int | None
    response: RecordRef | None
    payload_digest: str = ""
    block_digest: str = ""
    revisit_of: RecordRef | None = None


@dataclass(frozen=True, slots=True)
class ArchivedCapture:
    """A capture on disk: a contiguous stretch of records in one file, closed by its `metadata` record.

    Attributes:
        source, url: as in the capture.
        captured_at: when its last exchange began (or, without one, when it was given up).
        first: the first record of the stretch.
        summary: the `metadata` record that closes it.
        exchanges: one each, in order.
    """

    source: str
    url: str
    captured_at: datetime
    first: RecordRef
    summary: RecordRef
    exchanges: tuple[ArchivedExchange, ...]

    @property
    def final(self) -> ArchivedExchange | None:
        """The exchange that decides, or None when nothing was asked."""
        return self.exchanges[-1] if self.exchanges else None


# ---------------------------------------------------------------- extraction


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What the page's markup says about the page, for the rules that recognise pages that are not the article.

    Attributes:
        title: the <title>, whole.
        canonical: <link rel=canonical> or og:url, resolved; "" without.
        page_type: og:type or the JSON-LD @type of the page; "" without.
        noscript: the text inside <noscript>, joined.
        visible_chars: code points of all visible text.
        link_chars: of those, inside links.
        html_chars: code points of the whole document.
        script_chars: of those, inside <script>.
        scripts: how many <script> elements.
        links: how many <a href>.
        images, frames: how many <img>, <iframe>.
        password_fields: how many <input type=password>.
        accessible_for_free: JSON-LD isAccessibleForFree, or None where it isn't said.
        refresh: the target of a <meta refresh>, resolved; "" without.
        refresh_delay: its delay in seconds.
        markers: names of the known vendor markers found in headers or markup (see rules/markers).
    """

    title: str = ""
    canonical: str = ""
    page_type: str = ""
    noscript: str = ""
    visible_chars: int = 0
    link_chars: int = 0
    html_chars: int = 0
    script_chars: int = 0
    scripts: int = 0
    links: int = 0
    images: int = 0
    frames: int = 0
    password_fields: int = 0
    accessible_for_free: bool | None = None
    refresh: str = ""
    refresh_delay: float = 0.0
    markers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Extraction:
    """What a page says, in three layers of decreasing confidence that it is the article.

    Attributes:
        headline: the page's own headline, best guess; "" without.
        headlines: every candidate (h1, og:title, JSON-LD headline, <title>), best first, without repeats.
        byline: authors as the page names them; "" without.
        published, modified: the page's own dates as written in its markup (ISO 8601 where it is); "" without.
        language: declared language tag; "" without.
        charset: the codec the bytes were decoded with.
        charset_source: `header`, `bom`, `meta` or `detected`.
        main: the main text (trafilatura's).
        visible: all visible text, in document order, main text included.
        structured: the page's structured text: JSON-LD articleBody and description, og:description, meta
            description.
        facts: about the page as a page.
        extractor: name, version and options of what made `main`.
    """

    headline: str
    headlines: tuple[str, ...]
    byline: str
    published: str
    modified: str
    language: str
    charset: str
    charset_source: str
    main: tuple[Block, ...]
    visible: tuple[Block, ...]
    structured: tuple[str, ...]
    facts: PageFacts
    extractor: str


# ---------------------------------------------------------------- comparison


class ChangeKind(StrEnum):
    """The shape of a change."""

    REPLACE = "replace"
    DELETE = "delete"
    INSERT = "insert"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a list of blocks: block index and code-point offsets into that block's own text."""

    block: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. Old is the stored copy (or the earlier capture), new is the page; texts are original text.

    Attributes:
        kind: its shape.
        old, new: the smallest texts that differ; either may be empty.
        old_context, new_context: the sentence or paragraph around them, for reading.
        old_span: where `old` stands in the stored copy's blocks; None for an insertion and for the headline.
        new_span: where `new` stands in the page's blocks; None for a deletion and for the headline.
        natures: what kind of difference it is, strongest first.
        weight: 0..1, how much it matters; changes are reported by falling weight.
    """

    kind: ChangeKind
    old: str
    new: str
    old_context: str = ""
    new_context: str = ""
    old_span: Span | None = None
    new_span: Span | None = None
    natures: tuple[Nature, ...] = ()
    weight: float = 0.0


class Layer(StrEnum):
    """In which layer of a page a stored sentence was found."""

    MAIN = "main"
    VISIBLE = "visible"
    STRUCTURED = "structured"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Measures:
    """Similarity of stored copy and main text, for researchers; 0..1 each (docs/verdicts.md has the definitions).

    Attributes:
        containment_old: share of the stored copy's 5-gram shingles that the page has.
        containment_new: share of the page's shingles that the stored copy has.
        jaccard, dice: of the two shingle sets.
        cosine: of the character 3-gram counts.
        edit_similarity: 1 - normalised indel distance.
    """

    containment_old: float = 0.0
    containment_new: float = 0.0
    jaccard: float = 0.0
    dice: float = 0.0
    cosine: float = 0.0
    edit_similarity: float = 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the stored copy (or an earlier capture) and a page relate.

    Attributes:
        changes: the material differences, by falling weight.
        natures: labels of the whole: union over `changes`; for a comparison without changes `cosmetic` and
            `script-variant` where they hold.
        coverage: share (0..1, by normalised characters) of the stored sentences found anywhere on the page.
        lead: the same over the first fifth of the stored copy (at least two sentences).
        tail: the same over the last third.
        stored_chars: normalised characters of the stored copy that were compared.
        found_chars: of those, found on the page.
        main_chars: normalised characters of the page's main text.
        headline_found: whether the stored headline stands on the page as a headline.
        excerpt: whether the stored copy is an excerpt and was compared as one.
        layers: for each stored sentence, in order, where it was found.
        template_candidates: digests of page blocks whose addition alone would make this `edited`; they may yet be
            recognised as the host's template.
        set_aside: page blocks passed over as template, links or furniture: (rule, text).
        measures: for researchers.
    """

    changes: tuple[Change, ...]
    natures: tuple[Nature, ...]
    coverage: float
    lead: float
    tail: float
    stored_chars: int
    found_chars: int
    main_chars: int
    headline_found: bool
    excerpt: bool = False
    layers: tuple[Layer, ...] = ()
    template_candidates: tuple[str, ...] = ()
    set_aside: tuple[tuple[str, str], ...] = ()
    measures: Measures = field(default_factory=Measures)


# ---------------------------------------------------------------- judgement


@dataclass(frozen=True, slots=True)
class Evidence:
    """One rule that was tried, and what it saw.

    Attributes:
        rule: the rule's name.
        held: whether it decided or supported the verdict.
        saw: what it saw, in a sentence.
    """

    rule: str
    held: bool
    saw: str


class AdmissionKind(StrEnum):
    """How a page owns up to having been changed."""

    NOTICE = "notice"  # a correction or an editor's note
    UPDATED_TIME = "updated-time"  # the time of an update, in sight or in the markup


@dataclass(frozen=True, slots=True)
class Admission:
    """Where a page owns up to having been changed.

    Attributes:
        kind: how.
        text: its words, cut where they are long.
    """

    kind: AdmissionKind
    text: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a check concludes, and why.

    Attributes:
        verdict, reason: exactly one verdict, and its reason where it has one.
        natures: of the edit, or of the cosmetic difference.
        changes: the differences that are reported with this verdict.
        evidence: the chain of rules tried, in order, the deciding one last.
        remaining: share (0..1) of the stored copy still on the page; None where nothing was compared.
        wants_probe: a random-path probe of the host could change this verdict.
        admission: of an `edited` page, where it owns up to the change; None where it does not, which makes a silent
            edit, and with any other verdict.
    """

    verdict: Verdict
    reason: Reason | None = None
    natures: tuple[Nature, ...] = ()
    changes: tuple[Change, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    remaining: float | None = None
    wants_probe: bool = False
    admission: Admission | None = None


@dataclass(frozen=True, slots=True)
class SinceLast:
    """The page against its own earlier capture, with the same extractor.

    Attributes:
        changed: whether the article's text changed.
        changes: how.
        previous_at: when the earlier capture was made.
    """

    changed: bool
    changes: tuple[Change, ...]
    previous_at: datetime


@dataclass(frozen=True, slots=True)
class Check:
    """One post in one run: what the ledger keeps and `--json` prints.

    Attributes:
        post: path as given.
        source: the source URL exactly as the post has it; None without one.
        checked_at: when the check was concluded.
        judgement: the conclusion.
        final_url, http_status: of the deciding exchange; None where there was none.
        captured_at: when the deciding exchange began; None where there was none.
        capture: the records; None where nothing was asked.
        stored_record: the `resource` record of the post's bytes that was compared; None where it couldn't be read.
        post_digest: digest of those bytes; "" where the file couldn't be read.
        since_last: None on a first check and where either side has no article.
        extractor: name, version and options; "" where nothing was extracted.
        rules: version of the comparison and verdict rules.
        measures: None where nothing was compared.
        probe: the random-path probe that was weighed; None where none was.
        template: digests of page blocks that were passed over as the host's template, so that the check can be
            derived again.
        previous: the earlier capture `since_last` was drawn from.
        error: for an unreadable post, `path:line: reason`; "" otherwise.
        text_digest: `sha256:` digest of the page's normalised main text, the same for two captures that say the same
            (confirmation over runs needs it); "" where nothing was extracted.
    """

    post: str
    source: str | None
    checked_at: datetime
    judgement: Judgement
    final_url: str | None = None
    http_status: int | None = None
    captured_at: datetime | None = None
    capture: ArchivedCapture | None = None
    stored_record: RecordRef | None = None
    post_digest: str = ""
    since_last: SinceLast | None = None
    extractor: str = ""
    rules: str = ""
    measures: Measures | None = None
    probe: ArchivedCapture | None = None
    template: tuple[str, ...] = ()
    previous: ArchivedCapture | None = None
    error: str = ""
    text_digest: str = ""
