"""POST /grpc and /session: only those who ask for h2c get it."""

import socket
from collections.abc import Iterator

import pytest

from boxship.wire.http2 import frames
from support.api import Api


@pytest.mark.parametrize("path", ["/grpc", "/v1.30/session"])
@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, "no upgrade proto in request"),
        ({"Upgrade": "websocket", "Connection": "Upgrade"}, "protocol websocket not supported"),
    ],
)
def test_other_upgrades_are_refused(
    boxship_socket: str, path: str, headers: dict[str, str], said: str
) -> None:
    status, body = _first_answer(boxship_socket, path, headers)
    assert status == 400
    assert said in body


@pytest.fixture
def opened(boxship_socket: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(20)
        sock.connect(boxship_socket)
        yield sock


def test_a_client_that_says_nonsense_hears_goodbye(opened: socket.socket, api: Api) -> None:
    opened.sendall(_request("/grpc", {"Upgrade": "h2c", "Connection": "Upgrade"}))
    opened.sendall(b"nonsense instead of a preface\r\n\r\n")
    answer = b""
    while piece := opened.recv(65536):
        answer += piece
    head, _, rest = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ") and b"Upgrade: h2c" in head
    assert frames.goaway(0, frames.Code.PROTOCOL_ERROR) in rest
    assert api("GET", "/_ping").status == 200


def test_a_session_has_a_name_of_its_own(boxship_socket: str, opened: socket.socket) -> None:
    headers = {"Upgrade": "h2c", "Connection": "Upgrade", "X-Docker-Expose-Session-Uuid": "one"}
    opened.sendall(_request("/session", headers))
    head = b""
    # The preface is the last thing that happens before the session can be found.
    while frames.PREFACE not in head:
        head += opened.recv(65536)
    status, body = _first_answer(boxship_socket, "/session", headers)
    assert status == 500
    assert "session one already exists" in body


def _request(path: str, headers: dict[str, str]) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: x", "Content-Length: 0"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _first_answer(path_of_socket: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(20)
        sock.connect(path_of_socket)
        headers = {"Connection": "close"} | headers
        sock.sendall(_request(path, headers))
        answer = b""
        while b"\r\n\r\n" not in answer or not answer.rstrip().endswith(b"}"):
            piece = sock.recv(65536)
            if not piece:
                break
            answer += piece
        return int(answer.split()[1]), answer.decode(errors="replace")
