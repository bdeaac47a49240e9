"""Processes of our own: a fresh interpreter that runs one function, joined by a pipe.

Not `multiprocessing.Process`: that refuses to start from a daemonic process, as the workers of some clusters are, and
runs the caller's main module again. The pipe's end is the only thing shared; when either side ends, however it ends,
the other reads the end of the pipe.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection, Pipe
from typing import Any

_BOOT = "import sys; sys.path[:] = {path!r}; from {module} import {function}; {function}({descriptor})"


class Child:
    """A child process and our end of the pipe to it.

    Args:
        target: the function, as `module:function`; it is called with the descriptor of its end of the pipe.
        shared: further descriptors that it inherits, for as long as it lives.

    Attributes:
        pipe: sends to it and receives from it.

    Raises:
        OSError: no process can be started.
    """

    def __init__(self, target: str, shared: Sequence[int] = ()) -> None:
        module, _, function = target.partition(":")
        ours, theirs = Pipe()
        self.pipe: Connection[Any, Any] = ours
        boot = _BOOT.format(path=sys.path, module=module, function=function, descriptor=theirs.fileno())
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this very interpreter
                [sys.executable, "-c", boot], stdin=subprocess.DEVNULL, pass_fds=(theirs.fileno(), *shared)
            )
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def wait(self, seconds: float) -> int | None:
        """Its exit code, negative for a signal, once it has ended; None when it has not by then."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def end(self) -> None:
        """End it at once; the pipe tells whoever listens."""
        self._process.kill()

    def kill(self) -> None:
        """End it at once, and let go of the pipe."""
        self._process.kill()
        self._process.wait()
        self.pipe.close()


def our_end(descriptor: int) -> Connection[Any, Any]:
    """In the child: the pipe that `descriptor` is an end of; not handed on to processes that it starts itself."""
    os.set_inheritable(descriptor, False)
    return Connection(descriptor)


def spare_the_collector() -> None:
    """Once everything is loaded: look for cyclic garbage less often, and never in what stays for good.

    Reading a page makes ten thousands of objects and hardly a cycle, an exchange hundreds; looking through them took 4
    to 6 % of a judging process's time and 2 % of a worker's.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
