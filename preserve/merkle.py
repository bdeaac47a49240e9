"""Merkle trees as RFC 9162, section 2.1, defines them: roots, proofs, and their verification.

Pure, and nothing recurses. Knows hashes, not what is logged (`preserve.leaves`) or where it is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

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
        if not self._peaks:
            return EMPTY_ROOT
        found = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            found = node_hash(peak, found)
        return found


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root of the tree whose leaves have these hashes."""
    return _root(leaves, 0, len(leaves))


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The path from leaf `index` to the root (RFC 9162, section 2.1.3.1).

    Raises:
        ValueError: no such leaf.
    """
    start, end = 0, len(leaves)
    if not start <= index < end:
        raise ValueError(f"no leaf {index} in a tree of {end}")
    path = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_root(leaves, middle, end))
            end = middle
        else:
            path.append(_root(leaves, start, middle))
            start = middle
    return tuple(reversed(path))


def consistency_proof(leaves: Sequence[bytes], size: int) -> tuple[bytes, ...]:
    """What shows that the tree of the first `size` leaves is the beginning of this one (RFC 9162, 2.1.4.1).

    Raises:
        ValueError: there were never so many leaves, or none.
    """
    start, end = 0, len(leaves)
    if not 0 < size <= end:
        raise ValueError(f"a tree of {end} leaves does not begin with one of {size}")
    path, whole = [], True
    while size < end:
        middle = start + _split(end - start)
        if size <= middle:
            path.append(_root(leaves, middle, end))
            end = middle
        else:
            path.append(_root(leaves, start, middle))
            start, whole = middle, False
    if not whole:
        path.append(_root(leaves, start, end))
    return tuple(reversed(path))


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


def _root(leaves: Sequence[bytes], start: int, end: int) -> bytes:
    frontier = Frontier()
    for index in range(start, end):
        frontier.append(leaves[index])
    return frontier.root
