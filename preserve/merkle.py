"""Merkle trees as RFC 9162, section 2.1, defines them: roots, proofs, and their verification.

Pure, and nothing recurses. Knows hashes, not what is logged (`preserve.leaves`) or where it is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from hashlib import sha256
from itertools import islice
from typing import Final

Span = tuple[int, int]
"""The leaves of a subtree: the first, and the one behind the last."""

_RUN: Final = 1 << 12
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash of an entry (RFC 9162, section 2.1.1: SHA-256 of 0x00 and the entry)."""
    return sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node (RFC 9162, section 2.1.1: SHA-256 of 0x01 and both children)."""
    return sha256(b"\1" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: enough to append and to tell the root, in room of log(size).

    Args:
        size: leaves of the tree to go on with.
        peaks: its peaks.

    Attributes:
        size: leaves so far.

    Raises:
        ValueError: a tree of that size has another number of peaks.
    """

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        if len(peaks) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} peaks, not {len(peaks)}")
        self.size = size
        self._peaks = list(peaks)

    def append(self, leaf: bytes) -> None:
        """Add a leaf by its hash."""
        size, peak = self.size, leaf
        while size & 1:
            peak = node_hash(self._peaks.pop(), peak)
            size >>= 1
        self._peaks.append(peak)
        self.size += 1

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """The roots of the full subtrees it is made of, largest first."""
        return tuple(self._peaks)

    @property
    def root(self) -> bytes:
        """The root over everything appended so far."""
        return _folded(self._peaks) if self._peaks else EMPTY_ROOT


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root of the tree whose leaves have these hashes."""
    return subtree_roots(leaves, [(0, len(leaves))])[0] if leaves else EMPTY_ROOT


def inclusion_path(index: int, size: int) -> tuple[Span, ...]:
    """The subtrees whose roots prove that leaf `index` is in a tree of `size` leaves (RFC 9162, section 2.1.3.1).

    Raises:
        ValueError: no such leaf.
    """
    start, end = 0, size
    if not start <= index < end:
        raise ValueError(f"no leaf {index} in a tree of {end}")
    path = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return tuple(reversed(path))


def consistency_path(first: int, size: int) -> tuple[Span, ...]:
    """The subtrees whose roots prove that a tree of `first` leaves is the beginning of one of `size` (2.1.4.1).

    Raises:
        ValueError: there were never so many leaves, or none.
    """
    start, end = 0, size
    if not 0 < first <= end:
        raise ValueError(f"a tree of {end} leaves does not begin with one of {first}")
    path, whole = [], True
    while first < end:
        middle = start + _split(end - start)
        if first <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start, whole = middle, False
    if not whole:
        path.append((start, end))
    return tuple(reversed(path))


def subtree_roots(leaves: Iterable[bytes], spans: Iterable[Span]) -> tuple[bytes, ...]:
    """The root of each of `spans`, from one pass over the leaves, of which few are in memory at a time.

    Args:
        leaves: hashes, from the first on; what lies behind the last span is not asked for.
        spans: subtrees that RFC 9162 speaks of, as the paths above give them; they may overlap.

    Raises:
        ValueError: there are fewer leaves.
    """
    spans = tuple(spans)
    parts = {span: _full_parts(*span) for span in spans}
    found = _full_roots(leaves, {part for some in parts.values() for part in some})
    return tuple(_folded([found[part] for part in parts[span]]) for span in spans)


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The path from leaf `index` to the root (RFC 9162, section 2.1.3.1).

    Raises:
        ValueError: no such leaf.
    """
    return subtree_roots(leaves, inclusion_path(index, len(leaves)))


def consistency_proof(leaves: Sequence[bytes], size: int) -> tuple[bytes, ...]:
    """What shows that the tree of the first `size` leaves is the beginning of this one (RFC 9162, 2.1.4.1).

    Raises:
        ValueError: there were never so many leaves, or none.
    """
    return subtree_roots(leaves, consistency_path(size, len(leaves)))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the tree of `size` leaves with this root has `leaf` at `index` (RFC 9162, section 2.1.3.2).

    Args:
        leaf: the leaf's hash.
        index: its place, from 0.
        size: leaves in the tree.
        proof: as `inclusion_proof` gives it.
        root: of the tree.
    """
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(step, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, step)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(sizes: tuple[int, int], roots: tuple[bytes, bytes], proof: Sequence[bytes]) -> bool:
    """Whether an earlier tree is the beginning of a later one (RFC 9162, section 2.1.4.2).

    Args:
        sizes: leaves in the earlier and in the later tree.
        roots: of the earlier and of the later tree.
        proof: as `consistency_proof` gives it.
    """
    first, second = sizes
    if not 0 < first <= second:
        return False
    if first == second:
        return not proof and roots[0] == roots[1]
    steps = [roots[0], *proof] if first & (first - 1) == 0 else list(proof)
    if not steps:
        return False
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    older = newer = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            older, newer = node_hash(step, older), node_hash(step, newer)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            newer = node_hash(newer, step)
        place, last = place >> 1, last >> 1
    return last == 0 and (older, newer) == roots


def _split(size: int) -> int:
    """The largest power of two below `size`, which must be 2 or more."""
    return 1 << ((size - 1).bit_length() - 1)


def _full_parts(start: int, end: int) -> tuple[Span, ...]:
    """The full subtrees that a span is made of, largest first."""
    parts = []
    while start < end:
        size = 1 << ((end - start).bit_length() - 1)
        parts.append((start, start + size))
        start += size
    return tuple(parts)


def _full_roots(leaves: Iterable[bytes], wanted: Set[Span]) -> dict[Span, bytes]:
    """The roots of full subtrees. Leaves are hashed a run of `_RUN` at a time, level by level."""
    found: dict[Span, bytes] = {}
    inside: dict[int, list[Span]] = {}
    for span in wanted:
        if span[1] - span[0] <= _RUN:
            inside.setdefault(span[0] // _RUN, []).append(span)
    hashes, last = iter(leaves), max((end for _, end in wanted), default=0)
    peaks: list[tuple[Span, bytes]] = []
    for start in range(0, last, _RUN):
        level, span = list(islice(hashes, min(_RUN, last - start))), (start, start + 1)
        if len(level) < min(_RUN, last - start):
            raise ValueError(f"there are {start + len(level)} leaves, and {last} were to be there")
        needed = inside.get(start // _RUN, ())
        while level:
            size = span[1] - span[0]
            found.update((one, level[(one[0] - start) // size]) for one in needed if one[1] - one[0] == size)
            if size == _RUN:
                _grow(peaks, span, level[0], wanted, found)
            span = (start, start + 2 * size)
            level = [
                sha256(b"\1" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)
            ]
    return found


def _grow(
    peaks: list[tuple[Span, bytes]], span: Span, peak: bytes, wanted: Set[Span], found: dict[Span, bytes]
) -> None:
    """Add a run to the right edge, and keep what is wanted of the subtrees that it completes."""
    while peaks and peaks[-1][0][1] - peaks[-1][0][0] == span[1] - span[0]:
        before, left = peaks.pop()
        span, peak = (before[0], span[1]), node_hash(left, peak)
        if span in wanted:
            found[span] = peak
    peaks.append((span, peak))


def _folded(peaks: Sequence[bytes]) -> bytes:
    """The root over full subtrees, largest first."""
    found = peaks[-1]
    for peak in reversed(peaks[:-1]):
        found = node_hash(peak, found)
    return found
