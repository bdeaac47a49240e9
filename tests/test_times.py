"""WARC dates, HTTP dates and durations, there and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preserve.times import Clock, SystemClock, parse_duration, parse_http_date, parse_warc_date, warc_date

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=OFFSETS))
@settings(max_examples=100)
def test_a_warc_date_comes_back_as_the_same_moment(when: datetime) -> None:
    text = warc_date(when)
    assert text.endswith("Z")
    assert parse_warc_date(text) == when
    assert parse_warc_date(text).tzinfo is UTC


def test_warc_dates_are_written_as_the_standard_shows_them() -> None:
    assert warc_date(datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)) == "2026-03-01T12:00:00Z"
    assert warc_date(datetime(2026, 3, 1, 12, 0, 0, 1500, tzinfo=UTC)) == "2026-03-01T12:00:00.001500Z"
    assert warc_date(datetime(2026, 3, 1, 7, tzinfo=timezone(timedelta(hours=8)))) == "2026-02-28T23:00:00Z"


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        warc_date(datetime(2026, 3, 1))


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2026", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-03", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-09", datetime(2026, 3, 9, tzinfo=UTC)),
        ("2026-03-09T10:11Z", datetime(2026, 3, 9, 10, 11, tzinfo=UTC)),
        ("2026-03-09T10:11:12.5Z", datetime(2026, 3, 9, 10, 11, 12, 500000, tzinfo=UTC)),
        ("2026-03-09T10:11:12.123456789Z", datetime(2026, 3, 9, 10, 11, 12, 123456, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),  # a real leap second
    ],
)
def test_every_precision_is_read(text: str, when: datetime) -> None:
    assert parse_warc_date(text) == when


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-02-30",
        "2026-03-09T10:11:12",
        "2026-03-09 10:11:12Z",
        "20260309101112",
        "２０２６",
        "2026-03-09T25:00Z",
    ],
)
def test_what_is_no_warc_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="WARC date"):
        parse_warc_date(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7d", 604800),
        ("12h", 43200),
        ("90s", 90),
        ("30m", 1800),
        ("2w", 1209600),
        (" 1.5 H ", 5400),
        ("0s", 0),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "7", "d", "-7d", "7 days", "1e3s", "7d12h", "nans", "infd", "9" * 400 + "w", "٧d"]
)
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="for example 7d"):
        parse_duration(text)


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 16:49:37 +0800",
    ],
)
def test_the_three_forms_of_rfc_9110(text: str) -> None:
    assert parse_http_date(text) == datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "tomorrow", "Sun, 31 Feb 1994 08:49:37 GMT", "31 Dec 9999 23:59:59 -1400", "\0"]
)
def test_what_is_no_http_date_is_none(text: str) -> None:
    assert parse_http_date(text) is None


@given(st.text(max_size=60))
@settings(max_examples=100)
def test_no_text_makes_the_http_date_parser_raise(text: str) -> None:
    found = parse_http_date(text)
    assert found is None or found.tzinfo is UTC


def test_the_system_clock_is_a_clock() -> None:
    clock: Clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() <= clock.monotonic()
