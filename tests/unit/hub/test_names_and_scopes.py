"""Names of repositories, tags, digests, and what tokens are asked for."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.base.digests import is_digest
from boxship.hub.auth import scopes
from boxship.hub.auth.scopes import Scope
from boxship.hub.storage.records import Right
from boxship.oci.distribution.names import is_name, is_tag

GOOD = ["a", "a/b", "a0/b.c/d_e/f__g/h--i", "library/ubuntu", "a" * 255]
BAD = ["", "/", "a/", "/a", "a//b", "A", "a/../b", ".", "..", "-a", "a-", "a._b", "a..b", "a/.b",
       "a" * 256, "a\n", "a b", "ä", "a/-/b", "a%2fb"]  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_names(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("name", BAD)
def test_names_that_are_none(name: str) -> None:
    assert not is_name(name)


@given(st.from_regex(r"[a-z0-9._/-]{1,40}", fullmatch=True))
def test_a_name_never_climbs(name: str) -> None:
    if is_name(name):
        assert all(part.strip("._-") == part and part for part in name.split("/"))


@pytest.mark.timeout(20)
def test_long_names_take_no_time() -> None:
    assert not is_name("a" * 254 + "!")
    assert not is_name("a-" * 127 + "!")
    assert not is_name("a" * 1_000_000)


@given(st.text(max_size=200))
def test_tags(text: str) -> None:
    expected = re.fullmatch(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}", text) is not None
    assert is_tag(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "sha256", "sha256:", "sha256:" + "a" * 63, "sha256:" + "A" * 64, "sha1:" + "a" * 40,
     "sha512:" + "a" * 64, "sha256:" + "a" * 64 + "\n", "md5:" + "a" * 32, ":" + "a" * 64],
)  # fmt: skip
def test_digests_that_are_none(text: str) -> None:
    assert not is_digest(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("repository:a/b:pull,push", [Scope("a/b", ("pull", "push"))]),
        ("repository(plugin):a:pull", [Scope("a", ("pull",))]),
        ("repository:a:pull repository:b:*", [Scope("a", ("pull",)), Scope("b", ("*",))]),
        ("registry:catalog:*", []),
        ("repository:../a:pull", []),
        ("repository:a", []),
        (":::", []),
        ("", []),
    ],
)
def test_scopes(text: str, expected: list[Scope]) -> None:
    assert scopes.parse([text]) == expected


@given(st.lists(st.text(max_size=50)))
def test_no_scope_breaks_anything(texts: list[str]) -> None:
    assert all(is_name(scope.name) for scope in scopes.parse(texts))


def test_scopes_are_counted() -> None:
    assert len(scopes.parse(["repository:a:pull " * 10_000])) == 100


@given(
    st.sets(st.sampled_from(["pull", "push", "delete", "*", "other", ""])), st.sampled_from(Right)
)
def test_a_scope_gives_no_more_than_the_right(actions: set[str], right: Right) -> None:
    given_ = Scope("a", tuple(actions)).within(right)
    assert all(scopes.RIGHT_OF_ACTION[action] <= right for action in given_)
    assert "*" in actions or set(given_) <= actions
