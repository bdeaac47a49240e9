"""Signed notes and the checkpoints in them, as text. Pure.

Sources: https://c2sp.org/signed-note (note, signature lines, verifier keys) and https://c2sp.org/tlog-checkpoint.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519: Final = b"\x01"  # the signature type of c2sp.org/signed-note
HASH_BYTES: Final = 4
KEY_BYTES: Final = 32
ROOT_BYTES: Final = 32
_DASH: Final = "\u2014 "
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says.

    Attributes:
        origin: names the log.
        size: entries in it.
        root: the root over them (RFC 9162).
    """

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A signed note.

    Attributes:
        text: what is signed, its last line break included.
        signatures: name, and key hash with signature, of each line.
    """

    text: str
    signatures: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key and the name it goes by.

    Attributes:
        name: without spaces or `+`.
        public: the raw Ed25519 key.
    """

    name: str
    public: bytes

    @property
    def key_hash(self) -> bytes:
        """The 4 bytes that a signature line names the key by."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:HASH_BYTES]

    def __str__(self) -> str:
        """The key as people hand it round: `<name>+<hash>+<key>`."""
        return f"{self.name}+{self.key_hash.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """The key that `str` wrote.

        Raises:
            ValueError: it is none, or its hash is not its own.
        """
        name, _, rest = text.partition("+")
        hashed, _, encoded = rest.partition("+")
        raw = _from_base64(encoded)
        key = cls(name, raw[1:])
        if not name or raw[:1] != ED25519 or len(key.public) != KEY_BYTES or key.key_hash.hex() != hashed:
            raise ValueError("it is no Ed25519 verifier key, or its hash does not fit")
        return key

    def signed(self, note: Note) -> bool:
        """Whether one of the note's signatures is by this key."""
        marks = [raw for name, raw in note.signatures if name == self.name and raw[:HASH_BYTES] == self.key_hash]
        return any(self._holds(raw[HASH_BYTES:], note.text.encode()) for raw in marks)

    def _holds(self, signature: bytes, text: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except (InvalidSignature, ValueError):
            return False
        return True


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """The text to be signed."""
    return f"{checkpoint.origin}\n{checkpoint.size}\n{base64.b64encode(checkpoint.root).decode()}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint in a note's text; extension lines are passed over.

    Raises:
        ValueError: it is none; the message says why.
    """
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise ValueError("it does not begin with the three lines of a checkpoint")
    root = _from_base64(lines[2])
    if len(root) != ROOT_BYTES:
        raise ValueError(f"its root has {len(root)} bytes, not {ROOT_BYTES}")
    return Checkpoint(lines[0], int(lines[1]), root)


def signature_line(key: VerifierKey, signature: bytes) -> str:
    """The line that carries a signature by `key`."""
    return f"{_DASH}{key.name} {base64.b64encode(key.key_hash + signature).decode()}\n"


def parse_note(data: bytes) -> Note:
    """A signed note taken apart; no signature is checked.

    Raises:
        ValueError: it is none; the message says why.
    """
    whole = data.decode("utf-8")
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise ValueError("it has no lines of signatures below an empty line, or breaks off")
    if any(ord(char) < 0x20 and char != "\n" for char in whole):
        raise ValueError("it holds control characters")
    return Note(text + "\n", tuple(_signature(line) for line in lines[:-1].split("\n")))


def _signature(line: str) -> tuple[str, bytes]:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    raw = _from_base64(encoded)
    if not line.startswith(_DASH) or not name or len(raw) <= HASH_BYTES:
        raise ValueError(f"{line[:80]!r} is no line of a signature")
    return name, raw


def _from_base64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"{text[:60]!r} is not base64: {error}") from None
    if base64.b64encode(raw).decode() != text:  # bits that decode to nothing would be free to change
        raise ValueError(f"{text[:60]!r} is not base64 in its one canonical form")
    return raw
