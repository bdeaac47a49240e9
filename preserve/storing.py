"""The end of a run, stored: closed and logged WARC files put into the storage, where one is configured.

Whoever calls holds the archive's lock.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from preserve.errors import ArchiveError
from preserve.ledger import Ledger
from preserve.settings import ArchiveSettings
from preserve.warc.storage import Storage, WarcStore, open_store
from preserve.warc.stored import STORAGE, note_storage, noted_storage, store_closed

# Asked for to see whether the storage answers; nothing is ever put there.
_NOBODYS = "preserve-asks-whether-this-is-there.warc.gz"


def ready_store(settings: ArchiveSettings, notice: Callable[[str], None]) -> WarcStore | None:
    """The storage that is configured, noted in the archive; None where there is none.

    A storage that does not answer is told of now, and not after hours of work; the work can be done all the same.

    Args:
        settings: the archive's.
        notice: is told.

    Raises:
        ArchiveError: its library is missing or can't use the URL, or it can't be noted; or the archive has one, and
            none is configured.
    """
    must_be_named(settings, changing=True)
    storage = Storage.of(settings)
    if storage is None:
        return None
    store = open_store(storage)
    note_storage(settings.directory, storage)
    try:
        store.size(_NOBODYS)
    except ArchiveError as error:
        notice(f"The storage can't be used now; WARC files wait in {settings.directory} until it can: {error}")
    return store


def must_be_named(settings: ArchiveSettings, *, changing: bool = False) -> None:
    """Refuse an archive that has a storage which the user's own configuration does not name.

    Archives come from others, too; nothing that stands in one decides whom this machine asks, and with which
    credentials.

    Args:
        settings: the archive's.
        changing: another one may be configured, and takes its place.

    Raises:
        ArchiveError: it has, or what it notes can't be read.
    """
    noted, named = noted_storage(settings.directory), Storage.of(settings)
    if noted is None or noted == named or (changing and named is not None):
        return
    raise ArchiveError(
        f"{Path(settings.directory) / STORAGE}: the archive keeps WARC files in {noted.url}"
        + (f" ({noted.options})" if noted.options else "")
        + ", and your configuration does not say so. Only what you name is asked: if you trust it, set archive.storage "
        "(and storage-options) to that; if you changed them, `preserve verify` notes the change"
    )


def store_archive(settings: ArchiveSettings, ledger: Ledger, store: WarcStore, notice: Callable[[str], None]) -> None:
    """Store what the storage lacks, this run's and earlier ones', and tell how that went.

    Args:
        settings: the archive's.
        ledger: knows what the files were when they were closed.
        store: the storage.
        notice: is told.
    """
    logged = {file.file: file.digest for file in ledger.log.files()}
    try:
        done = store_closed(Path(settings.directory), store, logged, keep_local=settings.keep_local)
    except ArchiveError as error:
        notice(f"WARC files wait to be stored: {error}")
        return
    if done.stored:
        size = sum(one.size for one in done.stored)
        notice(f"Stored in {store.storage.url} and read back: {_files(len(done.stored))}, {size:,} bytes.")
    if done.removed:
        notice(f"Removed from {settings.directory}, being stored: {_files(len(done.removed))}.")
    for problem in done.problems:
        notice(f"Not stored: {problem}")
    if done.waiting:
        notice(f"{_files(done.waiting)} wait in {settings.directory}; the next run tries to store them.")


def _files(count: int) -> str:
    return f"{count:,} WARC file{'s' if count != 1 else ''}"
