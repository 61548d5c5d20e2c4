"""Serves HTTP/1.1 on any number of listening sockets."""

import asyncio
import os
import socket
import ssl
import time

from boxship.wire.connection import Connection
from boxship.wire.exchange import Handler, Http2Handler
from boxship.wire.hangup import HangupWatch
from boxship.wire.limits import Limits
from boxship.wire.listen import passed
from boxship.wire.peer import Peer
from boxship.wire.tls import TlsTerminator


class Server:
    """Create it inside a running event loop. *handler* is called once per request; *serve_http2*
    once for a client on a unix socket that speaks HTTP/2 from its first byte."""

    def __init__(
        self,
        handler: Handler,
        limits: Limits | None = None,
        serve_http2: Http2Handler | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.handler = handler
        self.serve_http2 = serve_http2
        self.limits = limits or Limits()
        self.hangups = HangupWatch(self._loop)
        self.connections: set[Connection] = set()
        self._listeners: list[socket.socket] = []
        self._unlink: list[tuple[str, int]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweeper = self._keep(self._sweep())
        self._closing = False

    def listen(self, sock: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Serve the connections of *sock*, which the server then owns. Its file is removed at the
        end, unless a service manager goes on listening there."""
        sock.setblocking(False)
        self._listeners.append(sock)
        own = sock.family == socket.AF_UNIX and sock.fileno() not in passed()
        if own and isinstance(path := sock.getsockname(), str) and path:
            self._unlink.append((path, os.stat(path).st_ino))
        terminator = TlsTerminator(tls, self._from_thread) if tls else None
        self._loop.add_reader(sock.fileno(), self._accept, sock, terminator)

    def serve(self, sock: socket.socket, peer: Peer | None = None) -> None:
        """Serve one connected socket, which the server then owns."""
        if self._closing:
            sock.close()
            return
        sock.setblocking(False)
        self._keep(self._connect(sock, peer))

    async def close(self, grace: float = 0.0) -> None:
        """Stop listening, give running requests *grace* seconds, then cut them. Hijacked
        connections live on with their owners. Harmless when repeated."""
        self._closing = True
        while self._listeners:
            listener = self._listeners.pop()
            self._loop.remove_reader(listener.fileno())
            listener.close()
        while self._unlink:
            _unlink_own(*self._unlink.pop())
        await self._settled(grace)
        for connection in list(self.connections):
            connection.shut_down()
        self._sweeper.cancel()
        await self._settled(1.0)
        await asyncio.sleep(0)  # lets the transports report their end
        self.hangups.close()

    async def _settled(self, seconds: float) -> None:
        tasks = [each.task for each in self.connections if each.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)

    def _accept(self, listener: socket.socket, terminator: TlsTerminator | None) -> None:
        for _ in range(64):
            try:
                sock, _ = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError:  # out of descriptors: leave the rest in the backlog for a while
                self._loop.remove_reader(listener.fileno())
                self._loop.call_later(0.5, self._resume, listener, terminator)
                return
            if terminator is None:
                self.serve(sock)
            else:
                sock.setblocking(True)
                terminator.accept(sock)

    def _resume(self, listener: socket.socket, terminator: TlsTerminator | None) -> None:
        if not self._closing:
            self._loop.add_reader(listener.fileno(), self._accept, listener, terminator)

    def _from_thread(self, sock: socket.socket, peer: Peer) -> None:
        try:
            self._loop.call_soon_threadsafe(self.serve, sock, peer)
        except RuntimeError:  # the loop has ended
            sock.close()

    async def _connect(self, sock: socket.socket, peer: Peer | None) -> None:
        try:
            await self._loop.connect_accepted_socket(lambda: Connection(self, sock, peer), sock)
        except OSError:
            sock.close()

    async def _sweep(self) -> None:
        limits = self.limits
        times = (limits.head_time, limits.idle_time, limits.linger_time)
        period = min(1.0, *(each / 4 for each in times))
        while True:
            await asyncio.sleep(period)
            now = time.monotonic()
            for connection in [each for each in self.connections if each.deadline < now]:
                connection.expire()

    def _keep(self, coroutine: "asyncio._CoroutineLike[None]") -> "asyncio.Task[None]":
        """A task that the garbage collector does not take away."""
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _unlink_own(path: str, inode: int) -> None:
    """Remove our socket's file, not one that a successor has put in its place."""
    try:
        if os.lstat(path).st_ino == inode:
            os.unlink(path)
    except FileNotFoundError:
        pass
