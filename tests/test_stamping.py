"""A run's checkpoint is stamped by whoever was named; a service that fails costs a notice, and an audit tells."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from fetch_kit import Kit
from run_kit import Stage, answer, article, page, stage, write_post
from stamp_kit import Authority, StampServer, pending, services
from wire_server import Endless, Hang, Step, WireServer

import preserve
from preserve.audit import Audit, Part, audit
from preserve.checkpoints import checkpoint_files
from preserve.errors import ConfigError
from preserve.fetch import HttpServices
from preserve.ledger import Ledger, RunPlan, RunState
from preserve.sealing import seal
from preserve.settings import ArchiveSettings, FetchSettings
from preserve.stamping import StampReport, stamp
from preserve.stamps import make_query, ots, read_roots, stamp_files, stamps_of, tsr_name
from preserve.warc import ArchiveLock


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("stamping") / "authority")
    made.signer("one")
    made.signer("two")
    made.signer("picky", digests="sha512")
    return made


@pytest.fixture
def server(authority: Authority) -> Iterator[StampServer]:
    with StampServer() as running:
        running.signers = {name: authority.folder / f"{name}.cnf" for name in ("one", "two", "picky")}
        yield running


@dataclass(frozen=True)
class Place:
    """An archive whose runs check nothing, so that all they come to is a checkpoint; the authority is trusted."""

    folder: Path
    settings: ArchiveSettings
    fetch: FetchSettings

    @property
    def archive(self) -> Path:
        return Path(self.settings.directory)

    def with_archive(self, **changes: Any) -> Place:
        return replace(self, settings=replace(self.settings, **changes))

    def run(self) -> StampReport:
        kit, now = Kit(**asdict(self.fetch)), datetime.now(UTC)
        with ArchiveLock(self.archive), Ledger.create_or_open(self.archive / "ledger.db") as ledger:
            run = ledger.begin_run(RunPlan((), "{}", "preserve/test", now))
            ledger.end_run(run, now, RunState.FINISHED)
            seal(self.archive, ledger, Path(self.settings.signing_key))
            return stamp(self.archive, ledger, self.settings, HttpServices(kit.settings, kit.tools))


@pytest.fixture
def place(tmp_path: Path, authority: Authority) -> Place:
    settings = ArchiveSettings(
        directory=str(tmp_path / "warcs"),
        signing_key=str(tmp_path / "config" / "key.pem"),
        timestamp_roots=(str(authority.root),),
    )
    return Place(tmp_path, settings, FetchSettings(read_timeout=5, control_names=()))


@pytest.fixture
def collection(tmp_path: Path, authority: Authority) -> Iterator[Stage]:
    """One post whose source answers, and a key to sign with."""
    made = stage(tmp_path).with_archive(
        signing_key=str(tmp_path / "config" / "key.pem"), timestamp_roots=(str(authority.root),)
    )
    with WireServer({"/0": answer(page(article(0)))}) as site:
        write_post(made.posts, "report.md", site.url("/0"), article(0))
        yield made


def looked_at(place: Place, *, trusting: bool = True) -> Audit:
    return audit(place.archive, roots=read_roots(place.settings.timestamp_roots) if trusting else ())


def said(result: Audit) -> list[str]:
    return [f"{one.part}: {one.where}: {one.what}" for one in result.findings]


def names(place: Place) -> list[str]:
    return [file.name for file in stamp_files(place.archive)]


# ---------------------------------------------------------------- authorities


def test_a_runs_checkpoint_is_stamped_by_every_authority_and_the_stamps_are_logged(
    place: Place, server: StampServer, authority: Authority
) -> None:
    place = place.with_archive(timestamp_urls=(server.url("/tsa/one"), server.url("/tsa/two")))
    report = place.run()
    assert report.problems == []
    checkpoint = checkpoint_files(place.archive)[-1]
    kept = stamps_of(place.archive, checkpoint.size)
    assert len(kept) == 2
    assert "127.0.0.1" in kept[0].name
    result = looked_at(place)
    assert (said(result), result.notes) == ([], [])
    assert [(one.by, one.traced, one.size) for one in result.stamps] == [
        (by, True, checkpoint.size) for by in (one.by for one in result.stamps)
    ]
    assert {one.by for one in result.stamps} == {"one", "two"}
    for file in kept:
        command = ["openssl", "ts", "-verify", "-data", place.archive / checkpoint.name]
        command += ["-in", place.archive / file.name, "-CAfile", authority.root]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert {head["Content-Type"] for head in server.headers} == {"application/timestamp-query"}


def test_an_audit_without_roots_says_that_nobody_was_trusted(place: Place, server: StampServer) -> None:
    place = place.with_archive(timestamp_urls=(server.url("/tsa/one"),))
    place.run()
    result = looked_at(place, trusting=False)
    assert said(result) == []
    assert [one.traced for one in result.stamps] == [False]
    assert "nobody was traced to a root you trust" in result.notes[0]


def test_the_next_run_stamps_its_own_checkpoint_and_leaves_the_first_stamp_alone(
    place: Place, server: StampServer
) -> None:
    place = place.with_archive(timestamp_urls=(server.url("/tsa/one"),))
    place.run()
    first = {file.name: file.data for file in stamp_files(place.archive)}
    place.run()
    assert len(names(place)) == 2
    assert first.items() <= {file.name: file.data for file in stamp_files(place.archive)}.items()
    assert (said(looked_at(place)), looked_at(place).notes) == ([], [])


ANSWERS: dict[str, tuple[list[Step], str]] = {
    "silence": ([Hang()], "nothing came for 0.3 s"),
    "refusal": ([b"HTTP/1.1 500 Out Of Order\r\nContent-Length: 0\r\n\r\n"], "answered with status 500"),
    "rubbish": ([b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nrubbish"], "no time stamp as RFC 3161 has it"),
    "flood": ([b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n", Endless(b"x" * 4096)], "too long"),
    "redirect": ([b"HTTP/1.1 302 Found\r\nLocation: /tsa\r\nContent-Length: 0\r\n\r\n"], "status 302"),
    "compressed": ([b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx"], "compressed"),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_an_authority_that_fails_costs_a_notice_and_the_next_run_makes_up_for_it(
    place: Place, server: StampServer, kind: str
) -> None:
    steps, why = ANSWERS[kind]
    with WireServer({"/tsa": steps}) as failing:
        broken = place.with_archive(timestamp_urls=(failing.url("/tsa"), server.url("/tsa/one")))
        report = replace(broken, fetch=replace(broken.fetch, read_timeout=0.3)).run()
    notices = [notice for notice in report.problems if notice.startswith(f"No time stamp from {failing.url('/tsa')}")]
    assert len(notices) == 1
    assert why in notices[0]
    assert notices[0].endswith("; the next run asks again")
    assert len(names(place)) == 1  # of the authority that works
    assert said(looked_at(place)) == []
    mended = place.with_archive(timestamp_urls=(server.url("/tsa/two"), server.url("/tsa/one")))
    mended.run()
    newest = checkpoint_files(place.archive)[-1].size
    assert len(stamps_of(place.archive, newest)) == 2


def test_a_rejection_by_the_authority_is_told(place: Place, server: StampServer) -> None:
    report = place.with_archive(timestamp_urls=(server.url("/tsa/picky"),)).run()
    assert any("the authority's answer was: rejected" in notice for notice in report.problems)
    assert names(place) == []


def test_an_answer_that_was_kept_from_before_is_no_stamp_of_this_checkpoint(place: Place, server: StampServer) -> None:
    place = place.with_archive(timestamp_urls=(server.url("/tsa/one"),))
    place.run()
    old = next(stamp_files(place.archive)).data
    again = [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(old), old]
    with WireServer({"/tsa": again}) as replaying:
        report = place.with_archive(timestamp_urls=(replaying.url("/tsa"),)).run()
    assert any("it stamps something else than this checkpoint" in notice for notice in report.problems)


def test_an_authority_nobody_trusts_is_not_kept_where_roots_are_named(
    place: Place, server: StampServer, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path / "stranger", "Another Root")
    place = place.with_archive(timestamp_urls=(server.url("/tsa/one"),), timestamp_roots=(str(stranger.root),))
    report = place.run()
    assert any("is not traced to a root you named" in notice for notice in report.problems)
    assert names(place) == []


def test_a_stamp_that_was_saved_and_not_logged_is_logged_by_the_next_run(place: Place, server: StampServer) -> None:
    """As after SIGKILL between the two."""
    url = server.url("/tsa/one")
    place.run()
    checkpoint = checkpoint_files(place.archive)[-1]
    reply = services().post(url, make_query(checkpoint.data).body, "application/timestamp-query", "*/*", 65536)
    name = tsr_name(checkpoint.size, url)
    (place.archive / name).write_bytes(reply.body)
    result = looked_at(place)
    assert (said(result), result.notes) == ([], [f"{name} is not in the log yet; the next run enters it, if it holds"])
    place.with_archive(timestamp_urls=(url,)).run()
    assert (said(looked_at(place)), looked_at(place).notes) == ([], [])


# ---------------------------------------------------------------- what an audit finds


@pytest.fixture
def stamped(place: Place, server: StampServer) -> Place:
    """Two checkpoints with a stamp of each kind; the first proof is complete."""
    place = place.with_archive(timestamp_urls=(server.url("/tsa/one"),), calendar_urls=(server.calendar,))
    place.run()
    server.block_for_all = 871_234
    place.run()
    assert len(names(place)) == 6  # two authorities' stamps; two proofs, both completed by now
    return place


@pytest.mark.filterwarnings("ignore:OpReverse")
def test_a_flipped_bit_in_a_stamp_is_found_wherever_it_is(stamped: Place) -> None:
    chosen = random.Random(11)
    files = [stamped.archive / name for name in names(stamped)]
    for _ in range(60):
        path = chosen.choice(files)
        data = path.read_bytes()
        flipped = bytearray(data)
        flipped[chosen.randrange(len(data))] ^= 1 << chosen.randrange(8)
        path.write_bytes(flipped)
        found = looked_at(stamped).findings
        assert any(one.part is Part.STAMP and path.name in one.where for one in found)
        path.write_bytes(data)
    assert said(looked_at(stamped)) == []


def test_every_deleted_stamp_is_found(stamped: Place) -> None:
    for name in names(stamped):
        data = (stamped.archive / name).read_bytes()
        (stamped.archive / name).unlink()
        assert said(looked_at(stamped)) == [f"stamp: {name}: is missing; the ledger says that it was had"]
        (stamped.archive / name).write_bytes(data)


def test_a_stamp_put_in_anothers_place_is_found(stamped: Place) -> None:
    first, second = [name for name in names(stamped) if name.endswith(".tsr")]
    shutil.copy(stamped.archive / first, stamped.archive / second)
    assert f"stamp: {second}: it stamps something else than this checkpoint" in said(looked_at(stamped))


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM stamps WHERE id = 1",
        "UPDATE stamps SET digest = zeroblob(32) WHERE id = 1",
        "UPDATE stamps SET file = file || 'x' WHERE id = 2",
        "UPDATE stamps SET size = (SELECT max(size) FROM checkpoints) WHERE id = 1",
    ],
)
def test_a_changed_row_of_stamps_is_found_by_the_log(stamped: Place, statement: str) -> None:
    with closing(sqlite3.connect(stamped.archive / "ledger.db", isolation_level=None)) as database:
        for verb in ("update", "delete"):
            database.execute(f"DROP TRIGGER stamps_no_{verb}")
        database.execute(statement)
    assert any(line.startswith("ledger: entry ") and "(stamp" in line for line in said(looked_at(stamped)))


# ---------------------------------------------------------------- calendars


def test_a_calendar_is_sent_no_digest_of_the_note_and_its_promise_is_kept(place: Place, server: StampServer) -> None:
    place = place.with_archive(calendar_urls=(server.calendar,))
    place.run()
    checkpoint = checkpoint_files(place.archive)[-1]
    ((method, path, body),) = [one for one in server.asked if one[0] == "POST"]
    assert (method, path, len(body)) == ("POST", "/calendar/digest", 32)
    assert body != sha256(checkpoint.data).digest()
    assert names(place) == [f"{checkpoint.name}.ots"]
    result = looked_at(place)
    assert said(result) == []
    assert [(one.kind, one.by, one.blocks) for one in result.stamps] == [("opentimestamps", server.calendar, ())]


def test_a_promised_proof_is_completed_by_a_later_run_beside_the_first(place: Place, server: StampServer) -> None:
    place = place.with_archive(calendar_urls=(server.calendar,))
    place.run()
    first = names(place)[0]
    before = (place.archive / first).read_bytes()
    place.run()  # nothing yet
    assert [name for name in names(place) if "note.2.ots" in name] == []
    waiting = stamps_of(place.archive, checkpoint_files(place.archive)[0].size)[0]
    (promised,) = ots.pending_in(waiting.data, checkpoint_files(place.archive)[0].data)
    server.heights[promised.commitment] = 871_234
    place.run()
    assert (place.archive / first).read_bytes() == before
    assert first.replace(".note.ots", ".note.2.ots") in names(place)
    result = looked_at(place)
    assert said(result) == []
    assert [one.blocks for one in result.stamps if one.blocks] == [(871_234,)]
    assert any("`ots verify` does" in note for note in result.notes)
    asked = len(server.asked)
    place.run()
    assert [one for one in server.asked[asked:] if promised.commitment.hex() in one[1]] == []  # it is complete


def test_a_calendar_that_fails_costs_a_notice_and_is_asked_again(place: Place, server: StampServer) -> None:
    with WireServer({}) as failing:
        report = place.with_archive(calendar_urls=(failing.url("/c"),)).run()
    assert any(notice.startswith("No promise from the calendar") for notice in report.problems)
    assert names(place) == []
    place.with_archive(calendar_urls=(server.calendar,)).run()
    assert len(names(place)) == 1


def test_a_promise_can_not_make_us_ask_a_private_address(place: Place) -> None:
    """The calendar is named in the configuration; what it names in its answer is not."""
    with WireServer({}) as inner:
        body = pending(inner.url("/secret"))
        scripted = [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body), body]
        with WireServer({"/c/digest": scripted}) as calendar:
            place = place.with_archive(calendar_urls=(calendar.url("/c"),))
            report = place.run()
        assert inner.heads == []
    (told,) = [problem for problem in report.problems if "can't be asked for what it promised" in problem]
    assert "is not asked" in told


def test_without_the_extra_it_is_said_what_is_missing(
    stamped: Place, server: StampServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opentimestamps.core", None)
    result = looked_at(stamped)
    assert said(result) == []
    assert any("compared with the log only" in note for note in result.notes)
    report = stamped.run()
    assert any("pip install 'preserve-archive[opentimestamps]'" in notice for notice in report.problems)
    with pytest.raises(ConfigError, match="further library"):
        ots.pending_in(b"", b"")


# ---------------------------------------------------------------- whole runs and the commands


def test_a_run_has_its_checkpoint_stamped_at_its_end(collection: Stage, server: StampServer) -> None:
    wanted = (server.url("/tsa/one"), server.url("/tsa/missing"))
    summary, watcher = collection.with_archive(timestamp_urls=wanted).verify()
    assert not summary.interrupted
    told = [notice for notice in watcher.notices if "time stamp" in notice]
    assert told == [f"No time stamp from {wanted[1]}: it answered with status 404; the next run asks again"]
    (root,) = collection.settings.archive.timestamp_roots
    result = audit(collection.archive, roots=read_roots([root]))
    assert (said(result), result.notes, len(result.stamps)) == ([], [], 1)
    assert root.encode() not in (collection.archive / "ledger.db").read_bytes()  # where it lies is the user's business


def test_roots_that_can_not_be_read_do_not_stop_a_run(collection: Stage, server: StampServer) -> None:
    place = collection.with_archive(timestamp_urls=(server.url("/tsa/one"),), timestamp_roots=("missing.pem",))
    summary, watcher = place.verify()
    assert not summary.interrupted
    assert any(notice.startswith("No time stamp was had: timestamp-roots: missing.pem") for notice in watcher.notices)


def test_a_run_that_was_asked_to_stop_asks_nobody(collection: Stage, server: StampServer) -> None:
    place = collection.with_archive(timestamp_urls=(server.url("/tsa/one"),))
    summary, watcher = place.verify(stop_after_visits=1)
    assert server.asked == []
    assert any("asked to stop" in notice for notice in watcher.notices if "No time stamp from" in notice)
    assert summary.run == 1


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "PYTHONPATH": str(Path(preserve.__file__).parent.parent),
        "NO_PROXY": "*",
        "COLUMNS": "200",
    }
    line = [sys.executable, "-P", "-m", "preserve", *words]
    return subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_stamp_command_makes_up_for_what_a_run_could_not_have(
    place: Place, server: StampServer, authority: Authority
) -> None:
    place.run()
    nobody = command(place.folder, "stamp")
    assert (nobody.returncode, "set timestamp-urls or calendar-urls" in nobody.stderr) == (2, True)
    shutil.copy(authority.root, place.folder / "root.pem")
    config = place.folder / "preserve.toml"
    urls = [server.url("/tsa/one"), server.url("/tsa/missing")]
    config.write_text(f'[archive]\ntimestamp-urls = {json.dumps(urls)}\ntimestamp-roots = ["root.pem"]\n')
    partly = command(place.folder, "stamp")
    assert partly.returncode == 1
    assert "kept checkpoints/" in partly.stdout
    assert "status 404" in partly.stdout
    config.write_text(f'[archive]\ntimestamp-urls = {json.dumps(urls[:1])}\ntimestamp-roots = ["root.pem"]\n')
    again = command(place.folder, "stamp")
    assert (again.returncode, "nothing to ask for" in again.stdout) == (0, True)
    told = command(place.folder, "audit")
    assert told.returncode == 0, told.stdout
    assert "says one (traced to a root you trust)" in told.stdout
    lines = command(place.folder, "audit", "--json").stdout.splitlines()
    (one,) = json.loads(lines[-1])["summary"]["stamps"]
    assert (one["by"], one["traced"]) == ("one", True)
