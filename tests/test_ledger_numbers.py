"""What is kept once has one number, whatever was remembered, forgotten or taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_samples import EDIT, PLAN, Sample, all_rows, check_of, digest

from preserve.errors import ArchiveError
from preserve.ledger import Ledger
from preserve.ledger import numbers as numbers_module
from preserve.ledger.database import Database, open_for_writing
from preserve.ledger.numbers import Numbers

NEW = Sample(post="new.md", source="https://new.example/page", judgement=EDIT, text="new")
BLOCKS = [("new.example", "https://new.example/page", [digest("footer")])]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_for_writing(tmp_path / "ledger.db")
    yield opened
    opened.close()


def test_numbers_given_in_a_refused_batch_are_forgotten(tmp_path: Path) -> None:
    """Other values have their numbers by the time they come again."""
    usual = [check_of(Sample(post=f"{number}.md", source=f"https://{number}.example/")) for number in range(3)]
    paths = [tmp_path / name for name in ("with.db", "without.db")]
    for path in paths:
        with Ledger.create_or_open(path) as ledger:
            run = ledger.begin_run(PLAN)
            if path.name == "with.db":
                with pytest.raises(ArchiveError, match="UNIQUE"):
                    ledger.append(run, [check_of(NEW), check_of(NEW)])
            ledger.append(run, usual)
            ledger.append(run, [check_of(NEW)], BLOCKS)
            assert list(ledger.checks_of(run)) == [*usual, check_of(NEW)]

    assert all_rows(paths[0]) == all_rows(paths[1])


def test_numbers_given_in_a_transaction_that_could_not_be_committed_are_forgotten(database: Database) -> None:
    numbers = Numbers(database)
    with pytest.raises(ArchiveError, match="FOREIGN KEY"), database.transaction():
        database.rows("PRAGMA defer_foreign_keys = ON")
        assert numbers.of("host", "lost.example") == 1
        database.insert("INSERT INTO urls VALUES (NULL, 'u', 99)")
    with database.transaction():
        assert numbers.of("host", "kept.example") == 1
        assert numbers.of("host", "lost.example") == 2


def test_a_number_stays_when_it_was_forgotten_for_want_of_room(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numbers_module, "MOST_REMEMBERED", 3)
    numbers, urls = Numbers(database), [f"https://{number % 4}.example/{number}" for number in range(10)]
    with database.transaction():
        given = [(numbers.url(url), numbers.detail(url), numbers.of("digest", url)) for url in urls]
    with database.transaction():
        assert [(numbers.url(url), numbers.detail(url), numbers.of("digest", url)) for url in urls] == given
    assert given == [(number, number, number) for number in range(1, 11)]
    assert database.rows("SELECT count(*) FROM hosts") == [(4,)]


def test_what_is_remembered_is_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers_module, "MOST_REMEMBERED", 5)
    numbers = Numbers(database)
    with database.transaction():
        for number in range(23):
            numbers.of("file", f"{number}.warc.gz")
            numbers.of("file", f"{number}" * 10_000)
    kept = numbers._remembered["file"]
    assert 0 < len(kept) <= 5
    assert max(len(value) for value in kept) < 100
