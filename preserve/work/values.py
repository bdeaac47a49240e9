"""What a coordinator and its workers say to each other: picklable values, light to import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from preserve.fetch import Journey
from preserve.model import ArchivedCapture, Precedent
from preserve.sending import sent
from preserve.tasks import Judged, PostBytes
from preserve.warc.storage import Stored


class Kind(StrEnum):
    """What is to be done for an order."""

    SOURCE = "source"  # fetch, archive, judge
    PROBE = "probe"  # fetch a random path beside the URL, archive
    JUDGE = "judge"  # judge a capture that is archived


@sent
@dataclass(frozen=True, slots=True)
class Order:
    """One thing to be done.

    Attributes:
        number: by which the coordinator knows it again.
        kind: what is to be done.
        source: the source URL as the post has it; of a probe, the URL it is made beside.
        posts: those that name the source, judged each.
        last: the source's last capture that had the article, or None.
        not_modified: how many captures of it ended in a 304 since one brought the page itself.
        probe, template: what is known of the host, for judging.
        precedents: earlier checks of the posts, by path, whose judgement may hold.
        journey: a visit begun elsewhere that has come to this host; None begins one.
        capture: what `JUDGE` judges.
        keep_text: archive the extracted text beside the capture.
    """

    number: int
    kind: Kind
    source: str
    posts: tuple[PostBytes, ...] = ()
    last: ArchivedCapture | None = None
    not_modified: int = 0
    probe: ArchivedCapture | None = None
    template: frozenset[str] = frozenset()
    precedents: Mapping[str, Precedent] = field(default_factory=dict)
    journey: Journey | None = None
    capture: ArchivedCapture | None = None
    keep_text: bool = True


@sent
@dataclass(frozen=True, slots=True)
class Batch:
    """Orders for one worker, done one after the other by one of its threads.

    Attributes:
        host: the one host they ask, whose turn the worker has meanwhile; "" when they only judge.
        orders: at least one.
        stored: of files that the orders refer to, those that lie in the storage; for a worker that can't look it up.
        is_last: when it was sent, nothing else waited to be: the run is likely to wait for what comes of it.
    """

    host: str
    orders: tuple[Order, ...]
    stored: tuple[Stored, ...] = ()
    is_last: bool = False


@sent
@dataclass(frozen=True, slots=True)
class Fetched:
    """A visit ended, or came to another host.

    Attributes:
        number: of its order.
        capture: as archived; None when the visit was interrupted or goes on.
        journey: where it goes on, at another host.
        beside: captures of robots.txt archived with it.
    """

    number: int
    capture: ArchivedCapture | None
    journey: Journey | None = None
    beside: tuple[ArchivedCapture, ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """A visit ended with this status (None: no answer); its `Fetched` follows when its records are stored."""

    number: int
    status: int | None


@dataclass(frozen=True, slots=True)
class Beside:
    """Captures of robots.txt that were archived with visits told of before."""

    captures: tuple[ArchivedCapture, ...]


@sent
@dataclass(frozen=True, slots=True)
class Concluded:
    """An order's capture was judged.

    Attributes:
        number: of its order.
        judged: the outcome, without the text, which nobody needs who does not archive it.
        template: what the host's template was taken to be, where that is not what the order says: an earlier judgement
            was followed.
    """

    number: int
    judged: Judged
    template: frozenset[str] | None = None


@sent
@dataclass(frozen=True, slots=True)
class Back:
    """A batch is done with, judging aside.

    Attributes:
        host: its host.
        undone: the numbers of orders that were not begun: the host refused, or the run is to stop.
        ready_in: seconds until the host may be asked again.
    """

    host: str
    undone: tuple[int, ...] = ()
    ready_in: float = 0.0


@dataclass(frozen=True, slots=True)
class FileBegun:
    """A worker writes to a WARC file of this (final) name from now on."""

    name: str


@dataclass(frozen=True, slots=True)
class FileLines:
    """The first lines for the index of a WARC file that is whole, sorted; more follow, the last with `FileClosed`."""

    name: str
    lines: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class FileClosed:
    """A WARC file is whole and has its final name; `lines` are its lines for the index, sorted: all, or the last."""

    name: str
    lines: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class FileStored:
    """A WARC file lies in the storage, was read back there, and nowhere else; `lines` as of `FileClosed`."""

    stored: Stored
    lines: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """A worker has closed its file and is gone; nothing comes after it."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A worker is gone with all it had in hand.

    Attributes:
        why: a phrase for the user.
        ended: its process is known to have ended; else it can't ask or tell any more, and may yet write to its file.
    """

    why: str
    ended: bool = True


@dataclass(frozen=True, slots=True)
class Broken:
    """A worker met what no other worker would do better; the run ends with this error."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Alive:
    """A worker asks for its lease to be renewed; answered with `Renewed` of the same number."""

    number: int


@dataclass(frozen=True, slots=True)
class Renewed:
    """The answer to `Alive`."""

    number: int


@dataclass(frozen=True, slots=True)
class Notice:
    """What the user should know of the workers, in a sentence."""

    text: str


Event = (
    Alive
    | Notice
    | Answered
    | Fetched
    | Beside
    | Concluded
    | Back
    | FileBegun
    | FileLines
    | FileClosed
    | FileStored
    | Ended
    | Lost
    | Broken
)
