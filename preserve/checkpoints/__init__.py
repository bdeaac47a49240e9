"""Checkpoints: the log's size and root, signed, as C2SP defines them; only this package knows signatures.

Formats: https://c2sp.org/signed-note and https://c2sp.org/tlog-checkpoint. What is in the log is not known here.
"""

from preserve.checkpoints.files import CheckpointFile, add_key, checkpoint_files, read_keys, save
from preserve.checkpoints.keys import SigningKey, load_or_make
from preserve.checkpoints.notes import Checkpoint, Note, VerifierKey, format_checkpoint, parse_checkpoint, parse_note

__all__ = [
    "Checkpoint",
    "CheckpointFile",
    "Note",
    "SigningKey",
    "VerifierKey",
    "add_key",
    "checkpoint_files",
    "format_checkpoint",
    "load_or_make",
    "parse_checkpoint",
    "parse_note",
    "read_keys",
    "save",
]
