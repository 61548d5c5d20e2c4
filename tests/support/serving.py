"""A wire server in a thread of its own, and a raw client for it."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from boxship.wire.exchange import Handler
from boxship.wire.limits import Limits
from boxship.wire.listen import listen_unix
from boxship.wire.server import Server

TIMEOUT = 10.0


@dataclass
class Serving:
    """A running server. Code that touches it runs in its loop: see :meth:`call`."""

    path: str
    loop: asyncio.AbstractEventLoop
    server: Server
    sockets: list[socket.socket] = field(default_factory=list)

    def call(self, function: Callable[[], Any]) -> Any:
        """The result of *function*, run in the loop; a coroutine is awaited there."""

        async def run() -> Any:
            result = function()
            return await result if asyncio.iscoroutine(result) else result

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(TIMEOUT)

    def connect(self) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(TIMEOUT)
        sock.connect(self.path)
        self.sockets.append(sock)
        return sock

    def connect_tcp(self) -> socket.socket:
        """Over a TCP port of the loopback interface that is opened for the purpose."""
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        self.call(lambda: self.server.listen(listener))
        sock = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        self.sockets.append(sock)
        return sock

    def exchange(self, data: bytes) -> bytes:
        """Send *data*, end our side, and return all that comes back."""
        sock = self.connect()
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        return read_all(sock)

    def get(self, target: str, **headers: str) -> bytes:
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        return self.exchange(f"GET {target} HTTP/1.1\r\nHost: d\r\n{lines}\r\n".encode())


@contextmanager
def serving(handler: Handler, directory: Path, limits: Limits | None = None) -> Iterator[Serving]:
    """Serve *handler* on a unix socket in *directory*."""
    path = str(directory / "api.sock")
    listener = listen_unix(path, group="")
    started: list[Serving] = []
    ready = threading.Event()
    stop: list[Callable[[], None]] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        stopping = asyncio.Event()
        stop.append(lambda: loop.call_soon_threadsafe(stopping.set) and None)
        server = Server(handler, limits)
        server.listen(listener)
        started.append(Serving(path, loop, server))
        ready.set()
        await stopping.wait()
        await server.close()

    thread = threading.Thread(target=asyncio.run, args=(main(),), daemon=True)
    thread.start()
    assert ready.wait(TIMEOUT)
    try:
        yield started[0]
    finally:
        for sock in started[0].sockets:
            sock.close()
        stop[0]()
        thread.join(TIMEOUT)
        assert not thread.is_alive(), "the server did not stop"


def read_all(sock: socket.socket) -> bytes:
    """Everything until the end of the stream, or until the peer resets it."""
    parts = []
    try:
        while part := sock.recv(1 << 16):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def read_until(sock: socket.socket, mark: bytes) -> bytes:
    """Bytes up to and with *mark*, not one more."""
    data = b""
    while not data.endswith(mark):
        byte = sock.recv(1)
        assert byte, f"the stream ended after {data!r}"
        data += byte
    return data


def read_exactly(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        assert part, f"the stream ended after {data!r}"
        data += part
    return data


def read_response(sock: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """One response with Content-Length: status, headers in lower case, body."""
    head = read_until(sock, b"\r\n\r\n").decode()
    first, *lines = head.strip().split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
    body = read_exactly(sock, int(headers.get("content-length", 0)))
    return int(first.split()[1]), headers, body
