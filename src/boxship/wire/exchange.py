"""One request and its answer, as a handler drives it."""

import asyncio
import fcntl
import socket
import struct
import termios
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import BinaryIO, Protocol, TypeAlias

from boxship.wire.answer import Headers, has_body, head_bytes
from boxship.wire.body import IncomingBody, cut_off
from boxship.wire.errors import ClientGone
from boxship.wire.head import RequestHead
from boxship.wire.peer import Peer

_UNREAD_BODY_LIMIT = 1 << 20
_FILE_PIECE = 4 << 20
# How long a hijacker waits, in steps of growing length, for the client to read the head.
_SETTLE_STEPS = (0.0, 0.0, 0.0001, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.003, 0.003)


class Writer(Protocol):
    """What an exchange needs of its connection."""

    async def write(self, data: bytes) -> None: ...
    async def flush(self, data: bytes) -> None: ...
    def begin_file(self, head: bytes, file: BinaryIO, offset: int, count: int) -> int: ...
    async def send_file(self, file: BinaryIO, offset: int, count: int) -> None: ...
    def leave_http(self) -> None: ...
    def release_socket(self) -> tuple[socket.socket, bytes]: ...
    def abort(self) -> None: ...
    @property
    def descriptor(self) -> int: ...


class Exchange:
    """The handler calls exactly one of :meth:`respond`, :meth:`start` … :meth:`finish`, and
    :meth:`hijack`. Every write raises ClientGone once the client has left."""

    __slots__ = (
        "_chunked", "_connection", "_mute", "body", "cancels", "disconnected", "finished", "head",
        "keep_alive", "peer", "started", "task",
    )  # fmt: skip

    def __init__(
        self, connection: Writer, head: RequestHead, body: IncomingBody, peer: Peer
    ) -> None:
        self._connection = connection
        self.head = head
        self.body = body
        self.peer = peer
        self.disconnected: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.keep_alive = head.keep_alive
        self.started = False
        self.finished = False
        self.cancels = False
        self.task: asyncio.Task[None] | None = None
        self._chunked = False
        self._mute = head.method == "HEAD"

    async def respond(self, status: int, headers: Headers, body: bytes = b"") -> None:
        """A complete answer."""
        length = [("Content-Length", str(len(body)))] if has_body(status) else []
        data = self._head(status, [*headers, *length])
        self.finished = True
        await self._connection.write(data if self._mute or not length else data + body)

    async def respond_sized(
        self,
        status: int,
        headers: Headers,
        length: int,
        chunks: AsyncIterator[bytes] | None = None,
    ) -> None:
        """A complete answer of *length* bytes, which *chunks* give; a HEAD needs none."""
        data = self._head(status, [*headers, ("Content-Length", str(length))])
        await self._connection.write(data)
        if chunks is not None and not self._mute:
            async for chunk in chunks:
                await self._connection.write(chunk)
        self.finished = True

    async def respond_file(
        self,
        status: int,
        headers: Headers,
        file: BinaryIO,
        offset: int,
        count: int,
        *,
        stall: float,
    ) -> None:
        """A complete answer with *count* bytes of *file* from *offset*, which stay in the kernel.

        ClientGone when the client takes no piece of 4 MiB for *stall* seconds. The caller closes
        *file*.
        """
        data = self._head(status, [*headers, ("Content-Length", str(count))])
        end = offset + (0 if self._mute else count)
        first = min(_FILE_PIECE, end - offset)
        offset += self._connection.begin_file(data, file, offset, first)
        try:
            for start in range(offset, end, _FILE_PIECE):
                async with asyncio.timeout(stall):
                    piece = min(_FILE_PIECE, end - start)
                    await self._connection.send_file(file, start, piece)
        except TimeoutError:
            raise ClientGone("client does not read its answer") from None
        self.finished = True

    async def start(self, status: int, headers: Headers) -> None:
        """The head of an answer whose length is not known yet; sent at once."""
        self._chunked = not self.head.http_1_0
        if self._chunked:
            data = self._head(status, [*headers, ("Transfer-Encoding", "chunked")])
        else:
            self.keep_alive = False
            data = self._head(status, headers)
        await self._connection.write(data)

    async def write(self, chunk: bytes) -> None:
        """A piece of the body, sent at once; returns when there is room for more."""
        if chunk and not self._mute:
            await self._connection.write(self._framed(chunk))

    async def finish(self, chunk: bytes = b"") -> None:
        """The end of the body, with its last piece."""
        self.finished = True
        if self._mute:
            return
        end = b"0\r\n\r\n" if self._chunked else b""
        if chunk or end:
            await self._connection.write((self._framed(chunk) if chunk else b"") + end)

    def _framed(self, chunk: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(chunk), chunk) if self._chunked else chunk

    async def hijack(self, upgrade: Headers, plain: Headers) -> "StreamConnection":
        """Send 101 with *upgrade* if the client asked for it, else 200 with *plain*; then the
        connection is no longer HTTP. Returns once the kernel has the head, as a rule without
        giving way to other tasks."""
        if self.head.wants_upgrade:
            return await self.switch(head_bytes(101, upgrade, dated=False))
        return await self.switch(head_bytes(200, plain, dated=False))

    async def switch(self, head: bytes) -> "StreamConnection":
        """:meth:`hijack` with a head of the caller's."""
        if not self.body.complete:
            await self.body.read_all(_UNREAD_BODY_LIMIT)
        self.started = self.finished = True
        await self._connection.flush(head)
        self._connection.leave_http()
        return StreamConnection(self._connection, self.peer)

    async def settle(self) -> None:
        """After a hijack: let the client read the head before the stream begins.

        Some clients read both in one go and lose what came behind the head. A unix socket tells
        when its peer has read everything; on others this returns at once.
        """
        if self.peer.kind != "unix":
            return
        for pause in _SETTLE_STEPS:
            await asyncio.sleep(pause)
            if self.disconnected.done() or not _unread(self._connection.descriptor):
                return

    def cancel_on_disconnect(self) -> None:
        """Cancel the handler when, or if already, the client has gone."""
        self.cancels = True
        if self.disconnected.done() and self.task is not None:
            self.task.cancel()

    def lost(self) -> None:
        """The connection calls this when it is gone."""
        if not self.disconnected.done():
            self.disconnected.set_result(None)
        self.body.fail(cut_off())
        if self.cancels and self.task is not None:
            self.task.cancel()

    def abort(self) -> None:
        """Cut the connection, so that the client sees that the answer is not complete."""
        self.finished = True
        self.keep_alive = False
        self._connection.abort()

    def _head(self, status: int, headers: Headers) -> bytes:
        if not self.body.complete:
            self.keep_alive = False
        if not self.keep_alive:
            headers = [*headers, ("Connection", "close")]
        elif self.head.http_1_0:
            headers = [*headers, ("Connection", "keep-alive")]
        self.started = True
        return head_bytes(status, headers)


Handler: TypeAlias = Callable[[Exchange], Awaitable[None]]
#: Serves a connection whose client began with HTTP/2's preface, which is still unread.
Http2Handler: TypeAlias = Callable[["StreamConnection"], Awaitable[None]]


class StreamConnection:
    """A hijacked connection whose bytes are the stream's (HijackedConnection)."""

    def __init__(self, connection: Writer, peer: Peer) -> None:
        self._connection = connection
        self._detached = False
        self.peer = peer

    def detach_socket(self) -> tuple[socket.socket, bytes]:
        self._detached = True
        return self._connection.release_socket()

    def close(self) -> None:
        if not self._detached:
            self._detached = True
            self._connection.abort()


def _unread(descriptor: int) -> int:
    """Bytes that the peer of a unix socket has not read yet (SIOCOUTQ, unix(7))."""
    try:
        answer = fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(4))
    except OSError:
        return 0
    return int(struct.unpack("i", answer)[0])
