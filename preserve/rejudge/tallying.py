"""Owns the report on what was judged again: what would change, why, and an example of each kind. Pure.

It holds a bounded number of examples and names, however many checks there are.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from preserve.model import Nature, Reason, Verdict
from preserve.rejudge.values import Cause, Rejudged

NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of difference: its cause, verdict and reason then, and now."""

    cause: Cause
    old: Verdict
    old_reason: Reason | None
    new: Verdict
    new_reason: Reason | None


@dataclass(slots=True)
class Group:
    """The checks that differ in one way.

    Attributes:
        checks: how many.
        posts: how many of them are their post's last, so that the post would stand otherwise.
        named: some of the posts.
        example: one of them, of a post's last check where there is one.
    """

    checks: int = 0
    posts: int = 0
    named: list[str] = field(default_factory=list)
    example: Rejudged | None = None

    def add(self, result: Rejudged) -> None:
        """Take one in."""
        self.checks += 1
        self.posts += result.latest
        post = result.check.post
        if post not in self.named and len(self.named) < NAMED:
            self.named.append(post)
        if self.example is None or (result.latest and not self.example.latest):
            self.example = result


@dataclass(slots=True)
class Tally:
    """What came of all checks so far.

    Attributes:
        checks: how many were looked at.
        without: of these, how many have no capture, so that there is nothing to judge again.
        same: how many are concluded as before, by the same versions and with the same evidence.
        carried: how many are concluded as before by another version, or with other evidence or measures.
        different: how many are concluded otherwise.
        posts: of the different ones, how many are their post's last.
        kinds: the different ones.
        labels: how many edits have a label more (True), or less (False), by cause and label.
        problems: how many could not be judged.
        told: some of the reasons why not, each with its post.
    """

    checks: int = 0
    without: int = 0
    same: int = 0
    carried: int = 0
    different: int = 0
    posts: int = 0
    kinds: dict[Kind, Group] = field(default_factory=dict)
    labels: Counter[tuple[Cause, Nature, bool]] = field(default_factory=Counter)
    problems: int = 0
    told: list[tuple[str, str]] = field(default_factory=list)

    def add(self, result: Rejudged) -> None:
        """Take one in."""
        self.checks += 1
        if result.problem:
            self.problems += 1
            if len(self.told) < NAMED:
                self.told.append((result.check.post, result.problem))
        elif result.again is None:
            self.without += 1
        elif not result.same:
            self._differs(result)
        elif result.now == result.check:
            self.same += 1
        else:
            self.carried += 1

    def by_cause(self, cause: Cause) -> list[tuple[Kind, Group]]:
        """The kinds of difference that have a cause, most checks first."""
        found = [(kind, group) for kind, group in self.kinds.items() if kind.cause is cause]
        return sorted(found, key=lambda item: (-item[1].checks, item[0].old, item[0].new))

    def _differs(self, result: Rejudged) -> None:
        old, new, cause = result.check.judgement, result.now.judgement, result.cause
        self.different += 1
        self.posts += result.latest
        kind = Kind(cause, old.verdict, old.reason, new.verdict, new.reason)
        self.kinds.setdefault(kind, Group()).add(result)
        for nature in set(old.natures) ^ set(new.natures):
            self.labels[cause, nature, nature in new.natures] += 1
