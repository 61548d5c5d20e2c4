import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.api.filters import Filters
from boxship.base.errors import InvalidParameter


@pytest.mark.parametrize("text", ['{"a":{"x":true,"y":false}}', '{"a":["x","y","x"]}'])
def test_both_forms(text: str) -> None:
    assert Filters.parse(text).get("a") == ["x", "y"]


@pytest.mark.parametrize("text", ["", "null", "{}", '{"a":null}'])
def test_empty_forms_match_everything(text: str) -> None:
    filters = Filters.parse(text)
    assert filters.exact("a", "anything")
    assert filters.match_pairs("a", None)
    assert filters.flag("a") is None


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '"x"', "5", '{"a":"x"}', '{"a":5}', '{"a":[5]}', '{"a":{"x":1}}', "[" * 9999],
)
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(InvalidParameter, match=r"^invalid filter$"):
        Filters.parse(text)


def test_unknown_names_and_values_in_dockers_words() -> None:
    filters = Filters({"x": ["y"], "dangling": ["maybe"]})
    with pytest.raises(InvalidParameter, match=r"^invalid filter 'x'$"):
        filters.require(["dangling"])
    with pytest.raises(InvalidParameter, match=r"^invalid filter 'dangling=\[maybe\]'$"):
        filters.flag("dangling")


@pytest.mark.parametrize(
    ("values", "expected"),
    [(["1"], True), (["true"], True), (["0"], False), (["false"], False)],
)
def test_flags(values: list[str], expected: bool) -> None:
    assert Filters({"dangling": values}).flag("dangling") is expected


def test_contradicting_flags_are_refused() -> None:
    with pytest.raises(InvalidParameter):
        Filters({"dangling": ["true", "false"]}).flag("dangling")


def test_an_expression_that_python_would_try_for_ever_is_answered() -> None:
    assert not Filters({"name": ["(a+)+$x"]}).search("name", "a" * 10_000)


def test_too_many_expressions_are_refused() -> None:
    with pytest.raises(InvalidParameter, match="more than 64 regular expressions in a filter"):
        Filters({"name": [f"a.{number}" for number in range(65)]}).search("name", "web")


def test_matching() -> None:
    filters = Filters({"id": ["abc", "ff"], "name": ["^/web", "a+b"], "label": ["a", "b=c"]})
    assert filters.prefix("id", "abcdef") and not filters.prefix("id", "ab")
    assert filters.search("name", "/web1") and not filters.search("name", "x/web")
    assert filters.search("name", "a+b") and filters.search("name", "aab")
    assert filters.match_pairs("label", {"a": "", "b": "c", "d": "e"})
    assert not filters.match_pairs("label", {"a": "", "b": "x"})
    assert not filters.match_pairs("label", {"b": "c"})
    assert not filters.match_pairs("label", None)
    assert filters.any_of("id", ["zz", "ff"]) and not filters.any_of("id", ["zz"])
    assert not Filters({"name": ["("]}).search("name", "x")


def test_a_single_value() -> None:
    assert Filters({"before": ["a"]}).only("before") == "a"
    assert Filters().only("before") is None
    with pytest.raises(InvalidParameter):
        Filters({"before": ["a", "b"]}).only("before")


@given(st.dictionaries(st.text(), st.lists(st.text(), unique=True)))
def test_every_map_of_lists_is_read(values: dict[str, list[str]]) -> None:
    filters = Filters.parse(json.dumps(values))
    assert {name: filters.get(name) for name in values} == values


@given(st.text())
def test_noise_is_refused_or_read(text: str) -> None:
    try:
        Filters.parse(text)
    except InvalidParameter:
        pass
