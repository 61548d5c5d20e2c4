"""``--since`` and ``--until``."""

import time

import pytest

from boxship.base.errors import InvalidParameter
from boxship.cli.timestamps import as_timestamp


def test_texts_with_a_zone_and_numbers() -> None:
    assert as_timestamp("") is None
    assert as_timestamp("1700000000.5") == "1700000000.5"
    assert as_timestamp("1970-01-01T00:01:00Z") == "60.000000000"
    assert as_timestamp("1970-01-01T01:01:00.25+01:00") == "60.250000000"


def test_local_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "AAA-2")
    time.tzset()
    try:
        assert as_timestamp("1970-01-02T02:00:00") == "86400.000000000"
        assert as_timestamp("1970-01-02") == "79200.000000000"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_spans_count_back_from_now() -> None:
    before = time.time()
    found = as_timestamp("10m")
    assert found is not None
    assert before - 600.001 <= float(found) <= time.time() - 599.999


def test_nonsense() -> None:
    with pytest.raises(InvalidParameter):
        as_timestamp("yesterday")
