"""A proof holds for what was logged and for nothing else, on a machine that has no archive."""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema
import pymerkle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proof_kit import with_key
from run_kit import answer, article, page, stage, write_post
from stamp_kit import Authority, promise, reply
from warcio.archiveiterator import ArchiveIterator
from wire_server import WireServer

import preserve
from preserve.checkpoints import VerifierKey, checkpoint_files, load_or_make, parse_checkpoint, parse_note
from preserve.digests import digest
from preserve.errors import ArchiveError, ProofError
from preserve.leaves import canonical
from preserve.ledger import Ledger
from preserve.merkle import leaf_hash
from preserve.proofs import (
    Outcome,
    Part,
    Proof,
    Question,
    format_proof,
    parse_proof,
    prove,
    verify,
    verify_records,
    verify_timestamps,
)
from preserve.proofs.values import Timestamp
from preserve.stamps import make_query, ots, read_roots, save_stamp, tsr_name
from preserve.times import SystemClock
from preserve.warc import copy_records, read_records

ROOT = Path(preserve.__file__).parent.parent
SCHEMA = json.loads((Path(__file__).parent.parent / "docs" / "proof.schema.json").read_text("utf-8"))
POSTS = 3


@dataclass(frozen=True)
class Kept:
    """An archive of three runs, the checkpoint of its first, and the proof of one post with its records."""

    folder: Path
    old: bytes

    @property
    def archive(self) -> Path:
        return self.folder / "warcs"

    def prove(self, post: str | None = "report-1.md", **question: Any) -> Proof:
        with Ledger.open_readonly(self.archive / "ledger.db") as ledger:
            found = None if post is None else ledger.find_posts_matching(post)[0]
            return prove(self.archive, ledger, Question(found, **question))

    def records(self, proof: Proof, name: str = "records.warc.gz") -> Path:
        path = self.folder / name
        copy_records(self.archive, [record.ref for record in proof.records], path, {}, SystemClock().now())
        return path

    def command(self, *words: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "100", "NO_COLOR": "1"}
        line = [sys.executable, "-m", "preserve", *map(str, words)]
        return subprocess.run(
            line, cwd=cwd or self.folder, env=environment, capture_output=True, text=True, check=False, timeout=100
        )


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    place = with_key(stage(tmp_path_factory.mktemp("proved")))
    with WireServer({}) as server:
        for number in range(POSTS):
            server.scripts[f"/{number}"] = answer(page(article(number)))
            write_post(place.posts, f"report-{number}.md", server.url(f"/{number}"), article(number))
        write_post(place.posts, "gone.md", server.url("/gone"), article(9))
        write_post(place.posts, "no-source.md", None, article(8))
        place.verify()
        old = next((place.archive / "checkpoints").glob("*.note")).read_bytes()
        changed = [paragraph.replace("2,400", "2,300") for paragraph in article(1)]
        server.scripts["/1"] = answer(page(changed))
        place.verify()
        place.verify()
    yield Kept(place.folder, old)


def failing(proof: Proof, records: Path | None = None, **known: Any) -> list[str]:
    """What does not hold, told by name and sentence."""
    brought = None if records is None else read_records(records)
    steps = (*verify(proof, **known).steps, *verify_records(proof, brought))
    return [f"{step.name}: {step.says}" for step in steps if step.outcome is Outcome.FAILS]


def resummed(said: dict[str, Any]) -> bytes:
    """A proof file as somebody would write it who knows how its sum is made."""
    rest = {name: value for name, value in said.items() if name != "sum"}
    try:
        return json.dumps({**rest, "sum": digest(canonical(rest))}).encode()
    except ValueError:
        return json.dumps(said).encode()


def changed(proof: Proof, **changes: Any) -> Proof:
    """The proof with one thing changed, as it would be read from a file."""
    return parse_proof(format_proof(replace(proof, **changes)))


# ---------------------------------------------------------------- what holds


@pytest.mark.parametrize("post", ["report-0.md", "report-1.md", "gone.md", "no-source.md"])
@pytest.mark.parametrize("run", [1, 2, 3])
def test_every_check_is_proved_with_its_records(kept: Kept, post: str, run: int) -> None:
    proof = kept.prove(post, run=run)
    records = kept.records(proof, f"{post}-{run}.warc.gz")
    assert failing(proof, records) == []
    claim = verify(proof).claim
    assert claim is not None
    assert (claim.run, Path(claim.post).name) == (run, post)


def test_the_claim_is_what_the_ledger_has(kept: Kept) -> None:
    proof = kept.prove()
    with Ledger.open_readonly(kept.archive / "ledger.db") as ledger:
        check = ledger.history(ledger.find_posts_matching("report-1.md")[0])[-1]
    claim = verify(proof).claim
    assert claim is not None
    assert (claim.verdict, claim.natures, claim.url) == ("edited", ("number",), check.source)


def test_a_time_names_the_last_check_by_then(kept: Kept) -> None:
    with Ledger.open_readonly(kept.archive / "ledger.db") as ledger:
        checks = list(ledger.log.checks_of(ledger.find_posts_matching("report-1.md")[0]))
    second = checks[1].check.checked_at
    claim = verify(kept.prove(at=second)).claim
    assert claim is not None and claim.run == 2
    with pytest.raises(ProofError, match=r"checks are of the runs 1, 2, 3"):
        kept.prove(at=datetime(2000, 1, 1, tzinfo=UTC))


def test_a_revisits_original_and_the_earlier_capture_come_along_with_entries_that_vouch_for_them(kept: Kept) -> None:
    proof = kept.prove("report-0.md")
    parts = {record.part for record in proof.records}
    assert parts >= {Part.CAPTURE, Part.ORIGINAL, Part.PREVIOUS, Part.STORED_COPY}
    original = next(record for record in proof.records if record.part is Part.ORIGINAL)
    assert any(original.ref.record_id in entry.text and original.block in entry.text for entry in proof.entries[1:])


def test_the_log_is_proved_to_have_grown(kept: Kept) -> None:
    proof = kept.prove(None, since=kept.old)
    assert proof.entries == proof.records == ()
    assert failing(proof, against=kept.old) == []
    assert failing(kept.prove(since=kept.old), against=kept.old) == []


def test_another_implementation_has_the_same_paths(kept: Kept) -> None:
    proof = kept.prove(since=kept.old)
    newest, old = (parse_checkpoint(parse_note(note).text) for note in (proof.checkpoint.encode(), kept.old))
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    with Ledger.open_readonly(kept.archive / "ledger.db") as ledger:
        for leaf in islice(ledger.log.leaves(), newest.size):
            tree._store_leaf(b"", leaf)  # below what hashes an entry: the log keeps only the hashes
    assert (tree.get_root(), tree.get_root(old.size)) == (newest.root, old.root)
    for entry in proof.entries:
        leaf = leaf_hash(entry.text.encode())
        theirs = tree.prove_inclusion(entry.position + 1, newest.size)
        assert sorted(theirs.path) == sorted([leaf, *entry.path])
        pymerkle.verify_inclusion(leaf, newest.root, theirs)
    assert proof.since is not None
    theirs = tree.prove_consistency(old.size, newest.size)
    assert set(proof.since.path) <= set(theirs.path)
    pymerkle.verify_consistency(old.root, newest.root, theirs)


def test_the_records_file_has_the_members_byte_for_byte_and_any_reader_opens_it(kept: Kept) -> None:
    proof = kept.prove("report-0.md")
    path = kept.records(proof)
    data = path.read_bytes()
    members = []
    for record in proof.records:
        whole = (kept.archive / record.ref.file).read_bytes()
        members.append(whole[record.ref.offset : record.ref.offset + record.ref.length])
    assert data.endswith(b"".join(members))
    with path.open("rb") as stream:
        kinds = [record.rec_type for record in ArchiveIterator(stream, check_digests="raise")]
    assert kinds == ["warcinfo", *(record.kind for record in proof.records)]


def test_a_proof_file_is_small_canonical_and_as_the_schema_has_it(kept: Kept) -> None:
    for proof in (kept.prove(), kept.prove("no-source.md"), kept.prove(None, since=kept.old)):
        data = format_proof(proof)
        assert parse_proof(data) == proof
        assert data == canonical(json.loads(data)) + b"\n"
        assert len(data) < 12_000
        jsonschema.Draft202012Validator.check_schema(SCHEMA)
        jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(data))


# ---------------------------------------------------------------- what does not


def test_another_verdict_is_found(kept: Kept) -> None:
    proof = kept.prove()
    entry = replace(proof.entries[0], text=proof.entries[0].text.replace('"edited"', '"intact"'))
    assert failing(changed(proof, entries=(entry, *proof.entries[1:])))[0].startswith("entry: The check is not entry")


def test_another_key_is_found_and_one_from_the_proof_proves_no_name(kept: Kept) -> None:
    proof = kept.prove()
    key = VerifierKey.parse(proof.key)
    other = load_or_make(kept.folder / "other.pem").verifier(key.name)
    assert failing(proof, key=key) == []
    assert "is not the one you gave" in failing(proof, key=other)[0]
    assert "is not signed with the key" in failing(changed(proof, key=str(other)))[0]
    outcomes = {step.name: step.outcome for step in verify(proof).steps}
    assert outcomes["signer"] is Outcome.OPEN


def test_a_forged_log_has_another_name(kept: Kept) -> None:
    """Whoever signs a log of their own under this name has to begin it with this log's first entry."""
    proof = kept.prove()
    first = replace(proof.first, hash=bytes(32))
    assert failing(changed(proof, first=first))[0].startswith("log: The first entry")
    signer = load_or_make(kept.folder / "forger.pem")
    checkpoint = replace(parse_checkpoint(parse_note(proof.checkpoint.encode()).text), origin="preserve/" + "0" * 16)
    forged = changed(proof, checkpoint=signer.sign(checkpoint).decode(), key=str(signer.verifier(checkpoint.origin)))
    assert failing(forged)[0].startswith("log: A log with this first entry is called")


def test_a_checkpoint_that_was_kept_finds_another_history(kept: Kept) -> None:
    proof = kept.prove(since=kept.old)
    old = parse_checkpoint(parse_note(kept.old).text)
    signer = load_or_make(kept.folder / "config" / "signing-key.pem")
    other = signer.sign(replace(old, root=bytes(32)))
    assert "signs another history" in failing(proof, against=other)[0]
    elsewhere = signer.sign(replace(old, origin="preserve/elsewhere"))
    assert "of another log" in failing(proof, against=elsewhere)[0]
    with pytest.raises(ProofError, match="preserve prove --since"):
        verify(kept.prove(), against=kept.old)
    with pytest.raises(ProofError, match="is none"):
        verify(proof, against=b"nothing")


def test_a_record_that_is_missing_or_another_is_found(kept: Kept, tmp_path: Path) -> None:
    proof = kept.prove("report-0.md")
    without = tmp_path / "without.warc.gz"
    copy_records(kept.archive, [record.ref for record in proof.records[1:]], without, {}, SystemClock().now())
    assert f"{proof.records[0].ref.record_id} is not in the file" in failing(proof, without)[0]
    records = kept.records(proof)
    for record in proof.records:
        listed = replace(record, block=digest(b"another"))
        told = failing(replace(proof, records=(listed,)), records)
        assert any("another digest" in one for one in told)
    damaged = bytearray(records.read_bytes())
    damaged[-40] ^= 0xFF
    (tmp_path / "damaged.warc.gz").write_bytes(damaged)
    assert "is not in the file, or is damaged there" in failing(proof, tmp_path / "damaged.warc.gz")[0]


def test_a_whole_file_of_the_archive_serves_as_well(kept: Kept) -> None:
    proof = kept.prove("gone.md", run=1)
    (file,) = {record.ref.file for record in proof.records}
    assert failing(proof, kept.archive / file) == []


def test_each_flipped_byte_is_found(kept: Kept) -> None:
    proof, chosen = kept.prove(since=kept.old), random.Random(7)
    data = format_proof(proof)
    for offset in range(len(data)):
        flipped = bytearray(data)
        flipped[offset] ^= 1 << chosen.randrange(8)
        try:
            read = parse_proof(bytes(flipped))
        except ProofError:
            continue
        assert read == proof


def test_each_changed_character_of_what_is_signed_is_found_whatever_the_sum_says(kept: Kept) -> None:
    proof = kept.prove(None, since=kept.old)
    said = json.loads(format_proof(proof))
    for holder, name in ((said, "checkpoint"), (said, "key"), (said["since"], "checkpoint"), (said["first"], "hash")):
        text = holder[name]
        for at, old in enumerate(text):
            holder[name] = text[:at] + ("A" if old != "A" else "B") + text[at + 1 :]
            try:
                read = parse_proof(resummed(said))
            except ProofError:
                continue
            assert failing(read), f"{name} {at}"
        holder[name] = text
    assert not failing(parse_proof(resummed(said)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2**60) | st.text(max_size=8) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield from places(item, (*path, name))


def mutate(said: Any, path: tuple[Any, ...], data: st.DataObject) -> Any:
    if not path:
        return data.draw(JSON)
    holder = said
    for name in path[:-1]:
        holder = holder[name]
    old, how = holder[path[-1]], data.draw(st.sampled_from(["other", "remove", "edit", "double"]))
    if how == "remove":
        del holder[path[-1]]
    elif how == "double" and isinstance(old, list) and old:
        old.append(old[0])
    elif how == "edit" and isinstance(old, str) and old:
        at = data.draw(st.integers(0, len(old) - 1))
        holder[path[-1]] = old[:at] + data.draw(st.sampled_from("0aA/=\n+é")) + old[at + 1 :]
    elif how == "edit" and isinstance(old, int):
        holder[path[-1]] = old + data.draw(st.sampled_from([-1, 1, 2**53]))
    else:
        holder[path[-1]] = data.draw(JSON)
    return said


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_what_a_changed_proof_still_proves_the_original_proved(kept: Kept, data: st.DataObject) -> None:
    """Its sum made to fit: what is then told of it is refused, fails, or was true before."""
    proof, records = shared(kept)
    said = json.loads(format_proof(proof))
    said = mutate(said, data.draw(st.sampled_from(list(places(said)))), data)
    written = resummed(said) if isinstance(said, dict) else json.dumps(said).encode()
    try:
        read = parse_proof(written)
        if failing(read, records):
            return
    except ProofError:
        return
    assert (read.checkpoint, read.key, read.first) == (proof.checkpoint, proof.key, proof.first)
    assert read.entries[:1] in ((), proof.entries[:1])
    assert set(read.entries) <= set(proof.entries)
    assert read.since in (None, proof.since)
    assert read.timestamps == proof.timestamps or not read.timestamps or not proof.timestamps
    known = {record.ref.record_id: record for record in proof.records}
    for record in read.records:  # where it lies in the archive, and what an unnamed one is part of, is the maker's word
        was = known[record.ref.record_id]
        assert (record.kind, record.block, record.ref.length) == (was.kind, was.block, was.ref.length)


def shared(kept: Kept) -> tuple[Proof, Path]:
    path, records = kept.folder / "shared.json", kept.folder / "shared.warc.gz"
    if not path.exists():
        proof = kept.prove("report-0.md", since=kept.old)
        kept.records(proof, records.name)
        path.write_bytes(format_proof(proof))
    return parse_proof(path.read_bytes()), records


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_anything_else_is_no_proof(data: bytes) -> None:
    with pytest.raises(ProofError):
        parse_proof(data)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b'"version":1', b'"version":2', "update preserve"),
        (b'"version":1', b'"version":1,"more":0', "more is no field of this form"),
        (b'"version":1', b'"version":1,"version":1', "stands twice"),
        (b'"version":1', b'"version":1.0', "no whole number"),
        (b'"position":', b'"position":-', "entries[0].position is no whole number"),
        (b'"since":null', b'"since":7', "since is no object"),
        (b'"records":[', b'"records":[null,', "records[0] is no object"),
        (b'"part":"', b'"part":"x', "is none of capture"),
        (b'"block":"sha256:', b'"block":"md5:', "unknown algorithm"),
        (b'"format"', b'"formats"', "it is no proof"),
        (b'"sum":"sha256:', b'"sum":"sha256:0', "sum is no digest"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(kept: Kept, old: bytes, new: bytes, said: str) -> None:
    data = format_proof(kept.prove("no-source.md"))
    assert old in data
    with pytest.raises(ProofError) as refused:
        parse_proof(data.replace(old, new, 1))
    assert said in str(refused.value)


def test_deep_nesting_is_no_traceback() -> None:
    with pytest.raises(ProofError, match="no JSON"):
        parse_proof(b"[" * 200_000)


# ---------------------------------------------------------------- time stamps


def test_time_stamps_come_along_and_hold_for_whom_their_root_is_trusted(kept: Kept, tmp_path: Path) -> None:
    authority, other = Authority(tmp_path / "authority"), replace(kept, folder=tmp_path)
    shutil.copytree(kept.archive, other.archive)
    for file in checkpoint_files(other.archive)[::2]:  # the first and the third
        response = reply(authority.signer(f"tsa-{file.size}"), make_query(file.data).body)
        save_stamp(other.archive, tsr_name(file.size, "http://tsa.example/"), response)
    newest, first = other.prove(run=1), other.prove(run=1, earliest=True)
    roots = read_roots([str(authority.root)])
    for proof in (newest, first):
        assert [step.outcome for step in verify_timestamps(proof, roots)] == [Outcome.HOLDS]
        assert [step.outcome for step in verify_timestamps(proof)] == [Outcome.OPEN]
        assert failing(proof) == []
        assert parse_proof(format_proof(proof)) == proof
    assert first.checkpoint.encode() == kept.old != newest.checkpoint.encode()
    (swapped,) = verify_timestamps(replace(newest, timestamps=first.timestamps), roots)
    assert (swapped.outcome, "something else than this checkpoint" in swapped.says) == (Outcome.FAILS, True)
    stranger = read_roots([str(Authority(tmp_path / "stranger").root)])
    assert [step.outcome for step in verify_timestamps(newest, stranger)] == [Outcome.FAILS]
    (unstamped,) = verify_timestamps(other.prove(run=2, earliest=True), roots)
    assert (unstamped.outcome, "the signer's word" in unstamped.says) == (Outcome.OPEN, True)
    (tmp_path / "p.json").write_bytes(format_proof(first))
    done = kept.command("audit", "p.json", "--root", authority.root, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✓ time The checkpoint existed by 20" in " ".join(done.stdout.split())


def test_a_promise_of_a_time_stamp_proves_nothing_yet(kept: Kept) -> None:
    pytest.importorskip("opentimestamps")
    proof, nonce = kept.prove(), bytes(16)
    note, uri = proof.checkpoint.encode(), "https://calendar.example"
    commitment = ots.commitment(note, nonce)
    promised, _ = ots.make_proof(note, nonce, {uri: promise(commitment, uri)})
    stamped = changed(proof, timestamps=(Timestamp("1.note.ots", promised),))
    (step,) = verify_timestamps(stamped)
    assert (step.outcome, uri in step.says) == (Outcome.OPEN, True)
    (other,) = verify_timestamps(replace(stamped, checkpoint=kept.old.decode()))
    assert other.outcome is Outcome.FAILS


# ---------------------------------------------------------------- archives that can't prove


def test_an_archive_that_was_changed_gives_no_proof(kept: Kept, tmp_path: Path) -> None:
    other = replace(kept, folder=tmp_path)
    shutil.copytree(kept.archive, other.archive)
    with closing(sqlite3.connect(other.archive / "ledger.db", isolation_level=None)) as database:
        database.execute("DROP TRIGGER checks_no_update")
        database.execute("UPDATE checks SET verdict = 'intact' WHERE verdict = 'edited'")
    with pytest.raises(ArchiveError, match="are not what was logged"):
        other.prove()
    with closing(sqlite3.connect(other.archive / "ledger.db", isolation_level=None)) as database:
        database.execute("DROP TRIGGER log_leaves_no_delete")
        database.execute("DELETE FROM log_leaves WHERE position > 12")
    with pytest.raises((ArchiveError, ProofError), match=r"cut back|older than the log"):
        other.prove("report-0.md")


def test_a_record_that_is_damaged_in_the_archive_is_not_handed_on(kept: Kept, tmp_path: Path) -> None:
    proof, other = kept.prove(), replace(kept, folder=tmp_path)
    shutil.copytree(kept.archive, other.archive)
    ref = proof.records[0].ref
    data = bytearray((other.archive / ref.file).read_bytes())
    data[ref.offset + ref.length // 2] ^= 0xFF
    (other.archive / ref.file).write_bytes(data)
    with pytest.raises(ArchiveError, match=rf"offset {ref.offset}: record {ref.record_id} is damaged"):
        other.prove()
    (other.archive / ref.file).unlink()
    with pytest.raises(ArchiveError, match="restore it from a copy"):
        other.prove()
    with pytest.raises(ArchiveError, match="restore it from a copy"):
        other.records(proof)
    assert list(tmp_path.iterdir()) == [other.archive]


def test_without_a_checkpoint_nothing_is_proved(kept: Kept, tmp_path: Path) -> None:
    other = replace(kept, folder=tmp_path)
    shutil.copytree(kept.archive, other.archive)
    notes = sorted((other.archive / "checkpoints").glob("*.note"))
    for note in notes[1:]:
        note.unlink()
    with pytest.raises(ProofError, match="signed by no checkpoint yet"):
        other.prove()
    assert failing(other.prove(run=1)) == []
    notes[0].unlink()
    with pytest.raises(ProofError, match="no signed checkpoint"):
        other.prove(run=1)


def test_only_a_checkpoint_of_this_log_shows_growth(kept: Kept) -> None:
    signer = load_or_make(kept.folder / "config" / "signing-key.pem")
    old = parse_checkpoint(parse_note(kept.old).text)
    with pytest.raises(ProofError, match="no checkpoint signed with a key of this archive"):
        kept.prove(None, since=b"nothing")
    with pytest.raises(ProofError, match="cut back"):
        kept.prove(None, since=signer.sign(replace(old, size=10_000)))
    with pytest.raises(ArchiveError, match="are not the beginning"):
        kept.prove(None, since=signer.sign(replace(old, root=bytes(32))))


# ---------------------------------------------------------------- the command line


def test_a_proof_is_made_and_verified_where_nothing_else_is(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "old.note").write_bytes(kept.old)
    words = ("prove", "report-1.md", "--archive", kept.archive, "-o", "p.json", "--records", "r.warc.gz")
    made = kept.command(*words, "--since", "old.note", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert "edited (number)" in made.stdout
    key = parse_proof((tmp_path / "p.json").read_bytes()).key
    assert key in made.stdout
    given = ("audit", "p.json", "--record", "r.warc.gz", "--key", key, "--against", "old.note")
    done = kept.command(*given, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    said = " ".join(done.stdout.split())
    assert "✓ the proof holds" in said
    assert "edited (number), which means: the same article, with a material difference" in said
    assert "That the verdict is right." in said
    as_json = json.loads(kept.command(*given, "--json", cwd=tmp_path).stdout)
    assert as_json["holds"] is True
    assert as_json["claim"]["verdict"] == "edited"


def test_a_proof_that_does_not_hold_is_exit_code_1_and_claims_nothing(kept: Kept, tmp_path: Path) -> None:
    proof = kept.prove()
    entry = replace(proof.entries[0], text=proof.entries[0].text.replace('"edited"', '"intact"'))
    (tmp_path / "p.json").write_bytes(format_proof(replace(proof, entries=(entry, *proof.entries[1:]))))
    done = kept.command("audit", "p.json", cwd=tmp_path)
    assert done.returncode == 1
    said = " ".join(done.stdout.split())
    assert "It claims, and does not prove" in said
    assert "something was changed" in said
    assert json.loads(kept.command("audit", "p.json", "--json", cwd=tmp_path).stdout)["holds"] is False


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("prove", "report-1.md"), "-o"),
        (("prove", "-o", "p.json"), "name a POST"),
        (("prove", "--since", "old.note", "--records", "r.gz", "-o", "p.json"), "about a POST"),
        (("prove", "report-1.md", "--run", "1", "--at", "2026-01-01", "-o", "p.json"), "one of them"),
        (("prove", "report-1.md", "--at", "then", "-o", "p.json"), "--at"),
        (("prove", "report-1.md", "--run", "9", "-o", "p.json"), "was not checked then"),
        (("prove", "report-1.md", "-o", "warcs/p.json"), "inside the archive"),
        (("prove", "report-1.md", "-o", "p.json", "--records", "warcs/../warcs/r.warc.gz"), "inside the archive"),
        (("prove", "report-1.md", "-o", "nowhere/p.json"), "nowhere/p.json"),
        (("prove", "report-1.md", "-o", "p.json", "--since", "missing.note"), "missing.note"),
        (("audit", "missing.json"), "missing.json"),
        (("audit", "_posts/report-1.md"), "it is no JSON"),
        (("audit", "--key", "x"), "for a PROOF"),
        (("audit", "p.json", "--archive", "warcs"), "without an archive"),
    ],
)
def test_mistakes_are_one_message_and_exit_code_2(kept: Kept, words: tuple[str, ...], said: str) -> None:
    (kept.folder / "old.note").write_bytes(kept.old)
    done = kept.command(*words, *(("--archive", "warcs") if words[0] == "prove" else ()))
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_key_or_record_file_that_is_none_is_said(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_bytes(format_proof(kept.prove("gone.md")))
    (tmp_path / "empty.warc.gz").write_bytes(b"nothing")
    assert "--key" in kept.command("audit", "p.json", "--key", "x", cwd=tmp_path).stderr
    none = kept.command("audit", "p.json", "--record", "empty.warc.gz", cwd=tmp_path)
    assert (none.returncode, "is not in the file" in " ".join(none.stdout.split())) == (1, True)
    missing = kept.command("audit", "p.json", "--record", "missing.warc.gz", cwd=tmp_path)
    assert missing.returncode == 2
    assert "missing.warc.gz" in missing.stderr


def test_what_a_proof_says_can_not_steer_the_terminal(kept: Kept, tmp_path: Path) -> None:
    proof = kept.prove("gone.md")
    said = json.loads(proof.entries[0].text) | {"post": "\x1b[31m\u202eevil.md"}
    entry = replace(proof.entries[0], text=canonical(said).decode())
    (tmp_path / "p.json").write_bytes(format_proof(replace(proof, entries=(entry,))))
    shown = kept.command("audit", "p.json", cwd=tmp_path).stdout
    assert "evil.md" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_base64_has_one_form(kept: Kept) -> None:
    data = format_proof(kept.prove("gone.md"))
    first = json.loads(data)["first"]["hash"]
    other = first[:-2] + chr(ord(first[-2]) + 1) + "="
    assert base64.b64decode(other) == base64.b64decode(first)
    with pytest.raises(ProofError, match="one canonical form"):
        parse_proof(data.replace(first.encode(), other.encode()))
