"""A text with its differences marked, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from preserve.model import Change


class Mark(StrEnum):
    """How an editor would mark a piece of text."""

    NONE = ""
    DELETED = "del"
    INSERTED = "ins"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a passage.

    Attributes:
        text: as it stands.
        mark: how it is marked.
        change: number of the change (from 1, by falling weight); 0 where unmarked.
    """

    text: str
    mark: Mark = Mark.NONE
    change: int = 0


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph, as the stored copy has it and as the source has it.

    Attributes:
        old, new: pieces in order; empty where that side has no such paragraph.
        both: the two in one, deletions before insertions.
        headline: it is the headline.
    """

    old: tuple[Piece, ...]
    new: tuple[Piece, ...]
    both: tuple[Piece, ...]
    headline: bool = False

    @property
    def changed(self) -> bool:
        """Whether anything is marked."""
        return any(piece.mark is not Mark.NONE for piece in self.both)


@dataclass(frozen=True, slots=True)
class Marked:
    """The differences of two texts, as a newspaper editor would mark them.

    Attributes:
        passages: in the order of the stored copy.
        unplaced: new paragraphs; between which of the copy's they stand is not known.
        whole: the stored copy could be read, so that unchanged passages are there too.
        changes: by falling weight; a piece's number counts in them.
    """

    passages: tuple[Passage, ...]
    unplaced: tuple[Passage, ...]
    whole: bool
    changes: tuple[Change, ...]
