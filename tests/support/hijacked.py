"""Hijacked connections of the Engine API, read and written as slowly as a test likes."""

import json
import socket
import struct
import threading
from pathlib import Path


class Hijacked:
    """POST *path*, upgraded; what arrived with the answer is in ``early``."""

    def __init__(self, engine_socket: Path, path: str, body: object = None) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(str(engine_socket))
        data = b"" if body is None else json.dumps(body).encode()
        head = f"POST /v1.45{path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        self.socket.sendall(head.encode() + data)
        self.early = b""
        while b"\r\n\r\n" not in self.early:
            self.early += self.socket.recv(4096)
        answer, _, self.early = self.early.partition(b"\r\n\r\n")
        assert b" 101 " in answer.split(b"\r\n")[0], answer
        self._rest: list[bytes] = []
        self._thread = threading.Thread(target=self._read)

    def _read(self) -> None:
        while part := self.socket.recv(1 << 16):
            self._rest.append(part)

    def read_behind(self) -> None:
        """Read to the end in a thread; :meth:`result` waits for it."""
        self._thread.start()

    def result(self) -> bytes:
        """Everything that came, once the connection is at its end."""
        if self._thread.ident is None:
            self._read()
        else:
            self._thread.join(60)
            assert not self._thread.is_alive(), "the connection does not end"
        self.socket.close()
        return self.early + b"".join(self._rest)

    def read_until(self, text: bytes) -> bytes:
        """What came up to and with *text*."""
        while text not in self.early:
            part = self.socket.recv(65536)
            assert part, self.early
            self.early += part
        seen, found, self.early = self.early.partition(text)
        return seen + found


def frames(data: bytes) -> list[tuple[int, bytes]]:
    """The stream and the content of each frame."""
    found, at = [], 0
    while at < len(data):
        stream, size = struct.unpack_from(">BxxxI", data, at)
        at += 8 + size
        found.append((stream, data[at - size : at]))
    return found


def streams(data: bytes) -> dict[int, bytes]:
    """Standard output (1) and error (2) out of frames."""
    parts: dict[int, list[bytes]] = {1: [], 2: []}
    for stream, content in frames(data):
        parts[stream].append(content)
    return {number: b"".join(pieces) for number, pieces in parts.items()}
