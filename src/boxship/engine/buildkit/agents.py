"""The client's SSH agents, as sockets that RUN steps can reach."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from boxship.builder.buildkit import session as messages
from boxship.engine.buildkit.handed_over import HandedOver
from boxship.engine.buildkit.sessions import Client, Session
from boxship.wire.grpc.client import OpenCall
from boxship.wire.grpc.status import GrpcError
from boxship.wire.protobuf import DecodeError

_PIECE = 32 << 10
# Connections of a step's programs to one agent: each takes descriptors of the daemon's.
_MOST = 16


@contextlib.asynccontextmanager
async def agents(
    session: Client, names: set[str], directory: Path
) -> AsyncIterator[dict[str, str]]:
    """Sockets in *directory* by id, of those agents that the client has, while this lasts."""
    async with contextlib.AsyncExitStack() as stack:
        found = {}
        for number, name in enumerate(sorted(names)):
            if await session.has_agent(name):
                path = directory / f"agent-{number}"
                forwarder = _forwarder(session, name)
                server = await asyncio.start_unix_server(forwarder.serve, path)
                stack.push_async_callback(forwarder.close)
                stack.callback(server.close)
                path.chmod(0o600)
                found[name] = str(path)
        yield found


def _forwarder(session: Client, name: str) -> "_Forwarder":
    if isinstance(session, HandedOver):
        path = session.agent(name)
        return _Forwarder(lambda reader, writer: _relay(path, reader, writer))
    return _Forwarder(lambda reader, writer: _call(session, name, reader, writer))


async def _call(
    session: Session, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    call = session.start(messages.AGENT, {"buildkit.ssh.id": [name]})
    try:
        await _pump(call, reader, writer)
    finally:
        call.close()


async def _relay(path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """By the socket at *path*, which is on this machine."""
    theirs, to_them = await asyncio.open_unix_connection(path)

    async def outward() -> None:
        while data := await reader.read(_PIECE):
            to_them.write(data)
            await to_them.drain()
        to_them.write_eof()

    sending = asyncio.ensure_future(outward())
    try:
        while data := await theirs.read(_PIECE):
            writer.write(data)
            await writer.drain()
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        to_them.close()


class _Forwarder:
    """Connections to one agent, each carried by *carry*."""

    def __init__(
        self, carry: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
    ) -> None:
        self._carry = carry
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(self._tasks) >= _MOST:
            writer.close()
            return
        self._tasks.add(task)
        try:
            with contextlib.suppress(GrpcError, DecodeError, OSError):
                await self._carry(reader, writer)
        finally:
            writer.close()
            self._tasks.discard(task)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _pump(call: OpenCall, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    async def outward() -> None:
        while data := await reader.read(_PIECE):
            await call.send([messages.BytesMessage(data).encode()])
        await call.send([], end=True)

    sending = asyncio.ensure_future(outward())
    try:
        while batch := await call.receive():
            # Together: one by one, many little ones would cost time by the square of their number.
            writer.write(b"".join(messages.BytesMessage.decode(data).data for data in batch))
            await writer.drain()
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
