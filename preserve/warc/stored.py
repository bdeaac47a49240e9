"""Which WARC files of an archive lie in a storage: `storage.json` and a note `stored/<file>.json` for each.

Owns these notes, and storing what a run closed. A note is written when a file was read back in the storage, and not
before; whoever is killed between two steps finds the work half done and goes on. Whoever writes holds the archive's
lock. Reading a stored file is `streams`'.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from preserve.errors import ArchiveError
from preserve.warc.files import SUFFIX, closed_files, sync_directory
from preserve.warc.storage import NotStoredError, Storage, Stored, WarcStore

STORAGE = "storage.json"
NOTES = "stored"
_NOTE = ".json"
_DRAFT = ".new"


@dataclass(frozen=True, slots=True)
class Storing:
    """What was stored.

    Attributes:
        stored: the files that were put there.
        removed: the files that were then taken from the archive's directory.
        problems: what went wrong, one sentence each.
        waiting: how many files the next run is to store.
    """

    stored: tuple[Stored, ...] = ()
    removed: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    waiting: int = 0


def note_storage(directory: str | Path, storage: Storage) -> None:
    """Note the archive's storage, so that every process finds what lies there. One noted before is no longer asked.

    Raises:
        ArchiveError: the note can't be read or written.
    """
    if noted_storage(directory) != storage:
        options = json.loads(storage.options or "{}")
        _write(Path(directory) / STORAGE, {"url": storage.url, "options": options})


def noted_storage(directory: str | Path) -> Storage | None:
    """The archive's storage; None without one.

    The note is the archive's, and archives come from others: whoever did not write it asks the user first.

    Raises:
        ArchiveError: the note can't be read.
    """
    path = Path(directory) / STORAGE
    value = _read(path)
    if value is None:
        return None
    try:
        url, options = value["url"], value["options"]
    except KeyError as error:
        raise _damaged(path, f"no {error}") from error
    if not isinstance(url, str) or not isinstance(options, dict):
        raise _damaged(path, "url or options are of another kind")
    return Storage(url, json.dumps(options, ensure_ascii=False, sort_keys=True) if options else "")


def note_stored(directory: str | Path, stored: Stored) -> None:
    """Note that a file lies in a storage, which `note_storage` has noted.

    Raises:
        ArchiveError: the note can't be written.
    """
    path = _note_of(Path(directory), stored.name)
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise _refused(path, error) from error
    _write(path, asdict(stored))


def find_stored(directory: Path, name: str) -> tuple[Storage, Stored] | None:
    """Where a file lies, and what it was when it was put there; None where it lies in no storage.

    Raises:
        ArchiveError: the note can't be read, or no storage is noted.
    """
    stored = _read_note(_note_of(directory, name))
    if stored is None:
        return None
    storage = noted_storage(directory)
    if storage is None:
        raise ArchiveError(f"{directory / STORAGE}: is missing, and says where {name} lies; restore it from a copy")
    return storage, stored


def stored_files(directory: str | Path) -> dict[str, Stored]:
    """Every file that lies in a storage, by name.

    Raises:
        ArchiveError: a note can't be read.
    """
    found = (_read_note(Path(directory) / NOTES / f"{name}{_NOTE}") for name in stored_names(directory))
    return {stored.name: stored for stored in found if stored is not None}


def stored_names(directory: str | Path) -> frozenset[str]:
    """The names of the files that lie in a storage; the notes are not opened.

    Raises:
        ArchiveError: the directory of notes can't be read.
    """
    path = Path(directory) / NOTES
    try:
        names = os.listdir(path)  # noqa: PTH208 - the names alone, of many
    except FileNotFoundError:
        return frozenset()
    except OSError as error:
        raise ArchiveError(f"{path}: can't be listed: {error.strerror}") from error
    return frozenset(name.removesuffix(_NOTE) for name in names if name.endswith(SUFFIX + _NOTE))


def store_closed(
    directory: Path,
    store: WarcStore,
    logged: Mapping[str, str],
    *,
    keep_local: bool,
) -> Storing:
    """Put every closed file into the storage that is not noted as being there, whichever run closed it.

    Files that only another storage had must have been moved by now: they are read in this one, and noted.

    Args:
        directory: the archive.
        store: the storage.
        logged: the digest of each file, labelled, as the log has it. What the log does not know waits; what is no
            longer as it was when it was logged is not stored.
        keep_local: leave the files in the directory, too. If not, each is removed once it was read back in the
            storage: in this very call, whenever it was put there.

    Raises:
        ArchiveError: the archive can't be read or written. What the storage refuses is a problem of the result.
    """
    note_storage(directory, store.storage)
    stored: list[Stored] = []
    removed: list[str] = []
    problems: list[str] = []
    known = stored_files(directory)
    left = list(_due(directory, known, store.storage, keep_local=keep_local))
    waiting = len(left)
    for path in left:
        here = path.exists()
        if here and path.name not in logged:
            continue
        try:
            new = store.put(path, logged[path.name]) if here else store.moved(known[path.name])
        except NotStoredError as error:
            problems.append(str(error))
            continue
        except ArchiveError as error:  # the next would fare no better
            problems.append(str(error))
            break
        if known.get(path.name) != new:
            note_stored(directory, new)
            stored.append(new)
        if here and not keep_local:
            _remove(path)
            removed.append(path.name)
        waiting -= 1
    return Storing(tuple(stored), tuple(removed), tuple(problems), waiting)


def _due(directory: Path, known: Mapping[str, Stored], storage: Storage, *, keep_local: bool) -> Iterator[Path]:
    """The files to be put there, or to be removed; and those of another storage that should have been moved there."""
    here = closed_files(directory)
    for path in here:
        there = known.get(path.name)
        if there is None or there.url != storage.url or not keep_local:
            yield path
    names = {path.name for path in here}
    for name, there in sorted(known.items()):
        if name not in names and there.url != storage.url:
            yield directory / name


def _remove(path: Path) -> None:
    try:
        path.unlink()
        sync_directory(path.parent)
    except OSError as error:
        raise ArchiveError(
            f"{path}: can't be removed: {error.strerror}; it is stored, and the next run tries"
        ) from error


def _note_of(directory: Path, name: str) -> Path:
    return directory / NOTES / f"{name}{_NOTE}"


def _read_note(path: Path) -> Stored | None:
    value = _read(path)
    if value is None:
        return None
    try:
        stored = Stored(str(value["name"]), int(value["size"]), str(value["digest"]), str(value["url"]))
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, f"{error}") from error
    if stored.name != path.name.removesuffix(_NOTE):
        raise _damaged(path, f"it is of {stored.name}")
    return stored


def _read(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise _damaged(path, str(error)) from error
    except OSError as error:
        raise ArchiveError(f"{path}: can't be read: {error.strerror}") from error
    if not isinstance(value, dict):
        raise _damaged(path, "no object")
    return value


def _write(path: Path, value: object) -> None:
    """Whole or not at all, and synced; what was there is replaced."""
    draft = path.with_name(path.name + _DRAFT)
    try:
        with draft.open("w", encoding="utf-8") as stream:
            stream.write(json.dumps(value, ensure_ascii=False, sort_keys=True) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
        sync_directory(path.parent)
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        with suppress(OSError):
            draft.unlink()


def _damaged(path: Path, why: str) -> ArchiveError:
    return ArchiveError(f"{path}: can't be understood: {why}; restore it from a copy")


def _refused(path: Path, error: OSError) -> ArchiveError:
    return ArchiveError(f"{path}: can't be written: {error.strerror}; free space or mend the permissions, run again")
