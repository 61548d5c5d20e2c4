"""Request targets."""

from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.base.errors import InvalidParameter
from boxship.client import paths
from boxship.client.query import encode_query, quote

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXT)
def test_quoting_is_undone_by_the_standard_library(text: str) -> None:
    quoted = quote(text)
    assert unquote(quoted) == text
    assert quoted.isascii() and not set(quoted) & set(" /?#&=\r\n")


@given(st.dictionaries(st.sampled_from("abc"), TEXT.filter(bool)))
def test_queries_are_read_back(values: dict[str, str]) -> None:
    assert dict(parse_qsl(encode_query(values).removeprefix("?"))) == values


def test_values_of_each_type() -> None:
    values = {"yes": True, "no": False, "none": None, "n": 0, "many": ["x", "y"]}
    assert encode_query(values) == "?yes=1&n=0&many=x&many=y"
    assert encode_query({"a": None}) == ""


def test_paths_keep_the_slashes_of_repositories() -> None:
    assert paths.image("host:5000/a/b:1", "get") == "/images/host:5000/a/b:1/get"
    assert paths.container("a b?", "json") == "/containers/a%20b%3F/json"


@pytest.mark.parametrize("name", ["", "/"])
def test_empty_names_do_not_reach_another_route(name: str) -> None:
    with pytest.raises(InvalidParameter, match="invalid container name"):
        paths.container(name, "json")
