"""Lines of several containers' logs stay whole and carry their container's name."""

import socket
from pathlib import Path

import pytest

from boxship.cli.main import main
from support.canned import Canned, serving

KIND = b"application/vnd.docker.multiplexed-stream"


def frame(stream: int, data: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(data).to_bytes(4, "big") + data


LOGS = {
    "web": frame(1, b"one\ntw") + frame(2, b"bad\n") + frame(1, b"o\n"),
    "worker": frame(1, b"no end"),
}


def answer_one(canned: Canned, sock: socket.socket) -> None:
    """Answer one request for a log."""
    name = canned.head(sock).split("/containers/")[1].split("/")[0]
    status, body = b"200 OK", LOGS.get(name, b"")
    if name not in LOGS:
        status, body = b"404 Not Found", b'{"message":"No such container: %b"}' % name.encode()
    head = b"HTTP/1.1 %b\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n"
    sock.sendall(head % (status, KIND, len(body)) + body)


def answer_three(canned: Canned, sock: socket.socket) -> None:
    for _ in range(3):
        answer_one(canned, sock)


@pytest.mark.parametrize("follow", [[], ["-f"]])
def test_each_line_has_the_name_of_its_container(
    follow: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DOCKER_API_VERSION", "1.45")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    # Each thread has a connection of its own.
    talks = [answer_one] * 3 if follow else [answer_three]
    with serving(*talks) as canned:
        assert main(["-H", canned.host, "logs", *follow, "web", "nope", "worker"]) == 1
    captured = capfd.readouterr()
    out = captured.out.splitlines()
    assert [line for line in out if line.startswith("web")] == ["web    | one", "web    | two"]
    assert [line for line in out if not line.startswith("web")] == ["worker | no end"]
    errors = captured.err.splitlines()
    assert "web    | bad" in errors
    assert any("No such container: nope" in line for line in errors)
