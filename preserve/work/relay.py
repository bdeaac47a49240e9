"""The part of a Dask crew that runs as a task on a Dask worker: a process of ours, joined to the coordinator.

The worker proper is a process of its own, the same as on one machine. So it does not share the Dask worker's
interpreter, dies with it, and ends when its lease does, whatever the Dask worker is at. This task hands on what either
says, unread, through queues that the scheduler holds: nothing needs to connect to the coordinator's machine.
"""

from __future__ import annotations

import socket
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from preserve.spawning import Child
from preserve.work.lease import WorkersNote
from preserve.work.leftovers import clear, room_for
from preserve.work.processes import GRACE_SECONDS, TARGET
from preserve.work.versions import versions

# What the task says, as [worker, incarnation, kind, what]: who it is, some bytes each of which is a message, or a text.
HELLO, SAYS, GONE = "hello", "says", "gone"
# What it is told, in lists of [kind, bytes].
BEGIN, PASS, LEAVE = "begin", "pass", "leave"
ANSWER_SECONDS = 60.0


class _Queue(Protocol):
    """What is used of `distributed.Queue`."""

    def put(self, value: object) -> None: ...

    def get(self, timeout: float | None = None) -> Any: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Post:
    """Where a task is to serve, in plain values that any version can read.

    Attributes:
        number: the worker's.
        inbox, outbox: names of queues: what it is told, and what it says.
        directory: the archive.
        token: left in the archive by the coordinator.
    """

    number: int
    inbox: str
    outbox: str
    directory: str
    token: str


def serve(post: Mapping[str, Any]) -> None:
    """The task: say who this is; when told to begin, be a worker until it ends or nobody is heard from.

    Args:
        post: the fields of a `Post`.
    """
    import distributed  # noqa: PLC0415 - only where a Dask worker is

    library: Any = distributed
    at = Post(**post)
    here = library.get_worker()
    threads, local = here.state.nthreads, Path(here.local_directory)
    library.secede()  # the Dask worker's threads are for tasks that compute
    inbox, outbox = library.Queue(at.inbox), library.Queue(at.outbox)
    try:
        _Relay(at, inbox, outbox).run(threads, local)
    finally:
        inbox.close()
        outbox.close()


class _Relay:
    """Between the queues and the process."""

    def __init__(self, post: Post, inbox: _Queue, outbox: _Queue) -> None:
        self._post, self._inbox, self._outbox = post, inbox, outbox
        self._incarnation = uuid.uuid4().hex

    def run(self, threads: int, local: Path) -> None:
        room = room_for(local, self._incarnation)
        try:
            self._run(threads, room)
        finally:
            clear(room)

    def _run(self, threads: int, room: Path) -> None:
        who = versions() | {
            "host": socket.gethostname(),
            "threads": threads,
            "room": str(room),
            "sees": WorkersNote(Path(self._post.directory)).has(self._post.token),
        }
        self._say(HELLO, who)
        ((kind, setup),) = self._inbox.get(timeout=ANSWER_SECONDS)  # or the coordinator is dead
        if kind != BEGIN:
            return
        child = Child(TARGET)
        child.pipe.send_bytes(setup)
        threading.Thread(target=self._hand_in, args=(child,), name="hand-in", daemon=True).start()
        try:
            self._hand_out(child)
        finally:
            code = child.wait(GRACE_SECONDS)
            child.kill()  # from here on it is certain that it asks nobody
            left = "" if clear(room) else f"; what it had not stored is kept in {room}"
            self._say(GONE, f"its process ended with {code}{left}")
            self._inbox.put([[LEAVE, b""]])  # for the other thread

    def _hand_out(self, child: Child) -> None:
        said: list[bytes] = []
        while True:
            try:
                said.append(child.pipe.recv_bytes())
                if child.pipe.poll():
                    continue  # what waits already goes along
            except (EOFError, OSError):
                self._say(SAYS, said)
                return
            self._say(SAYS, said)
            said = []

    def _hand_in(self, child: Child) -> None:
        """Hand on what comes in; when nothing can come any more, have the process end at once."""
        try:
            while True:
                for kind, message in self._inbox.get():
                    if kind != PASS:
                        return
                    child.pipe.send_bytes(message)
        except Exception:  # noqa: BLE001, S110 - whatever a lost scheduler raises here: nothing comes any more
            pass
        finally:
            child.end()

    def _say(self, kind: str, what: object) -> None:
        self._outbox.put([self._post.number, self._incarnation, kind, what])
