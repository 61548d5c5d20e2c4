"""Recognising and inflating compressed streams."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxship.base.errors import InvalidParameter
from boxship.sandbox.workers.inflate import PIECE, compression, inflate
from support.image_archives import COMPRESS

COMPRESSED = [name for name in COMPRESS if name != "none"]
DATA = bytes(range(256)) * 4000


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.parametrize("name", COMPRESS)
@pytest.mark.parametrize("size", [1, 7, 100_000, 1 << 20])
def test_content_comes_back_however_it_arrives(name: str, size: int) -> None:
    data = DATA if size > 100 else DATA[:5000]
    packed = COMPRESS[name](data)
    assert compression(packed) == ("" if name == "none" else name)
    assert b"".join(inflate(pieces(packed, size))) == data


@pytest.mark.parametrize("name", COMPRESSED)
def test_members_back_to_back_and_padding(name: str) -> None:
    pack = COMPRESS[name]
    packed = pack(b"one") + pack(b"") + pack(b"two") + bytes(1024)
    for size in (1, 5, len(packed)):
        assert b"".join(inflate(pieces(packed, size))) == b"onetwo"


@pytest.mark.parametrize("name", COMPRESSED)
def test_cut_off_streams(name: str) -> None:
    packed = COMPRESS[name](DATA)
    with pytest.raises(InvalidParameter, match="cut off"):
        list(inflate([packed[:-5]]))


@pytest.mark.parametrize("name", COMPRESSED)
def test_damaged_streams(name: str) -> None:
    packed = COMPRESS[name](DATA)
    with pytest.raises(InvalidParameter, match="damaged"):
        list(inflate([packed[:8], b"\xff" * 100, packed[108:]]))


@pytest.mark.parametrize("name", COMPRESSED)
def test_garbage_behind_the_last_member(name: str) -> None:
    with pytest.raises(InvalidParameter, match=r"damaged|cut off"):
        list(inflate([COMPRESS[name](b"x") + b"garbage that is no member"]))


@pytest.mark.parametrize("name", COMPRESSED)
def test_bombs_come_in_bounded_pieces(name: str) -> None:
    size = 64 << 20
    packed = COMPRESS[name](bytes(size))
    lengths = [len(piece) for piece in inflate([packed])]
    assert sum(lengths) == size
    assert max(lengths) <= PIECE


@settings(max_examples=60)
@given(st.sampled_from(COMPRESSED), st.binary(max_size=300), st.binary(max_size=20))
def test_any_damage_is_reported(name: str, data: bytes, noise: bytes) -> None:
    packed = COMPRESS[name](data)
    at = len(packed) // 2
    try:
        found = b"".join(inflate([packed[:at] + noise + packed[at:]]))
    except InvalidParameter:
        return
    # Not every byte of a format is checked; but without noise nothing may go wrong.
    assert noise or found == data


def test_nothing_is_nothing() -> None:
    assert list(inflate([])) == []
    assert list(inflate([b"", b"ab", b""])) == [b"ab"]
