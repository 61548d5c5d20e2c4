"""``Control.Session``: a session inside a call, for clients that have one connection for everything
(BuildKit, ``session/grpchijack``)."""

import asyncio
import socket

from boxship.builder.buildkit import control
from boxship.builder.buildkit.session import BytesMessage
from boxship.engine.buildkit.sessions import PREFIX, Sessions
from boxship.wire.grpc.server import Call
from boxship.wire.peer import Peer

SESSION = f"{control.SERVICE}Session"
_PIECE = 32 << 10


async def serve_session(sessions: Sessions, peer: Peer, call: Call) -> None:
    """Keep the session that the messages of *call* carry until either side ends it."""
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_unix_connection(sock=ours)
    session = asyncio.ensure_future(sessions.serve_socket(peer, call.values(PREFIX), theirs))
    inward = asyncio.ensure_future(_inward(call, writer))
    outward = asyncio.ensure_future(_outward(call, reader))
    tasks = (session, inward, outward)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if session.done():
            session.result()
    finally:
        writer.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _inward(call: Call, writer: asyncio.StreamWriter) -> None:
    while (message := await call.receive(BytesMessage)) is not None:
        writer.write(message.data)
        await writer.drain()


async def _outward(call: Call, reader: asyncio.StreamReader) -> None:
    call.start()
    while data := await reader.read(_PIECE):
        await call.send(BytesMessage(data))
