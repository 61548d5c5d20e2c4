"""The multiplexed stream, in whatever pieces it arrives."""

from hypothesis import given
from hypothesis import strategies as st

from boxship.client.frames import Demultiplexer

FRAMES = st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=40)), max_size=12)


def encode(frames: list[tuple[int, bytes]]) -> bytes:
    return b"".join(
        bytes([stream, 0, 0, 0]) + len(data).to_bytes(4, "big") + data for stream, data in frames
    )


def joined(pieces: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """Neighbours of one stream as one, nothing empty."""
    found: list[tuple[int, bytes]] = []
    for stream, data in pieces:
        if data and found and found[-1][0] == stream:
            found[-1] = (stream, found[-1][1] + data)
        elif data:
            found.append((stream, data))
    return found


@given(FRAMES, st.data())
def test_pieces_of_any_size_give_the_same_bytes(
    frames: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    text = encode(frames)
    demultiplexer = Demultiplexer()
    found: list[tuple[int, bytes]] = []
    while text:
        size = data.draw(st.integers(1, len(text)))
        found += demultiplexer.feed(text[:size])
        text = text[size:]
    assert joined(found) == joined(frames)
