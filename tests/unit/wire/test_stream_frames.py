from hypothesis import given
from hypothesis import strategies as st

from boxship.client.frames import Demultiplexer
from boxship.wire.frames import STDERR, STDOUT, frame
from boxship.wire.jsonlines import json_line


@given(st.lists(st.tuples(st.sampled_from((STDOUT, STDERR)), st.binary(max_size=50)), max_size=8))
def test_the_client_reads_our_frames(pieces: list[tuple[int, bytes]]) -> None:
    data = b"".join(frame(stream, part) for stream, part in pieces)
    found = Demultiplexer().feed(data)
    for stream in (STDOUT, STDERR):
        assert b"".join(part for number, part in found if number == stream) == b"".join(
            part for number, part in pieces if number == stream
        )


def test_a_frame() -> None:
    assert frame(STDERR, b"abc") == b"\2\0\0\0\0\0\0\3abc"


def test_undecodable_names_become_printable() -> None:
    name = b"a\xff".decode("utf-8", "surrogateescape")
    assert json_line({name: [name]}) == '{"a\ufffd":["a\ufffd"]}\n'.encode()
