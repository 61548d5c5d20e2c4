"""Mount options as people write them, to what the kernel takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.base.errors import InvalidParameter
from boxship.kernel import mount as m
from boxship.runtime.mount_options import PROPAGATION, parse

FLAGS = ["ro", "nosuid", "nodev", "noexec", "noatime", "nodiratime", "nosymfollow"]
PAIRS = [("ro", "rw"), ("nosuid", "suid"), ("nodev", "dev"), ("noexec", "exec")]


def test_nothing_is_nothing() -> None:
    parsed = parse([])
    assert (parsed.attributes, parsed.propagation, parsed.recursive, parsed.data) == (
        0,
        0,
        False,
        [],
    )


@pytest.mark.parametrize(
    ("option", "bit"),
    [
        ("ro", m.MOUNT_ATTR_RDONLY),
        ("nosuid", m.MOUNT_ATTR_NOSUID),
        ("nodev", m.MOUNT_ATTR_NODEV),
        ("noexec", m.MOUNT_ATTR_NOEXEC),
    ],
)
def test_attributes(option: str, bit: int) -> None:
    parsed = parse([option])
    assert (parsed.attributes, parsed.attributes_recursive) == (bit, False)
    recursive = parse(["r" + option])
    assert (recursive.attributes, recursive.attributes_recursive) == (bit, True)


@pytest.mark.parametrize(("on", "off"), PAIRS)
def test_the_last_one_wins(on: str, off: str) -> None:
    assert parse([on, off]).attributes == 0
    assert parse([off, on]).attributes == parse([on]).attributes != 0


@pytest.mark.parametrize("name", PROPAGATION)
def test_propagation(name: str) -> None:
    assert parse(["rprivate", name]).propagation == PROPAGATION[name]


def test_binds_and_data() -> None:
    parsed = parse(["rbind", "ro", "rslave"])
    assert parsed.recursive and parsed.propagation == m.MS_SLAVE and parsed.data == []
    assert not parse(["rbind", "bind"]).recursive
    parsed = parse(["size=64k", "mode=1777", "inode64", "nocopy", "z", "context=a=b"])
    assert parsed.data == [["size", "64k"], ["mode", "1777"], ["inode64", ""], ["context", "a=b"]]


@pytest.mark.parametrize("option", ["", "=value"])
def test_options_without_a_name_are_refused(option: str) -> None:
    with pytest.raises(InvalidParameter, match="invalid mount option"):
        parse([option])


@given(st.lists(st.sampled_from(FLAGS)))
def test_attributes_add_up_in_any_order(options: list[str]) -> None:
    both = parse(options).attributes
    assert both == parse(options[::-1]).attributes
    assert all(both & parse([option]).attributes for option in options)


@given(st.lists(st.text(max_size=12), max_size=6))
def test_any_words_are_taken_or_refused(options: list[str]) -> None:
    try:
        parsed = parse(options)
    except InvalidParameter:
        assert any(not option.partition("=")[0] for option in options)
        return
    assert all(key for key, _ in parsed.data)
