"""Requests and answers over a real socket, the server's bytes prepared."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.base.errors import Conflict, Internal, InvalidParameter, NotFound, Unavailable
from boxship.client.client import Client
from boxship.client.connection import Connection
from boxship.client.endpoint import parse_endpoint
from boxship.client.errors import CannotConnect, ConnectionLost, daemon_message
from boxship.client.http import read_answer
from support.canned import Canned, serving


def answer_over(data: bytes, pieces: int = 7) -> bytes:
    """The body that is read of *data*, sent in pieces."""
    ours, theirs = socket.socketpair()
    # A socket's queue holds a limited number of small pieces.
    pieces = max(pieces, len(data) // 50)
    with ours, theirs:
        for start in range(0, len(data), pieces):
            theirs.sendall(data[start : start + pieces])
        theirs.close()
        return read_answer(Connection(ours)).read()


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@given(st.lists(st.binary(min_size=1, max_size=30), max_size=10), st.integers(1, 50))
def test_chunked_bodies(chunks: list[bytes], pieces: int) -> None:
    body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    assert answer_over(CHUNKED + body, pieces) == b"".join(chunks)


def test_a_large_chunk_is_not_gathered_first() -> None:
    data = bytes(300_000)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setblocking(False)
        theirs.send(CHUNKED + b"%x\r\n" % len(data) + data[:1000])
        body = read_answer(Connection(ours)).chunks()
        assert next(body) == data[:1000]


def test_chunk_extensions_and_trailers() -> None:
    assert answer_over(CHUNKED + b"3;x=y\r\nabc\r\n0\r\nTrailer: 1\r\n\r\n") == b"abc"


def test_bodies_with_a_length_and_without() -> None:
    assert answer_over(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef") == b"abc"
    assert answer_over(b"HTTP/1.1 200 OK\r\n\r\nabcdef") == b"abcdef"
    assert answer_over(b"HTTP/1.1 204 No Content\r\n\r\n") == b""
    assert answer_over(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx") == b"x"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
        CHUNKED + b"5\r\nabc",
        CHUNKED + b"zz\r\nabc\r\n",
        CHUNKED + b"-1\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500 + b"\r\n",
    ],
)
def test_broken_answers_raise(data: bytes) -> None:
    with pytest.raises(ConnectionLost):
        answer_over(data)


def ping(canned: Canned, sock: socket.socket) -> None:
    assert canned.head(sock).startswith("HEAD /_ping ")
    sock.sendall(b"HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\nContent-Length: 0\r\n\r\n")


def replying(status: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def test_version_is_negotiated_once_and_the_connection_kept() -> None:
    def talk(canned: Canned, sock: socket.socket) -> None:
        ping(canned, sock)
        for _ in range(2):
            assert canned.head(sock).startswith("GET /v1.45/info?a=1 ")
            sock.sendall(replying("200 OK", b'{"x":1}'))

    with serving(talk) as canned:
        client = Client(parse_endpoint(canned.host))
        for _ in range(2):
            assert client.json("GET", "/info", {"a": True}) == {"x": 1}
        client.close()


def test_a_newer_daemon_is_spoken_to_in_our_version() -> None:
    def talk(canned: Canned, sock: socket.socket) -> None:
        canned.head(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\nApi-Version: 1.99\r\nContent-Length: 0\r\n\r\n")

    with serving(talk) as canned:
        assert Client(parse_endpoint(canned.host)).version == (1, 51)


def test_version_can_be_pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_API_VERSION", "v1.30")
    assert Client(parse_endpoint("unix:///nowhere")).version == (1, 30)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("400 Bad Request", InvalidParameter),
        ("404 Not Found", NotFound),
        ("409 Conflict", Conflict),
        ("418 Teapot", InvalidParameter),
        ("500 Internal Server Error", Internal),
        ("503 Service Unavailable", Unavailable),
    ],
)
def test_errors_become_the_tree(status: str, kind: type[Exception]) -> None:
    def talk(canned: Canned, sock: socket.socket) -> None:
        canned.head(sock)
        sock.sendall(replying(status, b'{"message":"no such thing"}'))

    with serving(talk) as canned, pytest.raises(kind) as caught:
        Client(parse_endpoint(canned.host), api_version="1.40").json("GET", "/x")
    assert str(caught.value) == "Error response from daemon: no such thing"
    assert daemon_message(caught.value) == "no such thing"


def test_an_idle_connection_that_was_closed_is_replaced() -> None:
    def first(canned: Canned, sock: socket.socket) -> None:
        canned.head(sock)
        sock.sendall(replying("200 OK", b"1"))

    def second(canned: Canned, sock: socket.socket) -> None:
        canned.head(sock)
        sock.sendall(replying("200 OK", b"2"))

    with serving(first, second) as canned:
        client = Client(parse_endpoint(canned.host), api_version="1.40")
        assert client.json("GET", "/a") == 1
        assert client.json("GET", "/b") == 2


def test_a_refused_upload_tells_its_reason() -> None:
    def talk(canned: Canned, sock: socket.socket) -> None:
        canned.head(sock)
        sock.sendall(replying("400 Bad Request", b'{"message":"not a tar"}'))
        sock.shutdown(socket.SHUT_RD)

    with serving(talk) as canned, pytest.raises(InvalidParameter, match="not a tar"):
        client = Client(parse_endpoint(canned.host), api_version="1.40")
        client.call("POST", "/images/load", body=(bytes(65536) for _ in range(200)))


def test_hijacked_streams_keep_bytes_that_came_with_the_head() -> None:
    def talk(canned: Canned, sock: socket.socket) -> None:
        assert "upgrade: tcp" in canned.head(sock).lower()
        kind = b"application/vnd.docker.multiplexed-stream"
        frame = b"\2\0\0\0\0\0\0\3err"
        sock.sendall(b"HTTP/1.1 101 UPGRADED\r\nContent-Type: " + kind + b"\r\n\r\n" + frame)
        assert sock.recv(10) == b"in"
        assert sock.recv(10) == b""
        sock.sendall(b"\1\0\0\0\0\0\0\3out")

    with serving(talk) as canned:
        client = Client(parse_endpoint(canned.host), api_version="1.42")
        stream = client.hijack("/containers/x/attach", {"stream": True})
        assert stream.ready()
        assert stream.receive() == [(2, b"err")]
        assert stream.send(b"in") == 2
        stream.close_write()
        assert stream.receive() == [(1, b"out")]
        assert stream.receive() is None
        stream.close()


def test_nobody_listens() -> None:
    with pytest.raises(CannotConnect, match=r"unix:///nowhere/x\. Is the boxship daemon running"):
        Client(parse_endpoint("unix:///nowhere/x")).json("GET", "/info")
