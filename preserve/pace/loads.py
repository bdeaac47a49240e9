"""How many sources each host has: counted, or made up for sizes that nobody has at hand.

Hosts with equally many sources are asked alike, so they are kept as one class; a hundred million sources are a few
thousand classes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HostClass:
    """Hosts that have the same number of sources.

    Attributes:
        sources: of each of them; at least 1.
        hosts: how many such hosts; at least 1.
    """

    sources: int
    hosts: int


@dataclass(frozen=True, slots=True)
class Load:
    """A collection, as its hosts see it.

    Attributes:
        classes: ascending by sources, each number of sources once; none for an empty collection.
    """

    classes: tuple[HostClass, ...]

    @property
    def sources(self) -> int:
        """Of all hosts."""
        return sum(one.sources * one.hosts for one in self.classes)

    @property
    def hosts(self) -> int:
        """How many."""
        return sum(one.hosts for one in self.classes)

    @property
    def largest(self) -> int:
        """Sources of the largest host; 0 without hosts."""
        return self.classes[-1].sources if self.classes else 0


def load_of(counts: Iterable[int]) -> Load:
    """The load of hosts with these numbers of sources.

    Raises:
        ValueError: a host has no source.
    """
    sizes = Counter(counts)
    if any(size < 1 for size in sizes):
        raise ValueError("a host without a source is none to ask")
    return Load(tuple(HostClass(size, hosts) for size, hosts in sorted(sizes.items())))


def made_up_load(sources: int, largest_share: float, zipf: float) -> Load:
    """A load of `sources` with one host that has `largest_share` of them.

    The rest follows Zipf's law: the host of rank k has k^-`zipf` times what the first of the rest has, and the last one
    source. 0 means that each of the rest has one source.

    Args:
        sources: at least 1.
        largest_share: 0 to 1; 0 leaves the largest host to Zipf's law.
        zipf: 0 to 4.

    Raises:
        ValueError: an argument is out of its range.
    """
    if sources < 1 or not 0 <= largest_share <= 1 or not 0 <= zipf <= 4:
        raise ValueError("sources must be at least 1, the largest share 0 to 1, the exponent 0 to 4")
    largest = round(sources * largest_share)
    sizes: Counter[int] = Counter({largest: 1} if largest else {})
    rest = sources - largest
    if rest:
        hosts = _last_rank(rest, zipf)
        for size, count in _zipf_sizes(hosts, zipf):
            sizes[size] += count
        missing = sources - sum(size * count for size, count in sizes.items())
        if missing:
            sizes[1] += missing
    return Load(tuple(HostClass(size, count) for size, count in sorted(sizes.items())))


def _last_rank(rest: int, zipf: float) -> int:
    """The most hosts that share at most `rest` sources by the law."""
    low, high = 1, rest
    while low < high:
        middle = (low + high + 1) // 2
        if _fits(middle, zipf, rest):
            low = middle
        else:
            high = middle - 1
    return low


def _fits(hosts: int, zipf: float, rest: int) -> bool:
    total = 0
    for size, count in _zipf_sizes(hosts, zipf):
        total += size * count
        if total > rest:
            return False
    return True


def _zipf_sizes(hosts: int, zipf: float) -> Iterable[tuple[int, int]]:
    """Size and number of the hosts of ranks 1 to `hosts`, whose last has one source; a step for each size."""
    if zipf == 0:
        yield 1, hosts
        return
    rank = 1
    while rank <= hosts:
        size = int((hosts / rank) ** zipf)
        last = min(hosts, max(rank, int(hosts / size ** (1 / zipf))))
        yield size, last - rank + 1
        rank = last + 1
