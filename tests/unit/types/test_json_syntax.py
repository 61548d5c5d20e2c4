"""Bodies that are no JSON: dockerd 26.1's answers to ``POST /containers/create``, and noise."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.base.errors import InvalidParameter
from boxship.types.create import CreateRequest
from boxship.types.decode import decode
from boxship.types.json_syntax import syntax_error

ANSWERS = json.loads(Path(__file__).with_name("json_answers.json").read_text())


@pytest.mark.parametrize(("body", "text"), ANSWERS)
def test_a_malformed_body_is_refused_in_dockerds_words(body: str, text: str) -> None:
    with pytest.raises(InvalidParameter) as error:
        decode(CreateRequest, body.encode())
    assert str(error.value) == text


def test_the_depth_of_a_body_is_limited_as_in_go() -> None:
    assert syntax_error(b"[" * 10_000 + b"]" * 10_000) is None
    assert syntax_error(b"[" * 10_001) == "invalid character '[' exceeded max depth"
    assert syntax_error(b'{"a":' * 10_001) == "invalid character '{' exceeded max depth"


def test_a_type_error_comes_before_what_follows_the_value() -> None:
    with pytest.raises(InvalidParameter, match="cannot unmarshal string"):
        decode(CreateRequest, b'"x" y')
    assert decode(CreateRequest, b"{}]") == CreateRequest()


def test_a_number_of_any_length_is_refused_on_every_python() -> None:
    with pytest.raises(InvalidParameter, match=r"^invalid JSON: "):
        decode(CreateRequest, b'{"HostConfig":{"Memory":' + b"9" * 5000 + b"}}")


@given(st.text(alphabet='{}[]:,"\\u0aetrfnl19.-+ \n\x01', max_size=30))
def test_the_scanner_agrees_with_the_parser(text: str) -> None:
    """A number that ends in the middle, such as ``0.``, begins with one that does not."""
    try:
        json.JSONDecoder().raw_decode(text.lstrip(" \t\r\n"))
    except ValueError:
        assert syntax_error(text.encode()) is not None
    if _is_json(text):
        assert syntax_error(text.encode()) is None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
