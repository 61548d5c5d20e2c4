"""The shim's socket: requests from a daemon, one table; events to every daemon that listens."""

import contextlib
import os
import socket
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from boxship.base.errors import Internal
from boxship.sandbox import messages
from boxship.sandbox.later import Later
from boxship.sandbox.loop import READ

if TYPE_CHECKING:
    from boxship.sandbox.shim import Shim

Request = dict[str, Any]


def listen(run_directory: str) -> int:
    """A socket that listens in *run_directory*, under a name known to the daemon."""
    path = os.path.join(run_directory, "shim.sock")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    with messages.reachable(path) as address:
        listener.bind(address)
    listener.listen(8)
    return listener.detach()


class Control:
    def __init__(self, shim: "Shim", daemon: socket.SocketType) -> None:
        self._shim = shim
        self._connections: list[socket.SocketType] = [daemon]
        self._listener = -1

    def start(self, listener: int) -> None:
        """Take what :func:`listen` opened, for daemons that come later; watch the one of now."""
        self._listener = listener
        self._shim.loop.watch(listener, READ, self._accept)
        self._watch(self._connections[0])

    def _accept(self, mask: int) -> None:
        listener = socket.socket(fileno=self._listener)
        try:
            connection, _ = listener.accept()
        finally:
            listener.detach()
        self._connections.append(connection)
        self._watch(connection)

    def _watch(self, connection: socket.SocketType) -> None:
        self._shim.loop.watch(connection.fileno(), READ, partial(self._ready, connection))

    def _ready(self, connection: socket.SocketType, mask: int) -> None:
        try:
            received = messages.receive(connection)
        except OSError:
            received = None
        if received is None:
            self._drop(connection)
            return
        message, fds = received
        reply = partial(self._reply, connection, message.get("id"))
        try:
            answer = _OPS[message["op"]](self, message, fds)
        except Exception as error:
            reply(None, error)
            for fd in fds:
                with contextlib.suppress(OSError):
                    os.close(fd)
            return
        if isinstance(answer, Later):
            answer.on_known = reply
        else:
            reply(answer, None)

    def _reply(
        self,
        connection: socket.SocketType,
        number: int | None,
        answer: Any,
        error: Exception | None,
    ) -> None:
        if connection not in self._connections:
            return
        told = {"ok": answer} if error is None else {"error": describe(error)}
        try:
            self._send(connection, {"id": number, **told})
        except Internal as too_long:
            self._send(connection, {"id": number, "error": describe(too_long)})

    def _send(self, connection: socket.SocketType, message: dict[str, Any]) -> None:
        try:
            messages.send(connection, message)
        except OSError:
            self._drop(connection)

    def _drop(self, connection: socket.SocketType) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
            self._shim.loop.forget(connection.fileno())
            connection.close()

    def started(self, pid: int, at: int) -> None:
        """Tell the daemon that has ordered the container."""
        with contextlib.suppress(OSError):
            text = b'{"event": "started", "pid": %d, "at": %d}' % (pid, at)
            messages.send_encoded(self._connections[0], text)

    def announce(self, event: bytes) -> None:
        """Tell every daemon of what each container comes to. Encoding it would cost memory."""
        for connection in [*self._connections]:
            try:
                messages.send_encoded(connection, event)
            except OSError:
                self._drop(connection)

    def broadcast(self, event: dict[str, Any]) -> None:
        for connection in [*self._connections]:
            self._send(connection, event)

    def close(self) -> None:
        """Hang up, and be found by nobody any more."""
        for connection in [*self._connections]:
            self._drop(connection)
        self._shim.loop.forget(self._listener)
        os.close(self._listener)

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

    def _exec(self, request: Request, fds: list[int]) -> Later:
        return self._shim.execs.start(request, fds)

    def _exec_resize(self, request: Request, fds: list[int]) -> None:
        self._shim.execs.resize(request["exec"], request["rows"], request["columns"])

    def _exec_signal(self, request: Request, fds: list[int]) -> None:
        self._shim.execs.signal(request["exec"], request["signal"])


_OPS: dict[str, Callable[[Control, Request, list[int]], Any]] = {
    "state": Control._state,
    "signal": Control._signal,
    "resize": Control._resize,
    "attach": Control._attach,
    "exec": Control._exec,
    "exec-resize": Control._exec_resize,
    "exec-signal": Control._exec_signal,
}


def describe(error: Exception) -> dict[str, Any]:
    """An error as a reply carries it: message, exit code, errno."""
    code = getattr(error, "code", 126)
    if isinstance(error, OSError):
        return {"message": f"{error.strerror}".lower(), "code": code, "errno": error.errno}
    return {"message": str(error), "code": code, "errno": 0}
