"""What becomes of judgements: concluded at once, or held until more is known of their host.

Owns what a run learns of its hosts (`HostState`) and the second look: a judgement that the host's template, or its
answer to a random path, may change waits until the host's pages are all in. Hands nothing out itself: what has to be
done next is returned.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

from preserve.ledger import Ledger
from preserve.model import ArchivedCapture, Check, Reason
from preserve.tasks import Judged, JudgedPost
from preserve.times import Clock
from preserve.verify.hosts import TEMPLATE_SOURCES, HostState
from preserve.verify.plan import SourceTask, unchecked
from preserve.verify.recording import Recorder
from preserve.verify.tools import Listener
from preserve.work.values import Kind, Order

HELD_AT_MOST = 128


@dataclass(frozen=True, slots=True)
class ProbeTask:
    """Ask a random path beside `url`, to see what the host says to addresses that can't exist."""

    url: str
    host: str


@dataclass(frozen=True, slots=True)
class SecondLook:
    """Judge a capture again, now that more is known."""

    task: SourceTask
    order: Order
    capture: ArchivedCapture


@dataclass(frozen=True, slots=True)
class Next:
    """What follows from a judgement.

    Attributes:
        settled: how many sources need nothing more in this run.
        wanted: what has to be done before others can be concluded.
    """

    settled: int = 0
    wanted: tuple[ProbeTask | SecondLook, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgements:
    """What one order came to: a judgement for each post of its source."""

    task: SourceTask
    order: Order
    capture: ArchivedCapture
    judged: Judged

    @property
    def wants_probe(self) -> bool:
        """Whether the host's answer to a random path would tell more."""
        return self.order.probe is None and any(post.judgement.wants_probe for post in self.judged.posts)

    @property
    def candidates(self) -> frozenset[str]:
        """Digests of what may be the host's template."""
        return frozenset(key for post in self.judged.posts for key in post.template_candidates)


class Conclusions:
    """Brings judgements to checks.

    Args:
        ledger: knows the blocks that recur on a host.
        recorder: takes checks.
        listener: told of changes that turn out to be a template's.
        clock: for the time of checks.

    Attributes:
        hosts: what is known of each host that has sources, by name.
    """

    def __init__(self, ledger: Ledger, recorder: Recorder, listener: Listener, clock: Clock) -> None:
        self._ledger, self._recorder, self._listener, self._clock = ledger, recorder, listener, clock
        self.hosts: dict[str, HostState] = {}
        self._held: dict[str, list[Judgements]] = defaultdict(list)
        self._probing: set[str] = set()

    def enlist(self, host: str, sources: int) -> None:
        """Note a host and how many sources it has."""
        self.hosts[host] = HostState(host, pending=sources, template=self._template(host))

    def take_again(self, found: Judgements) -> Next:
        """Conclude what a second look came to."""
        return self._and(self._conclude(found), self.release(found.task.host))

    def take(self, found: Judgements, *, hold: bool) -> Next:
        """Conclude a judgement, or hold it; with it what was held for the same host, once that is ready.

        Args:
            found: what a first look came to.
            hold: whether there is time to wait; without, what would have to is left for the next run to judge.
        """
        state = self.hosts[found.task.host]
        state.pending -= 1
        if found.candidates:
            self._recorder.learn(state.name, found.task.source, tuple(sorted(found.candidates)))
        if not (found.wants_probe or found.candidates):
            return self._and(self._conclude(found), self.release(state.name))
        if not hold:
            return Next(settled=1)
        self._held[state.name].append(found)
        if found.wants_probe and not state.probe_asked:
            state.probe_asked = True
            self._probing.add(state.name)
            return Next(wanted=(ProbeTask(found.task.url, state.name),))
        return self.release(state.name)

    def probed(self, host: str, capture: ArchivedCapture | None) -> Next:
        """The host's random path was asked; None when the visit was interrupted."""
        self.hosts[host].probe = capture
        self._probing.discard(host)
        return self.release(host)

    def not_asked(self, task: SourceTask | ProbeTask, saw: str) -> None:
        """A task is not done for what was seen of a host; what was held for it can be released."""
        if isinstance(task, ProbeTask):
            self._probing.discard(task.host)
            return
        self.hosts[task.host].pending -= 1
        for post in task.posts:
            why = (Reason.HOST_INCIDENT, saw)
            self._recorder.add(unchecked(post.path, post.source, self._clock.now(), why))

    def release(self, host: str) -> Next:
        """Once the host's pages are all in (or too many wait), look again where what was learned matters."""
        state, held = self.hosts[host], self._held[host]
        if not held or host in self._probing or (state.pending and len(held) < HELD_AT_MOST):
            return Next()
        self._held[host] = []
        self._recorder.commit_blocks()
        state.template = self._template(host)
        for notice in state.template_changes([item.judged for item in held]):
            self._listener.notice(notice)
        settled, looks = 0, []
        for item in held:
            probe = state.probe if item.wants_probe else item.order.probe
            if probe is not item.order.probe or (state.template & item.candidates):
                looks.append(SecondLook(item.task, self._order_again(item, state, probe), item.capture))
            else:
                settled += self._conclude(item)
        return Next(settled, tuple(looks))

    def give_up(self) -> int:
        """Let go of what is held, for the next run to judge; how many sources that were."""
        held = sum(len(items) for items in self._held.values())
        self._held.clear()
        return held

    def _and(self, settled: int, then: Next) -> Next:
        return replace(then, settled=then.settled + settled)

    def _order_again(self, item: Judgements, state: HostState, probe: ArchivedCapture | None) -> Order:
        return replace(
            item.order,
            kind=Kind.JUDGE,
            probe=probe,
            template=state.template,
            precedents={},
            journey=None,
            capture=item.capture,
            keep_text=False,
        )

    def _template(self, host: str) -> frozenset[str]:
        return frozenset(self._ledger.block_counts(host, at_least=TEMPLATE_SOURCES))

    def _conclude(self, found: Judgements) -> int:
        """Hand a source's checks to the recorder; 1."""
        sources = {post.path: post.source for post in found.task.posts}
        data = {post.path: post.data for post in found.order.posts}
        for post in found.judged.posts:
            self._recorder.add(self._check(found, post, sources[post.path]), data[post.path])
        if found.judged.posts:
            self.hosts[found.task.host].note(found.judged.posts[0].judgement)
        return 1

    def _check(self, found: Judgements, post: JudgedPost, source: str) -> Check:
        capture, final = found.capture, found.capture.final
        return Check(
            post=post.path,
            source=source,
            checked_at=self._clock.now(),
            judgement=post.judgement,
            final_url=final.url if final else None,
            http_status=final.status if final else None,
            captured_at=capture.captured_at if final else None,
            capture=capture,
            post_digest=post.digest,
            since_last=post.since_last,
            verdict_before=post.verdict_before,
            text_digest=found.judged.text_digest,
            extractor=found.judged.extractor,
            rules=found.judged.rules,
            measures=post.measures,
            probe=found.order.probe,
            template=tuple(sorted(found.order.template)),
            previous=found.order.last,
        )
