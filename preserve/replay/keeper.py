"""Run as a script: keeps a command running until it ends or the one who asked for it is gone.

    keeper.py DIRECTORY COMMAND...

Standard input is a pipe that the asker holds open; its end, however it comes about, ends the command. DIRECTORY is
removed afterwards. Uses the standard library alone.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading

GRACE = 5.0  # seconds between asking and killing


def main(directory: str, *command: str) -> int:
    """Keep `command`; its exit code."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=directory)  # noqa: S603 - what we were asked for
    signal.signal(signal.SIGTERM, lambda _number, _frame: process.terminate())
    threading.Thread(target=_end_with_the_asker, args=(process,), daemon=True).start()
    code = process.wait()
    shutil.rmtree(directory, ignore_errors=True)
    return code


def _end_with_the_asker(process: subprocess.Popen[bytes]) -> None:
    while os.read(0, 1024):
        pass
    process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()


if __name__ == "__main__":
    sys.exit(abs(main(*sys.argv[1:])))
