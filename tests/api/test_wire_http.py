"""The HTTP core over real sockets."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxship.wire.limits import Limits
from support.serving import Serving, read_all, read_response, read_until, serving
from support.wire_handlers import Handlers

LIMITS = Limits(head=8192, head_time=0.3, idle_time=0.6, body_time=0.3, linger_time=0.5)


@pytest.fixture
def handlers() -> Handlers:
    return Handlers()


@pytest.fixture
def server(handlers: Handlers, tmp_path: Path) -> Iterator[Serving]:
    with serving(handlers, tmp_path, LIMITS) as running:
        yield running


GET = b"GET / HTTP/1.1\r\nHost: d\r\n\r\n"


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: d\r\n\r\n".encode()


def chunked(path: str, *parts: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    body = b"".join(b"%x;ext=1\r\n%b\r\n" % (len(part), part) for part in parts)
    return head + body + b"0\r\nTrailer: x\r\n\r\n"


def test_answers_and_keeps_the_connection(server: Serving) -> None:
    sock = server.connect()
    for _ in range(3):
        sock.sendall(GET)
        status, headers, body = read_response(sock)
        assert (status, headers["x"], body) == (200, "y", b"hello")
        assert headers["date"].endswith(" GMT")
        assert "connection" not in headers


def test_pipelined_requests_are_answered_in_order(server: Serving) -> None:
    sock = server.connect()
    sock.sendall(get("/late") + chunked("/echo", b"abc", b"d") + GET + get("/bare") + GET)
    assert [read_response(sock)[2] for _ in range(5)] == [b"late", b"abcd", b"hello", b"", b"hello"]


def test_a_request_may_arrive_byte_by_byte(server: Serving) -> None:
    sock = server.connect()
    for byte in chunked("/echo", b"abc", b"defgh"):
        sock.sendall(bytes([byte]))
    assert read_response(sock)[2] == b"abcdefgh"


@pytest.mark.parametrize(
    "head", [b"HTTP/1.0\r\n\r\n", b"HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n"]
)
def test_closes_when_asked(server: Serving, head: bytes) -> None:
    sock = server.connect()
    sock.sendall(b"GET / " + head)
    answer = read_all(sock)
    assert answer.endswith(b"\r\n\r\nhello")
    assert b"Connection: close\r\n" in answer


def test_http_1_0_may_keep_alive(server: Serving) -> None:
    sock = server.connect()
    for _ in range(2):
        sock.sendall(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert read_response(sock)[1]["connection"] == "keep-alive"


def test_http_1_0_streams_end_with_the_connection(server: Serving) -> None:
    answer = server.exchange(b"GET /stream HTTP/1.0\r\n\r\n")
    assert answer.endswith(b"\r\n\r\nonetwo")
    assert b"chunked" not in answer


def test_streams_are_chunked(server: Serving) -> None:
    head, _, body = server.exchange(get("/stream")).partition(b"\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in head
    assert body == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"


def test_head_has_the_length_but_no_body(server: Serving) -> None:
    answer = server.exchange(b"HEAD / HTTP/1.1\r\nHost: d\r\n\r\n" + GET)
    first, second = answer.split(b"HTTP/1.1 200 OK")[1:]
    assert b"Content-Length: 5" in first and first.endswith(b"\r\n\r\n")
    assert second.endswith(b"\r\n\r\nhello")


def test_expect_continue(server: Serving) -> None:
    sock = server.connect()
    sock.sendall(
        b"POST /echo HTTP/1.1\r\nHost: d\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
    )
    assert read_until(sock, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    sock.sendall(b"abc")
    assert read_response(sock)[2] == b"abc"


def test_no_continue_when_the_handler_does_not_read(server: Serving) -> None:
    sock = server.connect()
    sock.sendall(b"POST / HTTP/1.1\r\nHost: d\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
    status, headers, _ = read_response(sock)
    assert (status, headers["connection"]) == (200, "close")


def test_an_answer_before_the_end_of_the_body_survives(server: Serving) -> None:
    for sock in (server.connect(), server.connect_tcp()):
        sock.sendall(b"POST / HTTP/1.1\r\nHost: d\r\nContent-Length: 9000000\r\n\r\n")
        time.sleep(0.05)
        try:
            for _ in range(50):
                sock.sendall(bytes(10_000))
        except OSError:
            pass
        assert read_response(sock)[2] == b"hello"


MALFORMED = {
    "TLS, before its end": b"\x16\x03\x01\x02\x00",
    "no HTTP": b"\x16\x03\x01\x02\x00garbage\r\n\r\n",
    "bare line feeds": b"GET / HTTP/1.1\nHost: d\n\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "unknown method": b"BREW / HTTP/1.1\r\nHost: d\r\n\r\n",
    "version": b"GET / HTTP/9.9\r\nHost: d\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "header without colon": b"GET / HTTP/1.1\r\nHost: d\r\nbroken\r\n\r\n",
    "space before colon": b"GET / HTTP/1.1\r\nHost : d\r\n\r\n",
    "NUL": b"GET / HTTP/1.1\r\nHost: d\r\nX: a\0b\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: d\r\nContent-Length: 1\r\n"
    b"Content-Length: 2\r\n\r\nab",
    "length and chunks": b"POST / HTTP/1.1\r\nHost: d\r\nContent-Length: 3\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "negative length": b"POST / HTTP/1.1\r\nHost: d\r\nContent-Length: -1\r\n\r\n",
    "huge length": b"POST / HTTP/1.1\r\nHost: d\r\nContent-Length: " + b"9" * 40 + b"\r\n\r\n",
    "other coding": b"POST / HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: gzip\r\n\r\n",
    "bad chunk": b"POST /echo HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "endless chunk size": b"POST /echo HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"0" * 9000,
    "target": b"GET nonsense HTTP/1.1\r\nHost: d\r\n\r\n",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_requests_get_400_and_the_end(server: Serving, name: str) -> None:
    sock = server.connect()
    sock.sendall(MALFORMED[name])
    assert read_all(sock).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert server.exchange(GET).endswith(b"hello")


def test_a_malformed_pipelined_request_comes_after_the_good_one(server: Serving) -> None:
    answer = server.exchange(GET + b"nonsense\r\n\r\n")
    assert answer.index(b"hello") < answer.index(b"HTTP/1.1 400")


def test_huge_headers_get_431(server: Serving) -> None:
    for head in (b"GET / HTTP/1.1\r\nX: " + b"x" * 9000, b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n"):
        for end in (b"", b"\r\nHost: d\r\n\r\n"):
            sock = server.connect()
            sock.sendall(head + end)
            line = b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
            assert read_all(sock).startswith(line)


def test_a_body_beyond_the_limit_gets_413(server: Serving) -> None:
    sock = server.connect()
    sock.sendall(b"POST /small HTTP/1.1\r\nHost: d\r\nContent-Length: 20\r\n\r\n" + bytes(20))
    assert read_response(sock)[0] == 413


def test_slow_headers_get_408(server: Serving) -> None:
    sock = server.connect()
    sock.sendall(b"GET / HTTP/1.1\r\n")
    assert read_all(sock).startswith(b"HTTP/1.1 408 ")


def test_slow_bodies_get_408(server: Serving) -> None:
    sock = server.connect()
    sock.sendall(b"POST /echo HTTP/1.1\r\nHost: d\r\nContent-Length: 20\r\n\r\nabc")
    assert read_response(sock)[0] == 408


def test_idle_connections_are_closed(server: Serving) -> None:
    silent, idle = server.connect(), server.connect()
    idle.sendall(GET)
    read_response(idle)
    assert read_all(silent) == b""
    assert read_all(idle) == b""


def test_errors_hide_their_cause(server: Serving) -> None:
    sock = server.connect()
    sock.sendall(get("/fail"))
    status, _, body = read_response(sock)
    assert status == 500 and b"secret" not in body
    assert read_all(sock) == b""
    assert server.exchange(get("/silent")).startswith(b"HTTP/1.1 500 ")


def test_an_error_inside_a_stream_cuts_it(server: Serving) -> None:
    answer = server.exchange(get("/cut"))
    assert answer.endswith(b"4\r\npart\r\n")


def test_line_breaks_cannot_split_a_response(server: Serving) -> None:
    assert b"\r\nEvil" not in server.exchange(get("/inject"))


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_a_client_that_ends_its_side_gets_its_answer(server: Serving, kind: str) -> None:
    sock = server.connect() if kind == "unix" else server.connect_tcp()
    sock.sendall(get("/late"))
    sock.shutdown(socket.SHUT_WR)
    assert read_all(sock).endswith(b"late")


def test_pipelined_requests_survive_the_end_of_the_clients_side(server: Serving) -> None:
    assert server.exchange(get("/late") + GET).endswith(b"hello")


@pytest.mark.parametrize("half_closed_first", [False, True])
def test_a_client_that_leaves_cancels_its_handler(
    server: Serving, handlers: Handlers, half_closed_first: bool
) -> None:
    sock = server.connect()
    sock.sendall(get("/wait"))
    handlers.await_event("waiting")
    if half_closed_first:
        sock.shutdown(socket.SHUT_WR)
        time.sleep(0.1)
        assert "cancelled" not in handlers.events
    sock.close()
    handlers.await_event("cancelled")


def test_a_reset_cancels_the_handler_over_tcp(server: Serving, handlers: Handlers) -> None:
    sock = server.connect_tcp()
    sock.sendall(get("/wait"))
    handlers.await_event("waiting")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sock.close()
    handlers.await_event("cancelled")


def test_a_handler_that_finishes_is_told(server: Serving, handlers: Handlers) -> None:
    sock = server.connect()
    sock.sendall(get("/finish"))
    handlers.await_event("waiting")
    sock.close()
    handlers.await_event("gone")


def test_a_cut_off_body_ends_the_connection(server: Serving) -> None:
    for body in (b"Content-Length: 9\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n9\r\nabc"):
        assert server.exchange(b"POST /echo HTTP/1.1\r\nHost: d\r\n" + body) == b""


def test_a_slow_reader_holds_the_writer_back(server: Serving, handlers: Handlers) -> None:
    sock = server.connect()
    sock.sendall(get("/flood"))
    handlers.await_event("wrote 0")
    before = -1
    while len(handlers.events) != before:
        before = len(handlers.events)
        time.sleep(0.2)
    assert before < 400
    sock.shutdown(socket.SHUT_WR)
    assert len(read_all(sock)) > 40_000_000


def test_a_slow_handler_holds_the_client_back(server: Serving, handlers: Handlers) -> None:
    sock = server.connect()
    size = 50_000_000
    sock.sendall(f"POST /slurp HTTP/1.1\r\nHost: d\r\nContent-Length: {size}\r\n\r\n".encode())
    handlers.await_event("waiting")
    sock.setblocking(False)
    sent = 0
    stalled_at = time.monotonic() + 10
    while time.monotonic() < stalled_at:
        try:
            sent += sock.send(bytes(min(100_000, size - sent)))
            assert sent < 5_000_000, "the server takes more than it can pass on"
            stalled_at = time.monotonic() + 0.3
        except BlockingIOError:
            time.sleep(0.01)
    handlers.go.set()
    sock.setblocking(True)
    sock.sendall(bytes(size - sent))
    assert read_response(sock)[2] == str(size).encode()


def test_nothing_is_left_of_connections(server: Serving, handlers: Handlers) -> None:
    for request in (GET, get("/fail"), get("/cut"), MALFORMED["bad chunk"], b"GET / H", b""):
        server.exchange(request)
    sock = server.connect()
    sock.sendall(get("/wait"))
    handlers.await_event("waiting")
    sock.close()
    handlers.await_event("cancelled")
    deadline = time.monotonic() + 5
    while server.call(lambda: len(server.server.connections)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.call(lambda: len(server.server.connections)) == 0
