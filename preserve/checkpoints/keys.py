"""The signing key: made on first use, kept outside the archive, readable by its owner alone."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from preserve.checkpoints.files import sync_directory
from preserve.checkpoints.notes import Checkpoint, VerifierKey, format_checkpoint, signature_line
from preserve.errors import ArchiveError


class SigningKey:
    """A private key; signs the checkpoints of any log.

    Args:
        private: Ed25519.
    """

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private

    def verifier(self, name: str) -> VerifierKey:
        """The public half, for notes signed as `name`."""
        return VerifierKey(name, self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign(self, checkpoint: Checkpoint) -> bytes:
        """The checkpoint as a note signed under its log's own name."""
        text = format_checkpoint(checkpoint)
        line = signature_line(self.verifier(checkpoint.origin), self._private.sign(text.encode()))
        return f"{text}\n{line}".encode()


def load_or_make(path: Path) -> SigningKey:
    """The key in a file; a new one, in a file of mode 0600, where there is none.

    Raises:
        ArchiveError: the file can't be read or made, holds no Ed25519 key, or may be read by others.
    """
    try:
        try:
            return _loaded(path)
        except FileNotFoundError:
            return _made(path)
    except OSError as error:
        raise ArchiveError(
            f"signing key {path}: {error.strerror}: mend its permissions, or name another file as"
            " signing-key in [archive]"
        ) from error


def _loaded(path: Path) -> SigningKey:
    with path.open("rb") as stream:
        mode = os.fstat(stream.fileno()).st_mode & 0o077
        data = stream.read()
    if mode:
        raise ArchiveError(f"signing key {path}: others may read it: `chmod 600` it, and make a new one if they did")
    try:
        private = load_pem_private_key(data, password=None)
    except (ValueError, TypeError) as error:
        raise ArchiveError(f"signing key {path}: it holds no key: {error}: restore it from a copy") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise ArchiveError(f"signing key {path}: it is no Ed25519 key: name another file as signing-key in [archive]")
    return SigningKey(private)


def _made(path: Path) -> SigningKey:
    private = Ed25519PrivateKey.generate()
    data = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A name of its own each time: a killed process leaves its draft, and the next may have the same number.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # of mode 0600
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(draft, path)  # unlike a rename, it replaces nothing that came first
        except FileExistsError:
            return _loaded(path)
        sync_directory(path.parent)
    finally:
        draft.unlink(missing_ok=True)
    return SigningKey(private)
