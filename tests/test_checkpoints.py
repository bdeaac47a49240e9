"""Checkpoints are signed notes as C2SP has them, and what is signed can't be changed unseen."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preserve.checkpoints import (
    Checkpoint,
    VerifierKey,
    add_key,
    checkpoint_files,
    format_checkpoint,
    load_or_make,
    parse_checkpoint,
    parse_note,
    read_keys,
    save,
)
from preserve.errors import ArchiveError

ORIGIN = "preserve/0123456789abcdef"
CHECKPOINT = Checkpoint(ORIGIN, 42, bytes(range(32)))
# The example of https://c2sp.org/signed-note, and of Go's package for them, whose names are public test data.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETERS_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()


def test_a_published_note_is_verified_by_its_published_key() -> None:
    key = VerifierKey.parse(PETER)
    assert str(key) == PETER
    assert key.signed(parse_note(PETERS_NOTE))
    assert not key.signed(parse_note(PETERS_NOTE.replace(b"answer", b"cause!")))


def test_a_checkpoint_is_read_as_it_was_signed(tmp_path: Path) -> None:
    key = load_or_make(tmp_path / "key.pem")
    note = parse_note(key.sign(CHECKPOINT))
    assert parse_checkpoint(note.text) == CHECKPOINT
    assert key.verifier(ORIGIN).signed(note)
    assert not load_or_make(tmp_path / "other.pem").verifier(ORIGIN).signed(note)


@settings(max_examples=80)
@given(st.data())
def test_a_signed_note_with_a_flipped_bit_is_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    key = load_or_make(tmp_path_factory.getbasetemp() / "flipped.pem")
    signed = bytearray(key.sign(CHECKPOINT))
    signed[data.draw(st.integers(0, len(signed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        note = parse_note(bytes(signed))
    except ValueError:
        return
    assert not key.verifier(ORIGIN).signed(note)


@pytest.mark.parametrize(
    "text", ["", "name\n", "name\n01\nAAAA\n", "name\n-1\n", "\n1\n" + "A" * 43 + "=\n", "n\n1\nAAAA\n"]
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"root|lines"):
        parse_checkpoint(text)


def test_a_checkpoint_may_have_lines_of_a_later_version() -> None:
    assert parse_checkpoint(format_checkpoint(CHECKPOINT) + "more\n") == CHECKPOINT


def test_the_draft_of_a_killed_process_is_not_in_the_way_of_the_next_with_its_number(tmp_path: Path) -> None:
    (tmp_path / f".key.pem.{os.getpid()}").write_bytes(b"half a k")
    made = load_or_make(tmp_path / "key.pem")
    assert load_or_make(tmp_path / "key.pem").verifier(ORIGIN) == made.verifier(ORIGIN)


def test_drafts_that_were_left_go_with_the_next_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "000000000003.note.new").write_bytes(b"half a n")
    save(tmp_path, 5, b"note")
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["000000000005.note"]


def test_the_key_is_its_owners_alone_and_made_once(tmp_path: Path) -> None:
    path = tmp_path / "config" / "preserve" / "signing-key.pem"
    made = load_or_make(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert load_or_make(path).verifier(ORIGIN) == made.verifier(ORIGIN)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    path.chmod(0o640)
    with pytest.raises(ArchiveError, match="chmod 600"):
        load_or_make(path)


def test_a_file_that_holds_no_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text("nothing")
    path.chmod(0o600)
    with pytest.raises(ArchiveError, match="holds no key"):
        load_or_make(path)


def test_openssl_verifies_by_hand(tmp_path: Path) -> None:
    key = load_or_make(tmp_path / "key.pem")
    note = parse_note(key.sign(CHECKPOINT))
    (tmp_path / "text").write_text(note.text)
    (tmp_path / "signature").write_bytes(note.signatures[0][1][4:])
    command = ["openssl", "pkeyutl", "-verify", "-rawin", "-inkey", "key.pem", "-in", "text", "-sigfile", "signature"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_checkpoints_and_keys_are_kept_and_never_replaced(tmp_path: Path) -> None:
    key = load_or_make(tmp_path / "key.pem")
    first, second = (VerifierKey(ORIGIN, bytes([number]) * 32) for number in (1, 2))
    assert (read_keys(tmp_path), checkpoint_files(tmp_path)) == ((), ())
    save(tmp_path, 42, key.sign(CHECKPOINT))
    save(tmp_path, 42, b"another")
    assert [(file.size, file.data) for file in checkpoint_files(tmp_path)] == [(42, key.sign(CHECKPOINT))]
    assert [add_key(tmp_path, one) for one in (first, second, first)] == [True, True, False]
    assert read_keys(tmp_path) == (first, second)
