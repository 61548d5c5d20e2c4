"""Attaching: hijack in both forms, replay and live streams, half-close, detaching, websocket."""

import json
import socket
import struct
import time

import pytest
import websocket
from docker import DockerClient

from support.api import Api
from support.waiting import eventually


class Stream:
    """A hijacked connection after its head."""

    def __init__(self, api: Api, target: str, upgrade: bool, body: object = None) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(api.path)
        data = b"" if body is None else json.dumps(body).encode()
        head = f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(data)}\r\n"
        head += "Content-Type: application/json\r\n" if data else ""
        head += "Connection: Upgrade\r\nUpgrade: tcp\r\n" if upgrade else ""
        self.socket.sendall(head.encode() + b"\r\n" + data)
        self.file = self.socket.makefile("rb")
        self.head = []
        while line := self.file.readline().strip():
            self.head.append(line.decode())

    def frames(self) -> list[tuple[int, bytes]]:
        """Everything until the stream ends; neighbours of one kind joined."""
        found: list[tuple[int, bytes]] = []
        while header := self.file.read(8):
            kind, length = struct.unpack(">BxxxL", header)
            data = self.file.read(length)
            if found and found[-1][0] == kind:
                data = found.pop()[1] + data
            found.append((kind, data))
        return found

    def close(self) -> None:
        self.file.close()
        self.socket.close()


@pytest.mark.parametrize("upgrade", [True, False])
def test_both_forms(api: Api, upgrade: bool) -> None:
    identity = api.create(Cmd=["sh", "-c", "echo out; read go; echo err >&2"], OpenStdin=True)
    target = f"/containers/{identity}/attach?stream=1&stdin=1&stdout=1&stderr=1"
    stream = Stream(api, target, upgrade)
    if upgrade:
        assert stream.head[0].startswith("HTTP/1.1 101")
        assert "Content-Type: application/vnd.docker.multiplexed-stream" in stream.head
    else:
        assert stream.head[0].startswith("HTTP/1.1 200")
        assert "Content-Type: application/vnd.docker.raw-stream" in stream.head
    api.start(identity)
    assert stream.file.read(12) == b"\1\0\0\0\0\0\0\4out\n"
    stream.socket.sendall(b"\n")
    assert stream.frames() == [(2, b"err\n")]
    stream.close()


def test_standard_input_and_its_end(api: Api) -> None:
    identity = api.create(Cmd=["cat"], OpenStdin=True, StdinOnce=True)
    stream = Stream(api, f"/containers/{identity}/attach?stream=1&stdin=1&stdout=1", True)
    api.start(identity)
    stream.socket.sendall(b"a line\n")
    stream.socket.shutdown(socket.SHUT_WR)
    assert stream.frames() == [(1, b"a line\n")]
    stream.close()
    assert api.wait(identity) == 0


def test_replay_of_what_was_said(api: Api) -> None:
    identity = api.run(Cmd=["sh", "-c", "echo early; read go; echo late"], OpenStdin=True)
    eventually(lambda: b"early" in api("GET", f"/containers/{identity}/logs?stdout=1").body)
    replay = Stream(api, f"/containers/{identity}/attach?logs=1&stdout=1", True)
    assert replay.frames() == [(1, b"early\n")]
    both = Stream(api, f"/containers/{identity}/attach?logs=1&stream=1&stdin=1&stdout=1", True)
    both.socket.sendall(b"\n")
    assert both.frames() == [(1, b"early\nlate\n")]
    replay.close()
    both.close()


def test_several_clients_get_everything(api: Api) -> None:
    identity = api.create(Cmd=["sh", "-c", "seq 20000"])
    target = f"/containers/{identity}/attach?stream=1&stdout=1"
    streams = [Stream(api, target, True) for _ in range(3)]
    api.start(identity)
    wanted = "".join(f"{n}\n" for n in range(1, 20001)).encode()
    # All at once: a client that does not read may hold the others back.
    import concurrent.futures

    with concurrent.futures.ThreadPoolExecutor() as pool:
        found = list(pool.map(Stream.frames, streams))
    assert found == [[(1, wanted)]] * 3
    for stream in streams:
        stream.close()


def test_detach_keys_leave_the_container(api: Api) -> None:
    identity = api.run(Cmd=["cat"], OpenStdin=True, Tty=True)
    target = f"/containers/{identity}/attach?stream=1&stdin=1&stdout=1&detachKeys=ctrl-x"
    stream = Stream(api, target, True)
    stream.socket.sendall(b"hey\n")
    assert stream.file.read(10) == b"hey\r\nhey\r\n"
    stream.socket.sendall(b"\x18")
    assert stream.file.read() == b""
    stream.close()
    assert api.status(identity) == "running"


def test_a_terminal_has_the_size_that_was_asked_for(api: Api) -> None:
    script = "read x; stty size; echo got $x"
    identity = api.create(Cmd=["sh", "-c", script], OpenStdin=True, Tty=True)
    stream = Stream(api, f"/containers/{identity}/attach?stream=1&stdin=1&stdout=1", True)
    api.start(identity)
    assert api("POST", f"/containers/{identity}/resize", h=33, w=77).status == 200
    stream.socket.sendall(b"word\n")
    assert stream.file.read() == b"word\r\n33 77\r\ngot word\r\n"
    stream.close()


def test_what_cannot_be_attached_to(api: Api) -> None:
    identity = api.run()
    api("POST", f"/containers/{identity}/pause")
    answer = api("POST", f"/containers/{identity}/attach?stream=1")
    assert answer.status == 409
    assert "is paused, unpause the container before attach" in answer.message
    bad = api("POST", f"/containers/{identity}/attach?stream=1&detachKeys=bogus")
    assert (bad.status, bad.message) == (400, "Invalid escape keys (bogus) provided")


def test_websocket(api: Api) -> None:
    identity = api.run(Cmd=["cat"], OpenStdin=True, Tty=True)
    raw = socket.socket(socket.AF_UNIX)
    raw.connect(api.path)
    url = f"ws://localhost/containers/{identity}/attach/ws?stream=1&stdin=1&stdout=1"
    connection = websocket.create_connection(url, socket=raw, timeout=20)
    connection.send("over\n")
    heard = ""
    while heard.count("over") < 2:
        piece = connection.recv()
        heard += piece if isinstance(piece, str) else piece.decode()
    assert heard == "over\r\nover\r\n"
    connection.close()
    assert api.status(identity) == "running"


def test_a_client_that_goes_is_no_end_of_input(api: Api) -> None:
    """Without StdinOnce the input stays open for the next client."""
    identity = api.run(Cmd=["cat"], OpenStdin=True)
    for word in (b"one\n", b"two\n"):
        stream = Stream(api, f"/containers/{identity}/attach?stream=1&stdin=1&stdout=1", True)
        stream.socket.sendall(word)
        assert stream.file.read(8 + len(word))[8:] == word
        stream.close()
        time.sleep(0.1)
        assert api.status(identity) == "running"


def test_docker_for_python(client: DockerClient) -> None:
    lines = client.containers.run("busybox", ["sh", "-c", "echo a; echo b"], stream=True)
    assert list(lines) == [b"a\n", b"b\n"]
    assert client.containers.run("busybox", "echo once", remove=True) == b"once\n"
    box = client.api.create_container("busybox", ["sh", "-c", "sleep 0.2; echo a; echo b >&2"])
    pieces = client.api.attach(box, stream=True, demux=True)
    client.api.start(box)
    assert sorted(pieces, key=str) == sorted([(b"a\n", None), (None, b"b\n")], key=str)
