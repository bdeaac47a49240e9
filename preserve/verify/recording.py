"""Checks on their way into the ledger: witnessed, synced, committed together.

A check reaches the ledger after its records are synced to disk (promise 2).
"""

from __future__ import annotations

from preserve.git import PostVersions
from preserve.model import ArchivedCapture, Check
from preserve.times import Clock
from preserve.verify.tools import Archive, Listener
from preserve.verify.witness import witnessed

COMMIT_EVERY = 64
COMMIT_SECONDS = 0.25
"""So long a check may wait for others to go along: a transaction costs the processor as much as three checks."""


class Recorder:
    """Takes checks and what goes with them, and commits them a few at a time.

    Args:
        archive: where they go.
        versions: what git says of the posts.
        listener: told of every check that is in the ledger.
        clock: tells how long checks have waited.
    """

    def __init__(self, archive: Archive, versions: PostVersions, listener: Listener, clock: Clock) -> None:
        self._archive, self._versions, self._listener, self._clock = archive, versions, listener, clock
        self._since = 0.0
        self._checks: list[Check] = []
        self._blocks: list[tuple[str, str, tuple[str, ...]]] = []  # host, source, digests
        self._beside: list[ArchivedCapture] = []
        self.committed = 0

    def add(self, check: Check, data: bytes | None = None) -> None:
        """Take a check, with the post's own bytes witnessed when they are new."""
        archive = self._archive
        self._begin_to_wait()
        self._checks.append(witnessed(check, data, archive.writer, archive.ledger, self._versions))

    def add_beside(self, captures: tuple[ArchivedCapture, ...]) -> None:
        """Take captures of robots.txt."""
        if captures:
            self._begin_to_wait()
            self._beside += captures

    def learn(self, host: str, source: str, digests: tuple[str, ...]) -> None:
        """Note blocks that may be the host's template."""
        self._begin_to_wait()
        self._blocks.append((host, source, digests))

    @property
    def full(self) -> bool:
        """Whether enough has come together to be committed."""
        return len(self._checks) >= COMMIT_EVERY

    @property
    def due(self) -> bool:
        """Whether what has come together is enough, or has waited for long enough."""
        return self.full or (self._waits and self._clock.monotonic() - self._since >= COMMIT_SECONDS)

    @property
    def _waits(self) -> bool:
        return bool(self._checks or self._beside or self._blocks)

    def _begin_to_wait(self) -> None:
        if not self._waits:
            self._since = self._clock.monotonic()

    def commit(self) -> None:
        """Bring everything into the ledger.

        Raises:
            ArchiveError: it can't be written.
        """
        checks, self._checks = self._checks, []
        beside, self._beside = self._beside, []
        if not checks and not beside:
            self.commit_blocks()
            return
        blocks, self._blocks = self._blocks, []
        self._archive.writer.sync()
        self._archive.ledger.append(self._archive.run, checks, blocks, beside)
        self.committed += len(checks)
        for check in checks:
            self._listener.checked(check)

    def commit_blocks(self) -> None:
        """Bring what was learned of templates into the ledger, so that it can be asked for."""
        blocks, self._blocks = self._blocks, []
        if blocks:
            self._archive.ledger.append(self._archive.run, (), blocks)
