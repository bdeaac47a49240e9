"""The end of a run, sealed: closed WARC files logged, and the log's root signed and kept as a checkpoint.

Whoever calls holds the archive's lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from preserve.checkpoints import Checkpoint, SigningKey, add_key, load_or_make, save
from preserve.digests import digest, file_digest
from preserve.errors import ArchiveError
from preserve.ledger import Ledger, LoggedCheckpoint, LoggedFile
from preserve.warc import closed_files
from preserve.warc.stored import find_stored, stored_names

ORIGIN = "preserve/"
ORIGIN_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Seal:
    """A checkpoint that was made.

    Attributes:
        file: its name, relative to the archive.
        size: log entries it signs.
        new_key: the public key, as people hand it round, where the archive had not seen it before; "" else.
    """

    file: str
    size: int
    new_key: str


def origin_of(first_leaf: bytes) -> str:
    """The name of a log: of its first entry's hash, so that it is nobody else's and can be checked."""
    return ORIGIN + first_leaf.hex()[:ORIGIN_DIGITS]


def seal(directory: Path, ledger: Ledger, key_file: Path | None) -> Seal | None:
    """Log what was closed, and sign the log; None where nothing is signed.

    Args:
        directory: the archive.
        ledger: open for writing.
        key_file: the signing key, made where it is missing; None signs nothing.

    Raises:
        ArchiveError: a file can't be read or written, or the key not be used.
    """
    log_closed_files(directory, ledger)
    first = ledger.log.first_leaf()
    if key_file is None or first is None:
        return None
    return _sign(directory, ledger, load_or_make(key_file), origin_of(first))


def log_closed_files(directory: Path, ledger: Ledger) -> None:
    """Log size and digest of every closed WARC file that the log does not know, stored ones as they were stored.

    Raises:
        ArchiveError: one can't be read.
    """
    known = {file.file for file in ledger.log.files()}
    fresh = []
    for path in closed_files(directory):
        if path.name not in known:
            try:
                fresh.append(LoggedFile(path.name, path.stat().st_size, file_digest(path)))
            except OSError as error:
                raise ArchiveError(f"{path}: can't be read: {error.strerror}") from error
    known |= {file.file for file in fresh}
    for name in sorted(stored_names(directory) - known):  # a worker stored it, and kept no copy here
        if (found := find_stored(directory, name)) is not None:
            fresh.append(LoggedFile(name, found[1].size, found[1].digest))
    ledger.add_files(fresh)


def _sign(directory: Path, ledger: Ledger, key: SigningKey, origin: str) -> Seal:
    frontier = ledger.log.frontier()
    note = key.sign(Checkpoint(origin, frontier.size, frontier.root))
    verifier = key.verifier(origin)
    is_new = add_key(directory, verifier)
    name = save(directory, frontier.size, note)
    ledger.add_checkpoint(LoggedCheckpoint(frontier.size, frontier.root, digest(note), frontier.peaks))
    return Seal(name, frontier.size, str(verifier) if is_new else "")
