"""One client connection: HTTP/1.1 requests in turn, until it closes or is hijacked."""

import asyncio
import enum
import logging
import math
import os
import socket
import time
from typing import BinaryIO, Protocol

from boxship.wire.answer import CONTINUE, head_bytes
from boxship.wire.body import IncomingBody, cut_off
from boxship.wire.body_framing import ByLength, Chunked, Framing
from boxship.wire.errors import BadRequest, ClientGone, HeadersTooLarge, RequestTimeout
from boxship.wire.exchange import Exchange, Handler, Http2Handler, StreamConnection
from boxship.wire.hangup import HangupWatch
from boxship.wire.head import RequestHead, head_end, parse_head
from boxship.wire.http2.frames import PREFACE
from boxship.wire.keep_alive import keep_alive
from boxship.wire.limits import Limits
from boxship.wire.peer import Peer, peer_of

_log = logging.getLogger(__name__)
_SMALL_READ = 64 << 10
# RFC 8446, section 5.1. Clients that may fall back to plain HTTP wait for an answer to it.
_TLS_HANDSHAKE = 0x16


class _State(enum.Enum):
    HEAD = "between requests or inside a head"
    BODY = "the handler runs, the body is arriving"
    BUSY = "the handler runs, the request is complete"
    RAW = "hijacked"
    LINGER = "answered before the end of the request; waiting for the client to hang up"
    CLOSED = "gone"


class Host(Protocol):
    """What a connection needs of its server."""

    handler: Handler
    limits: Limits
    hangups: HangupWatch
    connections: "set[Connection]"
    serve_http2: "Http2Handler | None"


class Connection(asyncio.Protocol):
    """Requests are taken one at a time: what a client pipelines stays unparsed until its turn, so
    that a hijack finds every byte behind its request untouched."""

    def __init__(self, host: Host, sock: socket.socket, peer: Peer | None = None) -> None:
        """*sock* is the transport's, which alone closes it."""
        self._host = host
        self._sock = sock
        self._fd = sock.fileno()
        self._peer = peer
        self._transport: asyncio.Transport
        self._buffer = bytearray()
        self._scanned = 0
        self._state = _State.HEAD
        self._framing: Framing = ByLength(0)
        self._exchange: Exchange | None = None
        self._task: asyncio.Task[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._ended = False  # the client has shut down its write side
        self._reading = True
        self._awaits_continue = False
        self._released = False
        self.deadline = math.inf

    # what the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._peer is None:
            self._peer = peer_of(self._sock)
        if self._sock.family != socket.AF_UNIX:
            keep_alive(self._sock)
        self._host.connections.add(self)
        self._expire_in(self._host.limits.head_time)

    def data_received(self, data: bytes) -> None:
        try:
            self._receive(data)
        except BadRequest as error:
            self._malformed(error)
        self._balance()

    def eof_received(self) -> bool:
        self._ended = True
        if self._state in (_State.HEAD, _State.LINGER):
            return False
        if self._exchange is not None and not self._exchange.body.complete:
            self._exchange.body.fail(cut_off())
        self._host.hangups.add(self._fd, self._hung_up)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._host.hangups.remove(self._fd)
        self._host.connections.discard(self)
        if self._state is not _State.RAW:
            self._state = _State.CLOSED
        if self._exchange is not None and not self._released:
            self._exchange.lost()
        self.resume_writing()

    def pause_writing(self) -> None:
        self._writable = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    # requests

    def _receive(self, data: bytes) -> None:
        if self._state is _State.LINGER:
            return
        if self._state is _State.BODY:
            data = self._receive_body(data)
        self._buffer += data
        if self._state is _State.HEAD:
            self._next_request()

    def _receive_body(self, data: bytes) -> bytes:
        assert self._exchange is not None
        part, rest = self._framing.feed(data)
        self._exchange.body.push(part)
        if self._framing.done:
            self._state = _State.BUSY
            self._exchange.body.finish()
        return rest

    def _next_request(self) -> None:
        if self._buffer.startswith(b"\r\n"):  # RFC 9112, section 2.2
            del self._buffer[:2]
        if not self._buffer:
            return
        if self._buffer[0] == _TLS_HANDSHAKE:
            raise BadRequest("client sent a TLS handshake to a plain HTTP listener")
        if not self._scanned:
            self._expire_in(self._host.limits.head_time)
        end = head_end(self._buffer, max(0, self._scanned - 3))
        self._scanned = len(self._buffer)
        if max(end, self._scanned if end < 0 else 0) > self._host.limits.head:
            raise HeadersTooLarge("request header fields too large")
        if end >= 0 and self._begins_http2(end):
            self._leave_for_http2()
        elif end >= 0:
            head = parse_head(bytes(self._buffer[:end]))
            rest = bytes(self._buffer[end:])
            self._begin(head)
            if rest:
                self._receive(rest)

    def _begins_http2(self, end: int) -> bool:
        """Return whether the client speaks HTTP/2 without asking (RFC 9113, section 3.3), and may:
        as with dockerd, on a unix socket alone."""
        is_unix = self._peer is not None and self._peer.kind == "unix"
        return bool(self._host.serve_http2 and is_unix and PREFACE.startswith(self._buffer[:end]))

    def _leave_for_http2(self) -> None:
        self.deadline = math.inf
        self.leave_http()
        self._task = asyncio.get_running_loop().create_task(self._serve_http2())

    async def _serve_http2(self) -> None:
        assert self._host.serve_http2 is not None and self._peer is not None
        stream = StreamConnection(self, self._peer)
        try:
            await self._host.serve_http2(stream)
        except (ClientGone, asyncio.CancelledError):
            pass
        finally:
            stream.close()

    def _begin(self, head: RequestHead) -> None:
        assert self._peer is not None
        self._buffer.clear()
        self._scanned = 0
        self.deadline = math.inf
        self._framing = Chunked() if head.chunked else ByLength(head.content_length)
        empty = self._framing.done
        self._read_at_once(_SMALL_READ if empty else self._host.limits.backlog)
        self._awaits_continue = not empty and head.expects_continue
        self._state = _State.BUSY if empty else _State.BODY
        body = IncomingBody(empty=empty, time=self._host.limits.body_time, on_read=self._body_read)
        self._exchange = Exchange(self, head, body, self._peer)
        self._task = asyncio.get_running_loop().create_task(self._serve(self._exchange))
        self._exchange.task = self._task

    def _read_at_once(self, size: int) -> None:
        """How much one recv(2) may bring: asyncio has no call for it, only this attribute."""
        self._transport.max_size = max(size, _SMALL_READ)  # type: ignore[attr-defined]

    def _body_read(self) -> None:
        if self._awaits_continue:
            self._awaits_continue = False
            if self._exchange is not None and not self._exchange.started:
                self._transport.write(CONTINUE)
        self._balance()

    def _balance(self) -> None:
        """Read from the socket only while what was read finds a taker."""
        backlog = len(self._buffer)
        if self._state is _State.BODY and self._exchange is not None:
            backlog = self._exchange.body.size
        wanted = backlog < self._host.limits.backlog or self._state is _State.HEAD
        if wanted == self._reading or self._state is _State.CLOSED:
            return
        self._reading = wanted
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()
            if self._state is _State.BUSY:
                self._host.hangups.add(self._fd, self._hung_up)

    async def _serve(self, exchange: Exchange) -> None:
        try:
            await self._host.handler(exchange)
            if not exchange.finished:
                raise RuntimeError("the handler did not answer")
        except (ClientGone, asyncio.CancelledError):
            self._transport.abort()
        except BadRequest as error:
            await self._answer_text(exchange, error.status, str(error))
        except Exception:
            _log.exception("%s %s failed", exchange.head.method, exchange.head.path)
            await self._answer_text(exchange, 500, "internal error")
        self._served(exchange)

    async def _answer_text(self, exchange: Exchange, status: int, text: str) -> None:
        if exchange.started:
            self._transport.abort()
            return
        exchange.keep_alive = False
        try:
            await exchange.respond(
                status, [("Content-Type", "text/plain; charset=utf-8")], f"{status} {text}".encode()
            )
        except ClientGone:
            pass

    def _served(self, exchange: Exchange) -> None:
        self._task = self._exchange = None
        if self._state in (_State.RAW, _State.CLOSED):
            return
        if not exchange.keep_alive:
            self._close(lingering=not exchange.body.complete)
            return
        self._state = _State.HEAD
        self._expire_in(self._host.limits.idle_time)
        try:
            self._next_request()
        except BadRequest as error:
            self._malformed(error)
        if self._state is _State.HEAD and self._ended:
            self._close(lingering=False)
        self._balance()

    # ends

    def _malformed(self, error: BadRequest) -> None:
        if self._exchange is not None:  # in the body: the handler answers, whatever it reads
            self._exchange.keep_alive = False
            self._exchange.body.fail(error)
            self._framing = ByLength(1 << 62)
            return
        text = f"{error.status} {error}".encode("utf-8", "replace")
        headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Connection", "close"),
            ("Content-Length", str(len(text))),
        ]
        self._transport.write(head_bytes(error.status, headers, dated=False) + text)
        self._close(lingering=True)

    def _close(self, *, lingering: bool) -> None:
        """Close after what was written. Closing over unread input would reset the connection and
        could take our answer with it, so *lingering* first waits for the client to hang up."""
        if self._state is _State.CLOSED or self._transport.is_closing():
            return
        if not lingering or self._ended:
            self._state = _State.CLOSED
            self._transport.close()
            return
        self._state = _State.LINGER
        self._buffer.clear()
        self._expire_in(self._host.limits.linger_time)
        self._transport.write_eof()
        self._balance()

    def _hung_up(self) -> None:
        self._transport.abort()

    def _expire_in(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds

    def expire(self) -> None:
        """The deadline has passed: answer a half-sent head, close in any case."""
        self.deadline = math.inf
        if self._state is _State.HEAD and self._buffer:
            self._malformed(RequestTimeout("request headers did not arrive in time"))
        elif self._state in (_State.HEAD, _State.LINGER):
            self._transport.abort()

    def shut_down(self) -> None:
        """The server ends: cancel the handler, or close an idle connection."""
        if self._task is not None:
            self._task.cancel()
        elif self._state is not _State.RAW:
            self._transport.abort()

    @property
    def task(self) -> "asyncio.Task[None] | None":
        """The running handler."""
        return self._task

    # what an exchange calls

    async def write(self, data: bytes) -> None:
        """Write *data* and wait while the client reads too slowly; ClientGone when it left."""
        if self._transport.is_closing():
            raise ClientGone("client closed the connection")
        self._transport.write(data)
        if self._writable is not None:
            await self._writable
            if self._transport.is_closing():
                raise ClientGone("client closed the connection")

    async def flush(self, data: bytes) -> None:
        """Write *data* and wait until the kernel has all of it."""
        self._transport.set_write_buffer_limits(high=0)
        await self.write(data)

    def begin_file(self, head: bytes, file: BinaryIO, offset: int, count: int) -> int:
        """Send *head*, and in the same packets what the socket takes at once of *count* bytes.

        Returns how many bytes of *file* went. ClientGone when the client left.
        """
        if self._transport.is_closing():
            raise ClientGone("client closed the connection")
        if not count or self._transport.get_write_buffer_size():
            self._transport.write(head)
            return 0
        sent = 0
        try:
            sent = self._sock.send(head, socket.MSG_MORE)  # send(2): more will fill the packet
            if sent == len(head):
                return os.sendfile(self._fd, file.fileno(), offset, count)
        except BlockingIOError:
            pass
        except OSError as error:
            raise ClientGone(f"client closed the connection: {error}") from None
        self._transport.write(head[sent:])
        return 0

    async def send_file(self, file: BinaryIO, offset: int, count: int) -> None:
        """Send *count* bytes of *file* by sendfile(2); ClientGone when the client or they went."""
        if self._transport.is_closing():
            raise ClientGone("client closed the connection")
        try:
            loop = asyncio.get_running_loop()
            sent = await loop.sendfile(self._transport, file, offset, count)
        except (OSError, RuntimeError) as error:
            raise ClientGone(f"client closed the connection: {error}") from None
        if sent < count:
            raise ClientGone("the file ended before its announced length")

    def leave_http(self) -> None:
        """From here on incoming bytes are the stream's."""
        self._state = _State.RAW
        self._balance()

    def release_socket(self) -> tuple[socket.socket, bytes]:
        """See :meth:`boxship.wire.hijack.HijackedConnection.detach_socket`."""
        if self._transport.is_closing():
            raise ClientGone("client closed the connection")
        self._host.hangups.remove(self._fd)
        self._host.connections.discard(self)
        self._released = True
        sock = socket.socket(fileno=os.dup(self._fd))
        # The transport closes its own descriptor and never shuts the connection down.
        self._transport.abort()
        sock.setblocking(True)
        return sock, bytes(self._buffer)

    def abort(self) -> None:
        self._transport.abort()

    @property
    def descriptor(self) -> int:
        return self._fd
