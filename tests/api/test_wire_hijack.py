"""Connections that leave HTTP: plain, and as WebSockets."""

import os
import queue
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import websocket

from boxship.wire.exchange import Exchange
from boxship.wire.hijack import HijackedConnection
from boxship.wire.websocket import handshake
from boxship.wire.websocket_stream import WebSocketConnection
from support.serving import Serving, read_all, read_exactly, read_response, read_until, serving

UPGRADE = "Connection: Upgrade\r\nUpgrade: tcp\r\n"
RAW = [("Content-Type", "application/vnd.docker.raw-stream")]


class Taker:
    """Hijacks every request and puts what it took into a queue."""

    def __init__(self) -> None:
        self.taken: queue.Queue[tuple[socket.socket, bytes]] = queue.Queue()

    async def __call__(self, exchange: Exchange) -> None:
        connection: HijackedConnection
        if exchange.head.path == "/plain":
            await exchange.respond(200, [], b"plain")
            return
        if exchange.head.path == "/ws":
            connection = WebSocketConnection(
                await exchange.switch(handshake(exchange.head.headers))
            )
        else:
            upgrade = [*RAW, ("Connection", "Upgrade"), ("Upgrade", "tcp")]
            connection = await exchange.hijack(upgrade, RAW)
            await exchange.settle()
        if exchange.head.path == "/close":
            connection.close()
        else:
            self.taken.put(connection.detach_socket())

    def take(self) -> tuple[socket.socket, bytes]:
        sock, received = self.taken.get(timeout=10)
        sock.settimeout(10)
        return sock, received


@pytest.fixture
def taker() -> Taker:
    return Taker()


@pytest.fixture
def server(taker: Taker, tmp_path: Path) -> Iterator[Serving]:
    with serving(taker, tmp_path) as running:
        yield running


def attach(sock: socket.socket, headers: str = UPGRADE, behind: bytes = b"") -> bytes:
    sock.sendall(f"POST /attach HTTP/1.1\r\nHost: d\r\n{headers}\r\n".encode() + behind)
    return read_until(sock, b"\r\n\r\n")


def test_the_upgraded_head_is_dockers(server: Serving) -> None:
    assert attach(server.connect()) == (
        b"HTTP/1.1 101 UPGRADED\r\n"
        b"Content-Type: application/vnd.docker.raw-stream\r\n"
        b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
    )


def test_the_plain_head_is_dockers(server: Serving) -> None:
    assert attach(server.connect(), headers="") == (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n"
    )


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_bytes_flow_both_ways_and_each_way_ends_alone(
    server: Serving, taker: Taker, kind: str
) -> None:
    client = server.connect() if kind == "unix" else server.connect_tcp()
    attach(client)
    ours, received = taker.take()
    assert received == b""
    client.sendall(b"in")
    client.shutdown(socket.SHUT_WR)
    assert read_all(ours) == b"in"
    ours.sendall(b"out")
    ours.close()
    assert read_all(client) == b"out"


@pytest.mark.parametrize("headers", [UPGRADE, "", "Content-Length: 0\r\n" + UPGRADE])
def test_bytes_behind_the_request_belong_to_the_stream(
    server: Serving, taker: Taker, headers: str
) -> None:
    client = server.connect()
    attach(client, headers, b"GET /plain HTTP/1.1\r\n\r\n")
    ours, received = taker.take()
    client.sendall(b"more")
    client.shutdown(socket.SHUT_WR)
    assert received + read_all(ours) == b"GET /plain HTTP/1.1\r\n\r\nmore"
    ours.close()


def test_an_unread_body_does_not_leak_into_the_stream(server: Serving, taker: Taker) -> None:
    client = server.connect()
    client.sendall(
        f"POST /attach HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\n{UPGRADE}\r\n".encode()
    )
    client.sendall(b"{}stream")
    read_until(client, b"\r\n\r\n")
    ours, received = taker.take()
    assert received + read_exactly(ours, 6 - len(received)) == b"stream"
    ours.close()


def test_a_hijack_may_follow_other_requests(server: Serving, taker: Taker) -> None:
    client = server.connect()
    client.sendall(b"GET /plain HTTP/1.1\r\nHost: d\r\n\r\n")
    assert read_response(client)[2] == b"plain"
    attach(client)
    ours, _ = taker.take()
    ours.sendall(b"out")
    assert read_exactly(client, 3) == b"out"
    ours.close()


def test_the_socket_outlives_the_server(server: Serving, taker: Taker) -> None:
    client = server.connect()
    attach(client)
    ours, _ = taker.take()
    assert ours.getblocking() and not os.get_inheritable(ours.fileno())
    server.call(server.server.close)
    ours.sendall(b"alive")
    assert read_exactly(client, 5) == b"alive"
    ours.close()


def test_an_undetached_connection_is_closed(server: Serving) -> None:
    client = server.connect()
    client.sendall(b"POST /close HTTP/1.1\r\nHost: d\r\n\r\n")
    assert read_all(client).endswith(b"\r\n\r\n")


def test_the_head_arrives_alone(server: Serving, taker: Taker) -> None:
    """What the stream carries at once must not share a read with the head."""
    for _ in range(50):
        client = server.connect()
        client.sendall(f"POST /attach HTTP/1.1\r\nHost: d\r\n{UPGRADE}\r\n".encode())
        answered = threading.Event()

        def stream(answered: threading.Event = answered) -> None:
            ours, _ = taker.take()
            ours.sendall(b"data")
            ours.close()
            answered.set()

        thread = threading.Thread(target=stream)
        thread.start()
        first = client.recv(65536)
        thread.join()
        assert first.endswith(b"\r\n\r\n")
        assert read_all(client) == b"data"


# -- WebSocket --------------------------------------------------------------------------------


def open_websocket(server: Serving) -> websocket.WebSocket:
    return websocket.create_connection("ws://d/ws", socket=server.connect(), timeout=10)


def test_websocket_messages_are_the_stream(server: Serving, taker: Taker) -> None:
    client = open_websocket(server)
    ours, received = taker.take()
    assert received == b""
    client.send_binary(b"binary")
    client.send("text")
    client.ping("are you there")
    assert read_exactly(ours, 10) == b"binarytext"
    ours.sendall(b"out")
    assert client.recv_data() == (websocket.ABNF.OPCODE_BINARY, b"out")
    ours.sendall(bytes(300_000))
    ours.close()
    got = b""
    while True:
        opcode, data = client.recv_data()
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            break
        got += data
    assert got == bytes(300_000)
    assert data == (1000).to_bytes(2, "big")


def test_a_websocket_that_closes_ends_the_stream(server: Serving, taker: Taker) -> None:
    client = open_websocket(server)
    ours, _ = taker.take()
    client.send_binary(b"last")
    client.close()
    assert read_all(ours) == b"last"
    ours.close()


def test_a_websocket_client_that_leaves_ends_the_stream(server: Serving, taker: Taker) -> None:
    client = open_websocket(server)
    ours, _ = taker.take()
    client.send_binary(b"last")
    client.shutdown()
    assert read_all(ours) == b"last"
    ours.close()


def test_a_websocket_needs_its_handshake(server: Serving) -> None:
    assert server.get("/ws").startswith(b"HTTP/1.1 400 ")
    assert server.get(
        "/ws", Upgrade="websocket", Connection="Upgrade", Sec_WebSocket_Version="8"
    ).startswith(b"HTTP/1.1 400 ")
    assert server.get("/plain").endswith(b"plain")
