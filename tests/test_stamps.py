"""Time stamps: what is kept was verified, what anybody changes is seen, and what was not checked is said."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from stamp_kit import Authority, append, block, committed, kept, pending, promise, reply, tlv

from preserve.errors import ConfigError
from preserve.stamps import StampKind, make_query, ots, read_roots, tsr_name, verify_response, verify_stamp
from preserve.stamps.der import encode, parse
from preserve.stamps.files import ots_name

NOTE = b"preserve/0123456789abcdef\n42\nAAAA\n\n\xe2\x80\x94 preserve/0123456789abcdef BBBB\n"


@dataclass(frozen=True)
class Desk:
    """An authority with signers of several kinds."""

    authority: Authority
    signers: dict[str, Path]

    @property
    def roots(self) -> tuple[bytes, ...]:
        return tuple(read_roots([str(self.authority.root)]))

    def stamp(self, signer: str = "ec", note: bytes = NOTE) -> bytes:
        return reply(self.signers[signer], make_query(note).body)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    authority = Authority(tmp_path_factory.mktemp("stamps") / "authority")
    signers = {
        "ec": authority.signer("Holm Time"),
        "rsa": authority.signer("Holm RSA Time", rsa=True),
        "ended": authority.signer("Holm Old Time", ended=timedelta(days=30)),
        "picky": authority.signer("Holm Picky Time", digests="sha512"),
    }
    return Desk(authority, signers)


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("stranger") / "authority", "Another Root")


# ---------------------------------------------------------------- RFC 3161


@pytest.mark.parametrize("signer", ["ec", "rsa"])
def test_a_stamp_says_who_and_when_and_is_traced_to_the_root_that_was_named(desk: Desk, signer: str) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    query = make_query(NOTE)
    result = verify_response(reply(desk.signers[signer], query.body), NOTE, desk.roots, query.nonce)
    assert (result.problem, result.traced, result.holds) == ("", True, True)
    assert result.by in ("Holm Time", "Holm RSA Time")
    assert result.time is not None
    assert before <= result.time <= datetime.now(UTC) + timedelta(seconds=2)


def test_without_roots_the_signature_is_checked_and_nobody_is_trusted(desk: Desk) -> None:
    result = verify_stamp(desk.stamp(), NOTE)
    assert result.holds
    assert not result.traced


def test_openssl_agrees(desk: Desk, stranger: Authority, tmp_path: Path) -> None:
    stamp, note = tmp_path / "stamp.tsr", tmp_path / "checkpoint.note"
    stamp.write_bytes(desk.stamp())
    note.write_bytes(NOTE)
    for root, holds in ((desk.authority.root, True), (stranger.root, False)):
        command = ["openssl", "ts", "-verify", "-data", note, "-in", stamp, "-CAfile", root]
        assert (subprocess.run(command, capture_output=True, check=False).returncode == 0) is holds
        assert verify_stamp(stamp.read_bytes(), NOTE, tuple(read_roots([str(root)]))).holds is holds


def test_a_signer_under_another_root_is_not_traced(desk: Desk, stranger: Authority) -> None:
    result = verify_stamp(desk.stamp(), NOTE, tuple(read_roots([str(stranger.root)])))
    assert result.problem.startswith("its signer, Holm Time under Test Stamps Root, is not traced to a root you named")
    both = tuple(read_roots([str(stranger.root), str(desk.authority.root)]))
    assert verify_stamp(desk.stamp(), NOTE, both).traced


def test_a_stamp_of_another_checkpoint_is_none_of_this_one(desk: Desk) -> None:
    assert "something else than this checkpoint" in verify_stamp(desk.stamp(), NOTE + b"x").problem


def test_an_answer_to_another_question_is_refused(desk: Desk) -> None:
    query = make_query(NOTE)
    assert query.nonce is not None
    answer = reply(desk.signers["ec"], query.body)
    assert "nonce" in verify_response(answer, NOTE, (), query.nonce + 1).problem


@pytest.mark.parametrize("trusting", [True, False], ids=["roots", "no-roots"])
def test_a_certificate_that_had_run_out_stamps_nothing(desk: Desk, trusting: bool) -> None:
    result = verify_stamp(desk.stamp("ended"), NOTE, desk.roots if trusting else ())
    assert "Holm Old Time was not valid at the stamped time" in result.problem


def test_a_rejection_is_told_in_the_authoritys_words(desk: Desk) -> None:
    result = verify_stamp(desk.stamp("picky"), NOTE)
    assert result.problem.startswith("the authority's answer was: rejected")
    assert "digest" in result.problem


def test_a_certificate_that_only_looks_like_the_signers_is_seen(desk: Desk) -> None:
    """The same issuer, number and key, signed by nobody: only the signature's own attribute tells them apart."""
    stamp = desk.stamp()
    folder = desk.authority.folder
    real = x509.load_pem_x509_certificate((folder / "Holm Time.pem").read_bytes())
    key = ec.generate_private_key(ec.SECP256R1())
    twin = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Grand Central Time")]))
        .issuer_name(real.issuer)
        .public_key(real.public_key())
        .serial_number(real.serial_number)
        .not_valid_before(real.not_valid_before_utc)
        .not_valid_after(real.not_valid_after_utc)
        .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(key, hashes.SHA256())
    )
    der = serialization.Encoding.DER
    forged = with_certificates(stamp, [twin.public_bytes(der)])
    assert "names another certificate" in verify_stamp(forged, NOTE).problem
    assert verify_stamp(with_certificates(stamp, [real.public_bytes(der)]), NOTE).holds


@pytest.mark.parametrize("signer", ["ec", "rsa"])
def test_a_changed_signature_or_time_is_seen_without_any_root(desk: Desk, signer: str) -> None:
    stamp = desk.stamp(signer)
    result = verify_stamp(stamp, NOTE)
    assert result.time is not None
    written = f"{result.time:%Y%m%d%H%M%SZ}".encode()
    assert "does not hold" in verify_stamp(stamp[:-1] + bytes([stamp[-1] ^ 1]), NOTE).problem
    earlier = stamp.replace(written, b"2019" + written[4:], 1)
    assert "what was signed is not what the token says" in verify_stamp(earlier, NOTE).problem


def with_certificates(stamp: bytes, certificates: list[bytes]) -> bytes:
    status, token = parse(stamp).parts()
    kind, wrapped = token.parts()
    parts = [one.whole for one in wrapped.parts()[0].parts()]
    parts[3] = tlv(0xA0, certificates)
    return tlv(0x30, [status.whole, tlv(0x30, [kind.whole, tlv(0xA0, [tlv(0x30, parts)])])])


def test_nothing_that_is_flipped_makes_it_say_another_time_or_break(desk: Desk) -> None:
    """What is not signed (spare certificates, the status) may change unseen here: the log has every byte's digest."""
    stamp, roots = desk.stamp(), desk.roots
    whole = verify_stamp(stamp, NOTE, roots)
    chosen, refused = random.Random(3), 0
    for _ in range(400):
        flipped = bytearray(stamp)
        flipped[chosen.randrange(len(flipped))] ^= 1 << chosen.randrange(8)
        result = verify_stamp(bytes(flipped), NOTE, roots, StampKind.RFC3161)
        refused += not result.holds
        assert not result.holds or (result.time, result.by) == (whole.time, whole.by)
    assert refused > 200


@given(st.binary(max_size=300))
def test_rubbish_is_no_stamp_and_breaks_nothing(data: bytes) -> None:
    for kind in StampKind:
        assert not verify_stamp(data, NOTE, (), kind).holds


@given(st.integers(0, 255).filter(lambda tag: tag & 0x1F != 0x1F), st.binary(max_size=70_000))
def test_der_reads_what_it_writes(tag: int, content: bytes) -> None:
    item = parse(encode(tag, content))
    assert (item.tag, item.content) == (tag, content)


@pytest.mark.parametrize(
    "data", [b"", b"\x30", b"\x30\x80\x00\x00", b"\x30\x81\x05hello", b"\x30\x82\x00\x81" + b"x" * 129, b"\x30\x03ab"]
)
def test_what_is_not_der_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"DER|breaks off|values"):
        parse(data)


def test_roots_that_can_not_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("no certificate")
    for name in ("empty.pem", "missing.pem"):
        with pytest.raises(ConfigError, match=name):
            read_roots([str(tmp_path / name)])


@given(st.text(min_size=1, max_size=80))
def test_every_authority_has_a_file_name_of_its_own(host: str) -> None:
    name = tsr_name(7, f"https://{host}/tsr")
    assert name != tsr_name(7, f"https://{host}/other")
    assert "/" not in name.removeprefix("checkpoints/")


# ---------------------------------------------------------------- OpenTimestamps

NONCE = bytes(range(16))


def proof_of(*calendars: str, note: bytes = NOTE) -> bytes:
    sent = ots.commitment(note, NONCE)
    proof, wrong = ots.make_proof(note, NONCE, {one: promise(sent, one) for one in calendars})
    assert not wrong
    return proof


@pytest.fixture
def waiting() -> Iterator[bytes]:
    yield proof_of("https://a.example", "https://b.example")


def test_a_promised_proof_names_its_calendars_and_proves_no_time_yet(waiting: bytes) -> None:
    result = verify_stamp(waiting, NOTE)
    assert (result.kind, result.holds, result.blocks) == (StampKind.OPENTIMESTAMPS, True, ())
    assert result.by == "https://a.example, https://b.example"
    commitment = committed(ots.commitment(NOTE, NONCE))
    assert {(one.uri, one.commitment) for one in ots.pending_in(waiting, NOTE)} == {
        ("https://a.example", commitment),
        ("https://b.example", commitment),
    }


def test_a_completed_proof_names_the_block(waiting: bytes) -> None:
    first, *_ = ots.pending_in(waiting, NOTE)
    complete = ots.complete_proof(waiting, NOTE, {first: kept(first.commitment, 871_234)})
    assert verify_stamp(complete, NOTE).blocks == (871_234,)
    assert ots.pending_in(complete, NOTE) == ()


def test_a_promise_repeated_or_rubbish_completes_nothing(waiting: bytes) -> None:
    first, *_ = ots.pending_in(waiting, NOTE)
    for answer in (b"", b"rubbish", append(b"x") + b"\x08" + pending("https://c.example"), kept(b"", 1)[:-1]):
        assert ots.complete_proof(waiting, NOTE, {first: answer}) == b""


def test_a_calendar_that_answers_rubbish_is_named_and_the_other_used() -> None:
    sent = ots.commitment(NOTE, NONCE)
    proof, wrong = ots.make_proof(NOTE, NONCE, {"a": b"rubbish", "b": promise(sent, "https://b.example")})
    assert list(wrong) == ["a"]
    assert verify_stamp(proof, NOTE).by == "https://b.example"
    assert ots.make_proof(NOTE, NONCE, {"a": b"rubbish"})[0] == b""


def test_a_proof_of_another_note_or_with_anything_behind_it_is_none(waiting: bytes) -> None:
    for proof, note in ((waiting, NOTE + b"x"), (waiting + b"\x00", NOTE), (waiting[:-1], NOTE), (b"", NOTE)):
        assert (
            "no OpenTimestamps proof of this checkpoint"
            in verify_stamp(proof, note, kind=StampKind.OPENTIMESTAMPS).problem
        )
    assert ots.pending_in(waiting, NOTE + b"x") == ()


def test_a_proof_that_leads_nowhere_is_none() -> None:
    other = ots.MAGIC + b"\x01\x08" + ots.sha256(NOTE).digest() + b"\x00" + bytes(8) + b"\x00"
    assert "leads to no Bitcoin block" in verify_stamp(other, NOTE).problem


@pytest.mark.filterwarnings("ignore:OpReverse")
def test_a_flipped_proof_breaks_nothing(waiting: bytes) -> None:
    first, *_ = ots.pending_in(waiting, NOTE)
    complete = ots.complete_proof(waiting, NOTE, {first: kept(first.commitment, 871_234)})
    for offset in range(len(complete)):
        flipped = bytearray(complete)
        flipped[offset] ^= 1 << offset % 8
        verify_stamp(bytes(flipped), NOTE, kind=StampKind.OPENTIMESTAMPS)
        ots.pending_in(bytes(flipped), NOTE)


def test_a_proof_that_would_take_much_work_is_not_looked_at(waiting: bytes) -> None:
    many = ots.MAGIC + b"\x01\x08" + ots.sha256(NOTE).digest() + (b"\xff" + block(1)) * 4000
    assert "more than" in verify_stamp(many, NOTE).problem


def test_proofs_are_named_as_the_ots_tool_wants_them() -> None:
    assert ots_name(42, 1) == "checkpoints/000000000042.note.ots"
    assert ots_name(42, 2) == "checkpoints/000000000042.note.2.ots"
