import os
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.api.query import Query, decode
from boxship.base.errors import InvalidParameter


def test_values() -> None:
    query = Query("a=1&b=x%20y+z&a=2&empty=&bare&&%61b=c%3Dd")
    assert query.get("a") == "1" and query.all("a") == ["1", "2"]
    assert query.get("b") == "x y z"
    assert query.get("ab") == "c=d"
    assert "empty" in query and "bare" in query and "absent" not in query
    assert query.get("absent", "d") == "d"


@pytest.mark.parametrize("value", ["", "0", "no", "No", "false", "FALSE", "none", "%20false"])
def test_false(value: str) -> None:
    assert Query(f"f={value}").flag("f", True) is False


@pytest.mark.parametrize("value", ["1", "true", "yes", "maybe", "2"])
def test_true(value: str) -> None:
    assert Query(f"f={value}").flag("f") is True


def test_absent_flags_have_their_default() -> None:
    assert Query("").flag("f", True) is True


@pytest.mark.parametrize("text", ["abc", "1.5", "0x1", "1_000", " 1", "٣", "--1"])
def test_integers_are_strict(text: str) -> None:
    with pytest.raises(InvalidParameter, match="invalid syntax"):
        parse(text)


@pytest.mark.parametrize("text", [str(2**63), str(-(2**63) - 1), "9" * 5000])
def test_integers_fit_64_bits(text: str) -> None:
    with pytest.raises(InvalidParameter, match="out of range"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "value"), [("", 7), ("5", 5), ("-5", -5), ("+5", 5), (str(2**63 - 1), 2**63 - 1)]
)
def test_integers(text: str, value: int) -> None:
    assert parse(text, 7) == value


def parse(text: str, default: int = 0) -> int:
    return Query(f"x={quote(text)}").integer("x", default)


def test_bad_escapes_in_gos_words() -> None:
    for text in ("%zz", "a%", "a%4", "%c3%"):
        with pytest.raises(InvalidParameter, match="invalid URL escape"):
            Query(text)
    with pytest.raises(InvalidParameter, match="semicolon"):
        Query("a;b")


@given(st.binary(max_size=50))
def test_file_names_survive(name: bytes) -> None:
    text = "".join(f"%{byte:02x}" for byte in name)
    assert os.fsencode(Query(f"path={text}").get("path")) == name


def test_raw_bytes_of_a_request_line_are_utf_8() -> None:
    assert decode("/caf\xc3\xa9") == "/café"


@given(st.text())
def test_noise_is_refused_or_read(text: str) -> None:
    try:
        Query(text).filters()
    except InvalidParameter:
        pass
