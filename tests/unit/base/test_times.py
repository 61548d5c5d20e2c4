"""Moments as text: what is written is read back, and bad dates are refused."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.base.errors import InvalidParameter
from boxship.base.times import go_duration, parse_rfc3339, rfc3339

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))


@given(MOMENTS)
def test_dates_are_those_of_the_calendar(moment: datetime) -> None:
    text = moment.strftime(f"{moment.year:04}-%m-%dT%H:%M:%S.%fZ")
    assert parse_rfc3339(text) == (moment - EPOCH) // timedelta(microseconds=1) * 1000


@given(st.integers(0, 4_000_000_000 * 10**9))
def test_what_is_written_is_read_back(ns: int) -> None:
    assert parse_rfc3339(rfc3339(ns)) == ns


def test_zones() -> None:
    utc = parse_rfc3339("2024-02-29T10:00:00Z")
    assert parse_rfc3339("2024-02-29T12:30:00+02:30") == utc
    assert parse_rfc3339("2024-02-29T09:00:00-01:00") == utc


@pytest.mark.parametrize("text", ["", "yesterday", "2024-13-01", "2024-00-01T00:00:00Z"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameter):
        parse_rfc3339(text)


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0s"),
        (1_000_000, "1ms"),
        (1_500_000, "1.5ms"),
        (1_000_000_000, "1s"),
        (1_500_000_000, "1.5s"),
        (90_000_000_000, "1m30s"),
        (3_600_000_000_000, "1h0m0s"),
        (3_661_250_000_000, "1h1m1.25s"),
    ],
)
def test_durations_read_as_go_prints_them(nanoseconds: int, text: str) -> None:
    assert go_duration(nanoseconds) == text
