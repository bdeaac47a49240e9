"""Checkpoints: the log's size and root, signed, as C2SP defines them; only this package knows signatures.

Formats: https://c2sp.org/signed-note and https://c2sp.org/tlog-checkpoint. What is in the log is not known here.
"""

from preserve.checkpoints.files import (
    DIRECTORY,
    CheckpointFile,
    add_key,
    checkpoint_files,
    note_name,
    read_keys,
    save,
    write_new,
)
from preserve.checkpoints.keys import SigningKey, load_or_make
from preserve.checkpoints.notes import Checkpoint, Note, VerifierKey, format_checkpoint, parse_checkpoint, parse_note

__all__ = [
    "DIRECTORY",
    "Checkpoint",
    "CheckpointFile",
    "Note",
    "SigningKey",
    "VerifierKey",
    "add_key",
    "checkpoint_files",
    "format_checkpoint",
    "load_or_make",
    "note_name",
    "parse_checkpoint",
    "parse_note",
    "read_keys",
    "save",
    "write_new",
]
