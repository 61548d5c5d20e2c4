"""Protocol Buffers' wire format: what was written is read again, and noise is refused."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.wire.protobuf import (
    INTEGER,
    STRING,
    DecodeError,
    Message,
    blob,
    boolean,
    encoded_varint,
    integer,
    many,
    mapping,
    message,
    string,
)


@dataclass
class Inner(Message):
    text: str = string(1)
    numbers: list[int] = many(2, INTEGER)


@dataclass
class Outer(Message):
    name: str = string(1)
    count: int = integer(2)
    flag: bool = boolean(3)
    data: bytes = blob(4)
    inner: Inner | None = message(5, Inner)
    inners: list[Inner] = many(16, Inner)
    names: dict[str, str] = mapping(17, STRING)
    by_name: dict[str, Inner] = mapping(18, Inner)


numbers = st.integers(-(1 << 63), (1 << 63) - 1)
inners = st.builds(Inner, st.text(), st.lists(numbers, max_size=4))
outers = st.builds(
    Outer,
    st.text(),
    numbers,
    st.booleans(),
    st.binary(),
    st.none() | inners,
    st.lists(inners, max_size=3),
    st.dictionaries(st.text(), st.text(), max_size=3),
    st.dictionaries(st.text(), inners, max_size=3),
)


@given(outers)
def test_what_is_written_is_read(value: Outer) -> None:
    assert Outer.decode(value.encode()) == value


@given(st.binary(max_size=200))
def test_noise_is_a_message_or_refused(data: bytes) -> None:
    try:
        found = Outer.decode(data)
    except DecodeError:
        return
    assert Outer.decode(found.encode()) == found


@given(outers, st.data())
def test_a_cut_message_is_never_another_exception(value: Outer, data: st.DataObject) -> None:
    raw = value.encode()
    cut = raw[: data.draw(st.integers(0, len(raw)))]
    try:
        Outer.decode(cut)
    except DecodeError:
        pass


def test_the_published_examples() -> None:
    # From the encoding's documentation: field 1 is 150; field 2 is "testing".
    assert Inner(text="testing").encode() == b"\x0a\x07testing"
    assert Outer(count=150).encode() == b"\x10\x96\x01"
    # Numbers may come packed, as proto3 writes them.
    assert Inner.decode(b"\x12\x06\x03\x8e\x02\x9e\xa7\x05").numbers == [3, 270, 86942]


def test_fields_that_are_not_known_are_skipped() -> None:
    more = b"\xf8\x07\x01" + b"\xf9\x07" + bytes(8) + b"\xfd\x07" + bytes(4) + b"\xfa\x07\x01x"
    assert Inner.decode(more + Inner("a").encode() + more) == Inner("a")


@pytest.mark.parametrize(
    "data", [b"\x0a", b"\x0a\x05abc", b"\x10" + b"\xff" * 11, b"\x0b", b"\x0d\x00", b"\x08\x01"]
)
def test_what_is_no_message(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Outer.decode(data)


@dataclass
class Nested(Message):
    inner: Inner | None = message(1, Inner)
    numbers: list[int] = many(2, INTEGER)


_MANY = 200_000


@pytest.mark.parametrize(
    "data",
    [
        b"\x18\x00" * _MANY,
        b"\x78\x00" * _MANY,
        Nested(numbers=[1] * _MANY).encode(),
        b"\x12" + encoded_varint(_MANY) + b"\x01" * _MANY,
        b"".join(b"\x0a" + encoded_varint(40_000) + b"\x78\x00" * 20_000 for _ in range(9)),
        b"\x8a\x01\x00" * _MANY,
        b"".join(b"\x8a\x01" + encoded_varint(40_000) + b"\x78\x00" * 20_000 for _ in range(9)),
    ],
    ids=["known", "unknown", "many", "packed", "nested", "map", "in a map"],
)
def test_a_message_of_too_many_fields_is_refused(data: bytes) -> None:
    """However they are nested: each is small, and all have to be looked at."""
    kind = Nested if data[0] in (0x0A, 0x10, 0x12) else Outer
    with pytest.raises(DecodeError, match="too many fields"):
        kind.decode(data)
