"""The answering side: methods by path, one task for each call."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from boxship.base.errors import BoxshipError
from boxship.wire.grpc.status import Code, GrpcError, Status, status_for, trailers
from boxship.wire.http2.connection import Http2Connection
from boxship.wire.http2.frames import MAX_STREAMS
from boxship.wire.http2.frames import Code as Http2Code
from boxship.wire.http2.stream import Headers, Stream, StreamReset
from boxship.wire.protobuf import DecodeError, Message

_log = logging.getLogger(__name__)
# Calls that a client has cancelled may take a moment to end; it cannot have many more of them.
_MOST_TASKS = 4 * MAX_STREAMS
_HEAD: Headers = [(":status", "200"), ("content-type", "application/grpc")]
Q = TypeVar("Q", bound=Message)


class Call:
    """One call, as its method sees it. *metadata*: the client's headers."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._pending: deque[bytes] = deque()
        self._started = False
        self.metadata = dict(stream.headers)

    @property
    def path(self) -> str:
        return self.metadata.get(":path", "")

    def values(self, prefix: str) -> dict[str, list[str]]:
        """All values of the client's headers whose names begin with *prefix*."""
        found: dict[str, list[str]] = {}
        for name, value in self._stream.headers:
            if name.startswith(prefix):
                found.setdefault(name, []).append(value)
        return found

    async def receive(self, kind: type[Q]) -> Q | None:
        """The client's next message, None when there is none."""
        if not self._pending:
            self._pending.extend(await self._stream.receive())
        return kind.decode(self._pending.popleft()) if self._pending else None

    async def send(self, message: Message) -> None:
        await self.send_encoded([message.encode()])

    async def send_encoded(self, messages: list[bytes]) -> None:
        """Several that are encoded already."""
        self.start()
        await self._stream.send(messages)

    def start(self) -> None:
        """Send the headers, so that the client knows that it is heard."""
        if not self._started:
            self._started = True
            self._stream.send_headers(_HEAD)

    def finish(self, status: Status) -> None:
        head = [] if self._started else _HEAD
        self._stream.send_headers([*head, *trailers(status)], end=True)


Method = Callable[[Call], Awaitable[None]]


def unary(kind: type[Q], answer: Callable[[Q, Call], Awaitable[Message]]) -> Method:
    """A method of one message each way."""

    async def method(call: Call) -> None:
        request = await call.receive(kind)
        await call.send(await answer(request if request is not None else kind(), call))

    return method


class GrpcServer:
    """Serves *methods* on one connection; calls end with it."""

    def __init__(self, methods: Mapping[str, Method]) -> None:
        self._methods = methods
        self._tasks: set[asyncio.Task[None]] = set()
        self.connection = Http2Connection(self._accept)

    async def serve(self) -> None:
        """Until the client has left, and every call has ended."""
        try:
            await asyncio.shield(self.connection.closed)
        finally:
            self.connection.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, stream: Stream) -> None:
        if len(self._tasks) >= _MOST_TASKS:
            stream.reset(Http2Code.ENHANCE_YOUR_CALM)
            return
        task = asyncio.ensure_future(self._answer(stream))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        stream.on_failure = task.cancel

    async def _answer(self, stream: Stream) -> None:
        call = Call(stream)
        status = Status(Code.OK)
        try:
            method = self._methods.get(call.path)
            if method is None:
                service = call.path.rpartition("/")[0].strip("/")
                known = any(path.startswith(f"/{service}/") for path in self._methods)
                what = f"unknown method {call.path.rpartition('/')[2]} for service {service}"
                text = what if known else f"unknown service {service}"
                raise GrpcError(Code.UNIMPLEMENTED, text)
            await method(call)
        except (GrpcError, BoxshipError) as error:
            status = status_for(error)
        except DecodeError as error:
            status = Status(Code.INTERNAL, f"grpc: error unmarshalling request: {error}")
        except StreamReset:
            return
        except asyncio.CancelledError:
            status = Status(Code.CANCELLED, "context canceled")
        except Exception:
            _log.exception("call %s failed", call.path)
            status = Status(Code.INTERNAL, "internal error")
        call.finish(status)
        stream.abandon()
