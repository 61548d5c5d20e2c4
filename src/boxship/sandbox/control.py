"""The shim's socket: requests from a daemon, one table; events to every daemon that listens."""

import contextlib
import os
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from boxship.sandbox import messages
from boxship.sandbox.loop import READ

if TYPE_CHECKING:
    from boxship.sandbox.shim import Shim

Request = dict[str, Any]


class Control:
    def __init__(self, shim: "Shim", daemon: socket.socket) -> None:
        self._shim = shim
        self._connections = [daemon]
        self._listener: socket.socket | None = None
        self._ops: dict[str, Callable[[Request, list[int]], Any]] = {
            "state": self._state,
            "signal": self._signal,
            "resize": self._resize,
            "attach": self._attach,
            "exec": self._exec,
            "exec-resize": self._exec_resize,
            "exec-signal": self._exec_signal,
        }

    def listen(self, path: str) -> None:
        """Listen on *path*, for daemons that come later; watch the one that is there."""
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        with messages.reachable(path) as address:
            self._listener.bind(address)
        self._listener.listen(8)
        self._shim.loop.watch(self._listener.fileno(), READ, lambda mask: self._accept())
        self._watch(self._connections[0])

    def _accept(self) -> None:
        assert self._listener is not None
        connection, _ = self._listener.accept()
        self._connections.append(connection)
        self._watch(connection)

    def _watch(self, connection: socket.socket) -> None:
        self._shim.loop.watch(connection.fileno(), READ, lambda mask: self._ready(connection))

    def _ready(self, connection: socket.socket) -> None:
        try:
            received = messages.receive(connection)
        except OSError:
            received = None
        if received is None:
            self._drop(connection)
            return
        message, fds = received
        reply: dict[str, Any] = {"id": message.get("id")}
        try:
            reply["ok"] = self._ops[message["op"]](message, fds)
        except Exception as error:
            reply["error"] = describe(error)
            for fd in fds:
                with contextlib.suppress(OSError):
                    os.close(fd)
        self._send(connection, reply)

    def _send(self, connection: socket.socket, message: dict[str, Any]) -> None:
        try:
            messages.send(connection, message)
        except OSError:
            self._drop(connection)

    def _drop(self, connection: socket.socket) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
            self._shim.loop.forget(connection.fileno())
            connection.close()

    def broadcast(self, event: dict[str, Any]) -> None:
        for connection in [*self._connections]:
            self._send(connection, event)

    def close(self) -> None:
        for connection in self._connections:
            connection.close()

    def _state(self, request: Request, fds: list[int]) -> dict[str, Any]:
        shim = self._shim
        return {
            "protocol": messages.PROTOCOL,
            "id": shim.spec["id"],
            "pid": shim.pid,
            "at": shim.started_at,
            "shim": os.getpid(),
            "exited": shim.exited,
            "execs": shim.execs.running(),
        }

    def _signal(self, request: Request, fds: list[int]) -> dict[str, Any]:
        """``unless_ignored``: do not send what the kernel would drop, but say so."""
        number = request["signal"]
        if request.get("unless_ignored") and self._shim.ignores(number):
            return {"ignored": True}
        self._shim.signal(number)
        return {"ignored": False}

    def _resize(self, request: Request, fds: list[int]) -> None:
        self._shim.streams.resize(request["rows"], request["columns"])

    def _attach(self, request: Request, fds: list[int]) -> None:
        spec = request["client"]
        self._shim.streams.attach(fds.pop(0), spec)

    def _exec(self, request: Request, fds: list[int]) -> dict[str, Any]:
        return self._shim.execs.start(request, fds)

    def _exec_resize(self, request: Request, fds: list[int]) -> None:
        self._shim.execs.resize(request["exec"], request["rows"], request["columns"])

    def _exec_signal(self, request: Request, fds: list[int]) -> None:
        self._shim.execs.signal(request["exec"], request["signal"])


def describe(error: Exception) -> dict[str, Any]:
    """An error as a reply carries it: message, exit code, errno."""
    code = getattr(error, "code", 126)
    if isinstance(error, OSError):
        return {"message": f"{error.strerror}".lower(), "code": code, "errno": error.errno}
    return {"message": str(error), "code": code, "errno": 0}
