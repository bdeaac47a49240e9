"""What docs/provenance.md says can be done by hand is done here as it stands, and finds what was changed."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from proof_kit import with_key
from run_kit import answer, article, page, stage, write_post
from wire_server import WireServer

from preserve.ledger import Ledger
from preserve.proofs import Question, format_proof, prove
from preserve.times import SystemClock
from preserve.warc import copy_records

PAGE = (Path(__file__).parent.parent / "docs" / "provenance.md").read_text("utf-8")
STEPS = re.findall(r"<!-- by hand -->\n```bash\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def handed_over(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a proof of an edit, the second check of its post, and the records file."""
    place = with_key(stage(tmp_path_factory.mktemp("by-hand")))
    with WireServer({"/1": answer(page(article(1)))}) as server:
        write_post(place.posts, "report.md", server.url("/1"), article(1))
        write_post(place.posts, "gone.md", server.url("/gone"), article(2))
        place.verify()
        server.scripts["/1"] = answer(page([paragraph.replace("2,400", "2,300") for paragraph in article(1)]))
        place.verify()
    with Ledger.open_readonly(place.archive / "ledger.db") as ledger:
        proof = prove(place.archive, ledger, Question(ledger.find_posts_matching("report.md")[0]))
    folder = tmp_path_factory.mktemp("stranger")
    (folder / "proof.json").write_bytes(format_proof(proof))
    refs = [record.ref for record in proof.records]
    copy_records(place.archive, refs, folder / "records.warc.gz", {}, SystemClock().now())
    yield folder


def follow(folder: Path) -> list[subprocess.CompletedProcess[str]]:
    """The steps in order, up to the first that fails."""
    done = []
    for step in STEPS:
        done.append(
            subprocess.run(["bash", "-eu", "-c", step], cwd=folder, capture_output=True, text=True, check=False)
        )
        if done[-1].returncode:
            break
    return done


def test_the_steps_verify_a_proof(handed_over: Path) -> None:
    done = follow(handed_over)
    assert [one.returncode for one in done] == [0, 0, 0, 0], done[-1].stderr
    claim, way, signature, records = (one.stdout for one in done)
    assert '"verdict": "edited"' in claim
    assert len(re.findall(r"^entry \d+ of the \d+ that were signed as preserve/[0-9a-f]{16}$", way, re.MULTILINE)) == 2
    assert "Signature Verified Successfully" in signature
    assert records.count("is what was logged: sha256:") == 2


def edit_entry(proof: dict[str, Any]) -> None:
    proof["entries"][0]["text"] = proof["entries"][0]["text"].replace('"edited"', '"intact"')


def edit_root(proof: dict[str, Any]) -> None:
    lines = proof["checkpoint"].split("\n")
    lines[2] = ("A" if lines[2][0] != "A" else "B") + lines[2][1:]
    proof["checkpoint"] = "\n".join(lines)


def edit_key(proof: dict[str, Any]) -> None:
    proof["key"] = proof["key"][:-2] + ("A=" if proof["key"][-2] != "A" else "E=")


@pytest.mark.parametrize(
    ("edit", "step", "said"),
    [
        (edit_entry, 2, "another entry was signed"),
        (edit_root, 2, "another first entry was signed"),
        (edit_key, 3, ""),
    ],
)
def test_a_changed_proof_fails_by_hand(
    handed_over: Path, tmp_path: Path, edit: Callable[[dict[str, Any]], None], step: int, said: str
) -> None:
    proof = json.loads((handed_over / "proof.json").read_bytes())
    edit(proof)
    (tmp_path / "proof.json").write_text(json.dumps(proof))
    done = follow(tmp_path)
    assert len(done) == step
    assert done[-1].returncode
    assert said in done[-1].stderr


def test_another_record_fails_by_hand(handed_over: Path, tmp_path: Path) -> None:
    (tmp_path / "proof.json").write_bytes((handed_over / "proof.json").read_bytes())
    data = gzip.decompress((handed_over / "records.warc.gz").read_bytes())
    assert b"2,300" in data
    (tmp_path / "records.warc.gz").write_bytes(gzip.compress(data.replace(b"2,300", b"2,400")))
    done = follow(tmp_path)
    assert (len(done), "AssertionError" in done[-1].stderr) == (4, True)
