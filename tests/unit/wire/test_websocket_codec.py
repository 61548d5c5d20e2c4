import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.wire.relay import CodecError
from boxship.wire.websocket import WebSocketCodec, encode_frame, handshake, unmask


def masked(opcode: int, payload: bytes, final: bool = True, mask: bytes = b"\1\2\3\4") -> bytes:
    size = len(payload)
    first = (0x80 if final else 0) | opcode
    if size < 126:
        head = struct.pack(">BB", first, 0x80 | size)
    elif size < 65536:
        head = struct.pack(">BBH", first, 0x80 | 126, size)
    else:
        head = struct.pack(">BBQ", first, 0x80 | 127, size)
    return head + mask + unmask(payload, mask)


def test_the_example_of_the_rfc() -> None:
    head = handshake(
        {
            "upgrade": "websocket",
            "connection": "Upgrade",
            "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
            "sec-websocket-version": "13",
        }
    )
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in head
    assert head.startswith(b"HTTP/1.1 101 ")


@given(st.binary(max_size=200), st.binary(min_size=4, max_size=4))
def test_masking(payload: bytes, mask: bytes) -> None:
    expected = bytes(byte ^ mask[position % 4] for position, byte in enumerate(payload))
    assert unmask(payload, mask) == expected


@given(
    st.lists(st.tuples(st.binary(max_size=300), st.booleans()), max_size=6),
    st.lists(st.integers(0, 2000), max_size=10),
)
def test_payloads_come_back_whatever_the_pieces(
    messages: list[tuple[bytes, bool]], cuts: list[int]
) -> None:
    data = b""
    for payload, split in messages:
        if split:
            half = len(payload) // 2
            data += masked(2, payload[:half], final=False) + masked(9, b"ping")
            data += masked(0, payload[half:])
        else:
            data += masked(2, payload)
    codec = WebSocketCodec()
    position, got = 0, b""
    for cut in [*sorted(min(cut, len(data)) for cut in cuts), len(data)]:
        got += codec.receive(data[position:cut])
        position = cut
    assert got == b"".join(payload for payload, _ in messages)
    pings = sum(split for _, split in messages)
    assert codec.outgoing() == encode_frame(0xA, b"ping") * pings


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
def test_sizes_of_frames(size: int) -> None:
    codec = WebSocketCodec()
    assert codec.receive(masked(2, bytes(size))) == bytes(size)
    codec.send(bytes(size))
    out = codec.outgoing()
    assert out.endswith(bytes(size)) and out[0] == 0x82 and not out[1] & 0x80


def test_close_is_answered_once() -> None:
    codec = WebSocketCodec()
    assert codec.receive(masked(2, b"x") + masked(8, b"\x03\xe9bye") + masked(2, b"late")) == b"x"
    assert codec.closed and codec.inbound_ended
    assert codec.outgoing() == encode_frame(8, b"\x03\xe9")
    codec.send_eof()
    codec.send(b"late")
    assert codec.outgoing() == b""


@pytest.mark.parametrize(
    "data",
    [
        encode_frame(2, b"unmasked"),
        b"\xf2" + masked(2, b"reserved")[1:],
        masked(0, b"continues nothing"),
        masked(2, b"a", final=False) + masked(2, b"b"),
        masked(9, b"fragmented ping", final=False),
        masked(9, bytes(126)),
        masked(3, b"unknown"),
        struct.pack(">BBQ", 0x82, 0xFF, 1 << 40),
    ],
)
def test_violations_close(data: bytes) -> None:
    codec = WebSocketCodec()
    with pytest.raises(CodecError):
        codec.receive(data)
    assert codec.outgoing()[0] == 0x88


@given(st.binary(max_size=100))
def test_noise_closes_or_waits(data: bytes) -> None:
    codec = WebSocketCodec()
    try:
        codec.receive(data)
    except CodecError:
        assert codec.closed
