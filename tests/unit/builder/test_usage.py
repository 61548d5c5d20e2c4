"""Filters over what builds keep."""

import dataclasses

import pytest

from boxship.base.errors import InvalidParameter
from boxship.builder.usage import MOUNT, STEP, Usage, chooser, of_engine

_STEP = Usage("abc123", STEP, 1, 1, 1, 1, "RUN echo a, b", shared=True)
_MOUNT = Usage("def456", MOUNT, 2, 2, 2, 2, "cached mount /c", in_use=True)


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        ([], {"abc123", "def456"}),
        (["type==exec.cachemount"], {"def456"}),
        (["type!=exec.cachemount"], {"abc123"}),
        (["id~=bc1"], {"abc123"}),
        (["id~=^d.*6$"], {"def456"}),
        (["id~=^bc"], set()),
        (["inuse"], {"def456"}),
        (["shared"], {"abc123"}),
        (["private,mutable"], {"def456"}),
        (["private,immutable"], set()),
        (["id==abc123", "id==def456"], {"abc123", "def456"}),
        (["description==cached mount /c"], {"def456"}),
        (["unheard"], set()),
        ([""], {"abc123", "def456"}),
    ],
)
def test_filters(filters: list[str], wanted: set[str]) -> None:
    is_chosen = chooser(filters)
    assert {one.id for one in (_STEP, _MOUNT) if is_chosen(one)} == wanted


@pytest.mark.parametrize("text", ["==x", "id~=(a+)+$", "id~=" + "a" * 600, "id~=" + ".*a" * 20])
def test_filters_that_are_none(text: str) -> None:
    with pytest.raises(InvalidParameter):
        chooser([text])


def test_the_engines_filters_are_buildkits() -> None:
    given = {"id": ["abc"], "type": ["regular"], "inuse": ["true"], "shared": []}
    (text,) = of_engine(given)
    assert text == "id~=abc,type==regular,inuse"
    assert of_engine({"id": []}) == []
    with pytest.raises(InvalidParameter, match="only one value"):
        of_engine({"id": ["a", "b"]})
    assert chooser([text])(dataclasses.replace(_STEP, in_use=True))
