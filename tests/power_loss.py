"""What is on a disk after the power went out: only what was synced, worked out from the calls that were made.

A file's bytes last when the file is synced, its name when its directory is (an fsync of a file does not keep its
name: fsync(2)). What was not synced may last or not; `names_last` is a disk that kept every name but no bytes that
were not synced, as file systems do that journal names alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from fault_kit import Change

# SQLite's index of its log lives in shared memory and is made anew; what is in it is not written by calls.
PASSING = ("-shm", "(deleted)")


@dataclass
class _File:
    now: bytearray = field(default_factory=bytearray)
    synced: bytes = b""


def disk_after(
    changes: Sequence[Change], written: bytes, before: Mapping[str, bytes], *, names_last: bool
) -> dict[str, bytes]:
    """The files that are left, by path.

    Args:
        changes: what was done until the power went.
        written: the bytes of all writes, one behind another.
        before: the files that lay there, synced.
        names_last: see the module.
    """
    names = {path: _File(bytearray(data), data) for path, data in before.items()}
    lasting = dict(names)
    taken = 0
    for change in changes:
        if change.kind == "write":
            data, taken = written[taken : taken + change.length], taken + change.length
            if change.path in names:
                _write(names[change.path], change.offset, data)
        elif change.kind in ("rename", "link"):
            names[change.other] = names[change.path]
            if change.kind == "rename":
                del names[change.path]
        elif change.kind == "sync" and change.path not in names:
            _sync_directory(change.path, names, lasting)
        else:
            _apply(change, names)
    kept = names if names_last else lasting
    return {path: file.synced for path, file in kept.items() if not path.endswith(PASSING)}


def _apply(change: Change, names: dict[str, _File]) -> None:
    file = names.get(change.path)
    if change.kind == "create":
        names[change.path] = _File()
    elif change.kind == "unlink":
        names.pop(change.path, None)
    elif file is None:
        return
    elif change.kind == "truncate":
        file.now.clear()
    elif change.kind == "cut":
        del file.now[change.offset :]
    elif change.kind == "grow":
        file.now.extend(bytes(change.offset - len(file.now)))
    elif change.kind == "sync":
        file.synced = bytes(file.now)


def _write(file: _File, offset: int, data: bytes) -> None:
    file.now.extend(bytes(max(0, offset - len(file.now))))
    file.now[offset : offset + len(data)] = data


def _sync_directory(directory: str, names: dict[str, _File], lasting: dict[str, _File]) -> None:
    for path in [path for path in lasting if str(PurePath(path).parent) == directory]:
        del lasting[path]
    lasting.update((path, file) for path, file in names.items() if str(PurePath(path).parent) == directory)
