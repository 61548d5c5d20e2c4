import pytest

from boxship.api.timestamp import parse_timestamp
from boxship.base.errors import InvalidParameter


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("0", 0),
        ("1.5", 1_500_000_000),
        ("1700000000.000000001", 1_700_000_000_000_000_001),
        ("1.0000000019", 1_000_000_001),
        ("-1", -1_000_000_000),
    ],
)
def test_readable(text: str, value: int | None) -> None:
    assert parse_timestamp(text) == value


@pytest.mark.parametrize("text", ["abc", "1h", "2020-01-01", "1.", ".5", "1e5", "9" * 40, "1 "])
def test_unreadable(text: str) -> None:
    with pytest.raises(InvalidParameter, match="ParseInt"):
        parse_timestamp(text)
