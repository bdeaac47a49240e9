"""Which WARC files of an archive lie in a storage: `storage.json` and a note `stored/<file>.json` for each.

Owns these notes, and storing what a run closed. A note is written when a file was read back in the storage, and not
before; whoever is killed between two steps finds the work half done and goes on. Whoever writes holds the archive's
lock. Reading a stored file is `streams`'.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from preserve.errors import ArchiveError
from preserve.warc.files import SUFFIX, closed_files, sync_directory
from preserve.warc.storage import NotStoredError, Storage, Stored, WarcStore

STORAGES = "storage.json"
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
    """Note a storage, so that whoever reads the archive finds what lies there; nothing where it is noted already.

    Raises:
        ArchiveError: the note can't be read or written.
    """
    path = Path(directory) / STORAGES
    known = _storages(path)
    if known.get(storage.url) != storage.options:
        options = {url: json.loads(text or "{}") for url, text in {**known, storage.url: storage.options}.items()}
        _write(path, {"storages": [{"url": url, "options": value} for url, value in options.items()]})


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
        ArchiveError: the note can't be read, or its storage is not noted.
    """
    stored = _read_note(_note_of(directory, name))
    if stored is None:
        return None
    options = _storages(directory / STORAGES).get(stored.url)
    if options is None:
        raise ArchiveError(f"{directory / STORAGES}: has nothing of {stored.url}, where {name} lies; restore it")
    return Storage(stored.url, options), stored


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


def storage_of(directory: str | Path, url: str) -> Storage:
    """A storage that the archive has noted.

    Raises:
        ArchiveError: it has not.
    """
    path = Path(directory) / STORAGES
    options = _storages(path).get(url)
    if options is None:
        raise ArchiveError(f"{path}: has nothing of {url}, where files of the archive lie; restore it")
    return Storage(url, options)


def store_closed(
    directory: Path,
    store: WarcStore,
    logged: Mapping[str, str],
    *,
    keep_local: bool,
    told: Callable[[Stored], None] = lambda _: None,
) -> Storing:
    """Put every closed file into the storage that is not noted as being there, whichever run closed it.

    Args:
        directory: the archive.
        store: the storage.
        logged: the digest of each file, labelled, as the log has it. What the log does not know waits; what is no
            longer as it was when it was logged is not stored.
        keep_local: leave the files in the directory, too. If not, each is removed once it was read back in the
            storage: in this very call, whenever it was put there.
        told: hears of each file that was put there.

    Raises:
        ArchiveError: the archive can't be read or written. What the storage refuses is a problem of the result.
    """
    note_storage(directory, store.storage)
    stored: list[Stored] = []
    removed: list[str] = []
    problems: list[str] = []
    left = list(_due(directory, store.storage, keep_local=keep_local))
    waiting = len(left)
    for path in left:
        if path.name not in logged:
            continue
        try:
            new = store.put(path, logged[path.name])
        except NotStoredError as error:
            problems.append(str(error))
            continue
        except ArchiveError as error:  # the next would fare no better
            problems.append(str(error))
            break
        if find_stored(directory, path.name) != (store.storage, new):
            note_stored(directory, new)
            stored.append(new)
            told(new)
        if not keep_local:
            _remove(path)
            removed.append(path.name)
        waiting -= 1
    return Storing(tuple(stored), tuple(removed), tuple(problems), waiting)


def _due(directory: Path, storage: Storage, *, keep_local: bool) -> Iterator[Path]:
    known = stored_files(directory)
    for path in closed_files(directory):
        there = known.get(path.name)
        if there is None or there.url != storage.url or not keep_local:
            yield path


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


def _storages(path: Path) -> dict[str, str]:
    """The options of every storage that is noted, by URL."""
    value = _read(path)
    try:
        found = [] if value is None else [(one["url"], one["options"]) for one in value["storages"]]
    except (KeyError, TypeError) as error:
        raise _damaged(path, str(error)) from error
    return {url: json.dumps(options, sort_keys=True) if options else "" for url, options in found}


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
