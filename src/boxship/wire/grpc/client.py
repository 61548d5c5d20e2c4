"""The asking side."""

from collections.abc import Sequence
from typing import TypeVar

from boxship.wire.grpc.status import Code, GrpcError, status_of
from boxship.wire.http2.connection import Http2Connection
from boxship.wire.http2.stream import Headers, Stream, StreamReset
from boxship.wire.protobuf import DecodeError, Message

A = TypeVar("A", bound=Message)


class OpenCall:
    """A call with messages both ways. :meth:`close` it, whatever happens."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    async def send(self, messages: Sequence[bytes], end: bool = False) -> None:
        """GrpcError when the peer has ended the call."""
        try:
            await self._stream.send([*messages], end)
        except StreamReset as error:
            await self._check(str(error))
            raise GrpcError(Code.UNAVAILABLE, str(error)) from None

    async def receive(self) -> list[bytes]:
        """What has come meanwhile, at least one message; none at a good end, else GrpcError."""
        try:
            found = await self._stream.receive()
        except StreamReset as error:
            raise GrpcError(Code.UNAVAILABLE, str(error)) from None
        if not found:
            await self._check("")
        return found

    async def _check(self, reason: str) -> None:
        if self._stream.failure is not None and reason:
            return
        status = status_of(dict(self._stream.headers))
        if status.code != Code.OK:
            raise GrpcError(status.code, status.message, status.details)

    def leave(self) -> None:
        """Everything has been said and heard, though the peer may not have said goodbye yet: that
        is not waited for."""
        self._stream.leave()

    def close(self) -> None:
        if not (self._stream.ended and self._stream.local_ended):
            self._stream.reset()


def start(connection: Http2Connection, path: str, metadata: Headers | None = None) -> OpenCall:
    """Begin a call. GrpcError when the connection is gone."""
    headers = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "localhost"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        ("user-agent", "boxship"),
        *(metadata or []),
    ]
    try:
        return OpenCall(connection.open(headers))
    except StreamReset as error:
        raise GrpcError(Code.UNAVAILABLE, str(error)) from None


async def unary(
    connection: Http2Connection,
    path: str,
    request: Message,
    kind: type[A],
    metadata: Headers | None = None,
) -> A:
    """One message each way. GrpcError."""
    call = start(connection, path, metadata)
    try:
        await call.send([request.encode()], end=True)
        answer = await call.receive()
        if not answer:
            raise GrpcError(Code.INTERNAL, "an answer without a message")
        await call.receive()
        return kind.decode(answer[0])
    except DecodeError as error:
        raise GrpcError(Code.INTERNAL, str(error)) from None
    finally:
        call.close()
