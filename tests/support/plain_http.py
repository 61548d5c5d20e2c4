"""The least HTTP client that drives the Engine API: one kept connection, JSON in and out.

Client libraries cost more than the calls that are measured.
"""

import json
import socket
from pathlib import Path
from types import TracebackType
from typing import Any


class ApiError(Exception):
    """The engine answered with a status of 400 or more."""


class Client:
    """A connection to the engine's socket at *path*; a context manager that closes it."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._reader = self._socket.makefile("rb")

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._reader.close()
        self._socket.close()

    def call(self, method: str, path: str, body: object = None) -> Any:
        """The decoded answer to one request; None if it has no body."""
        answer = self.raw(method, path, body)
        return json.loads(answer) if answer[:1] in (b"{", b"[") else None

    def raw(self, method: str, path: str, body: object = None) -> bytes:
        """The answer to one request as it is."""
        data = b"" if body is None else json.dumps(body).encode()
        head = f"{method} /v1.45{path} HTTP/1.1\r\nHost: bench\r\nContent-Length: {len(data)}\r\n"
        if data:
            head += "Content-Type: application/json\r\n"
        self._socket.sendall(head.encode() + b"\r\n" + data)
        status, answer = self._response()
        if status >= 400:
            raise ApiError(f"{method} {path}: {status} {answer!r}")
        return answer

    def _response(self) -> tuple[int, bytes]:
        status = int(self._reader.readline().split()[1])
        length, chunked = 0, False
        while (line := self._reader.readline().strip()) != b"":
            name, _, value = line.lower().partition(b":")
            if name == b"content-length":
                length = int(value)
            elif name == b"transfer-encoding":
                chunked = b"chunked" in value
        if status == 204 or status == 304:
            return status, b""
        return status, self._chunks() if chunked else self._reader.read(length)

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self._reader.readline(), 16):
            parts.append(self._reader.read(size))
            self._reader.readline()
        self._reader.readline()
        return b"".join(parts)

    def stream(self, method: str, path: str, body: object = None) -> bytes:
        """Send one request whose answer takes over the connection; all bytes until it ends."""
        data = b"" if body is None else json.dumps(body).encode()
        head = (
            f"{method} /v1.45{path} HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\n"
            f"Upgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        )
        self._socket.sendall(head.encode() + data)
        while self._reader.readline().strip():
            pass
        return self._reader.read()
