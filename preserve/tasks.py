"""What goes to a judging process and what comes back: picklable values, light to import."""

from __future__ import annotations

from dataclasses import dataclass

from preserve.model import ArchivedCapture, Judgement, Measures, SinceLast, Verdict
from preserve.sending import sent
from preserve.settings import Settings


@sent
@dataclass(frozen=True, slots=True)
class PostBytes:
    """A post as it was read for judging.

    Attributes:
        path: as given.
        data: the file's bytes.
    """

    path: str
    data: bytes


@sent
@dataclass(frozen=True, slots=True)
class JudgeTask:
    """One capture and the posts that name its source.

    Attributes:
        archive: the archive directory.
        capture: what to judge.
        posts: each is judged against the capture.
        previous: the earlier capture for `since_last`, or None.
        probe: the random-path probe of the same host, or None.
        template: digests of blocks known to be the host's template.
        settings: how posts are read and how far content is decoded.
    """

    archive: str
    capture: ArchivedCapture
    posts: tuple[PostBytes, ...]
    previous: ArchivedCapture | None
    probe: ArchivedCapture | None
    template: frozenset[str]
    settings: Settings


@sent
@dataclass(frozen=True, slots=True)
class JudgedPost:
    """What was concluded for one post.

    Attributes:
        path, digest: of the post.
        judgement: the conclusion.
        since_last: the page against its earlier capture; None where either has no article.
        measures: None where nothing was compared.
        template_candidates: digests of additions that alone made this `edited`.
        verdict_before: what the earlier capture is by the same rules; None where the page is as it was then, and where
            nothing was asked.
    """

    path: str
    digest: str
    judgement: Judgement
    since_last: SinceLast | None = None
    measures: Measures | None = None
    template_candidates: tuple[str, ...] = ()
    verdict_before: Verdict | None = None


@sent
@dataclass(frozen=True, slots=True)
class Judged:
    """What a task came to.

    Attributes:
        posts: one for each post of the task, in order.
        text: the page's main text; "" where there is none.
        text_digest: `sha256:` digest of its normalised form; "" where there is none.
        extractor: name, version and options; "" where nothing was extracted.
        rules: version of the comparison rules.
    """

    posts: tuple[JudgedPost, ...]
    text: str = ""
    text_digest: str = ""
    extractor: str = ""
    rules: str = ""
