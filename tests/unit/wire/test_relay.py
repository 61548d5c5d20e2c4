"""What waits between a client and a container's stream is bounded, whoever does not read."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from boxship.wire.relay import Relay
from boxship.wire.websocket import WebSocketCodec, unmask

_MASK = b"\1\2\3\4"
_MOST = 16 << 20


def _frame(opcode: int, payload: bytes) -> bytes:
    return bytes((0x80 | opcode, 0x80 | len(payload))) + _MASK + unmask(payload, _MASK)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The client's end of a WebSocket that is relayed, and the container's."""
    client, theirs = socket.socketpair()
    stream, inner = socket.socketpair()
    thread = threading.Thread(target=Relay(theirs, inner, WebSocketCodec()).run)
    thread.start()
    client.settimeout(60)
    stream.settimeout(60)
    yield client, stream
    client.close()
    stream.close()
    thread.join()


def test_pings_are_taken_only_while_their_answers_are_read(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    client, stream = ends
    pings = _frame(9, bytes(125)) * 1000
    sent = 0
    client.settimeout(0.5)
    with contextlib.suppress(TimeoutError):
        while sent < _MOST:
            sent += client.send(pings[sent % len(pings) :])
    assert sent < _MOST, "nobody reads the answers, and all pings were taken"

    # Who then reads gets on.
    client.settimeout(60)
    reading = threading.Thread(target=_drain, args=(client,))
    reading.start()
    client.sendall(pings[sent % len(pings) :] + _frame(2, b"at last"))
    assert stream.recv(100) == b"at last"
    client.shutdown(socket.SHUT_WR)
    stream.close()
    reading.join()


def _drain(client: socket.socket) -> None:
    while client.recv(1 << 20):
        pass


def test_input_goes_on_while_output_waits(ends: tuple[socket.socket, socket.socket]) -> None:
    """A client may send everything before it reads."""
    client, stream = ends
    stream.settimeout(0.2)
    with contextlib.suppress(TimeoutError):
        while True:
            stream.send(bytes(1 << 16))
    stream.settimeout(60)
    received = 0
    for _ in range(200):
        client.sendall(_frame(2, bytes(100)))
        received += len(stream.recv(1000))
    while received < 200 * 100:
        received += len(stream.recv(1000))
    assert received == 200 * 100
