from hypothesis import given
from hypothesis import strategies as st

from boxship.wire.body_framing import ByLength, Chunked, Framing
from boxship.wire.errors import BadRequest


def feed(framing: Framing, data: bytes, cuts: list[int]) -> tuple[bytes, bytes]:
    """Body and rest when *data* arrives in pieces."""
    body = rest = b""
    position = 0
    for cut in [*sorted(cuts), len(data)]:
        piece = data[position : max(cut, position)]
        position = max(cut, position)
        if framing.done:
            rest += piece
        else:
            part, after = framing.feed(piece)
            body += part
            rest += after
    return body, rest


def encode(parts: list[bytes]) -> bytes:
    return b"".join(b"%X\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


PARTS = st.lists(st.binary(min_size=1, max_size=40), max_size=5)
CUTS = st.lists(st.integers(0, 250), max_size=12)


@given(PARTS, st.binary(max_size=20), CUTS)
def test_chunks_come_back_whatever_the_pieces(
    parts: list[bytes], behind: bytes, cuts: list[int]
) -> None:
    framing = Chunked()
    data = encode(parts) + behind
    cuts = [min(cut, len(data)) for cut in cuts]
    assert feed(framing, data, cuts) == (b"".join(parts), behind)
    assert framing.done


@given(st.binary(max_size=60), st.integers(0, 60), CUTS)
def test_lengths_are_exact(data: bytes, length: int, cuts: list[int]) -> None:
    framing = ByLength(length)
    body, rest = feed(framing, data, [min(cut, len(data)) for cut in cuts])
    assert body == data[:length]
    assert rest == data[length:]
    assert framing.done == (len(data) >= length)


@given(st.binary(max_size=200))
def test_noise_is_refused_or_incomplete(data: bytes) -> None:
    framing = Chunked()
    try:
        body, _ = framing.feed(data)
    except BadRequest:
        return
    assert len(body) < len(data) or not data
