"""Builds of our own command line on this machine: one connection for all of it.

After the upgrade either side sends lines of JSON. The daemon begins with ``{"ready": true}``, upon
which the client sends its descriptors, a byte of data with each message of them (unix(7),
SCM_RIGHTS). Then ``{"status": …}`` tells of the build, ``{"ask": …}`` wants the client's next line
as an answer, and ``{"result": …}``, ``{"answer": …}`` or ``{"error": …}`` is the last.
"""

import array
import asyncio
import contextlib
import os
import secrets
import socket
from typing import Any

import msgspec

from boxship.base.errors import BoxshipError
from boxship.builder.buildkit.control import CacheOptions, Exporter, SolveRequest, merged
from boxship.builder.buildkit.failure import BuildFailure
from boxship.builder.buildkit.status_json import status_json
from boxship.engine.buildkit.builds import Builds
from boxship.engine.buildkit.control import Control
from boxship.engine.buildkit.handed_over import HandedOver, Handover, find_directories
from boxship.engine.buildkit.sessions import Sessions
from boxship.wire.grpc.status import GrpcError
from boxship.wire.hijack import HijackedConnection
from boxship.wire.jsonlines import json_line

_FRONT_END = "dockerfile.v0"
_MOST = 64  # descriptors of one build
_PATIENCE = 10.0
_LINE = 1 << 20


class LocalBuilds:
    def __init__(self, sessions: Sessions, builds: Builds, control: Control) -> None:
        self._sessions = sessions
        self._builds = builds
        self._control = control
        self._running: set[asyncio.Task[None]] = set()

    async def serve(self, hijacked: HijackedConnection, given: Handover) -> None:
        """Build what *given* asks for, until that is done or the client has left."""
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        sock, received = hijacked.detach_socket()
        sock.setblocking(False)
        descriptors: list[int] = []
        try:
            if not received and 0 <= given.descriptors <= _MOST:
                await _receive(sock, given.descriptors, descriptors)
                peer = hijacked.peer
                user = (peer.uid or 0, peer.gid or 0)
                await self._converse(sock, given, descriptors, user)
        except (OSError, TimeoutError):
            pass  # the client is gone, or does not keep to the rules
        finally:
            self._running.discard(task)
            for fd in descriptors:
                os.close(fd)
            sock.close()

    async def close(self) -> None:
        """End every build."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _converse(
        self, sock: socket.socket, given: Handover, descriptors: list[int], user: tuple[int, int]
    ) -> None:
        reader, writer = await asyncio.open_unix_connection(sock=sock, limit=_LINE)
        conversation = _Conversation(reader, writer)
        build = asyncio.ensure_future(self._build(conversation, given, descriptors, user))
        leaving = asyncio.ensure_future(conversation.listen())
        try:
            await asyncio.wait((build, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (build, leaving):
                task.cancel()
            await asyncio.gather(build, leaving, return_exceptions=True)
            writer.close()

    async def _build(
        self,
        conversation: "_Conversation",
        given: Handover,
        descriptors: list[int],
        user: tuple[int, int],
    ) -> None:
        name = secrets.token_hex(16)
        try:
            places = await find_directories(given, descriptors)
            client = HandedOver(given, descriptors, places, conversation.ask, user)
            with self._sessions.introduced(name, client):
                last = await self._solve(conversation, _request(name, given))
        except BuildFailure as error:
            message, shown = error.status.message, error.explained
            last = {"error": {"message": message, "explained": shown, "code": error.code}}
        except (BoxshipError, GrpcError) as error:
            text = error.status.message if isinstance(error, GrpcError) else str(error)
            last = _failed(text)
        except OSError as error:
            # Of the client's files, or a full disk.
            last = _failed((error.strerror or str(error)).lower())
        await conversation.say(last)

    async def _solve(self, conversation: "_Conversation", request: SolveRequest) -> dict[str, Any]:
        work = asyncio.ensure_future(self._work(request))
        try:
            feed = await self._builds.feed(request.ref)
            async for news in feed.listen():
                await conversation.say(*({"status": status_json(told)} for told in merged(news)))
            return await work
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def _work(self, request: SolveRequest) -> dict[str, Any]:
        if not request.frontend_attrs.get("requestid"):
            return {"result": await self._control.solve(request)}
        with self._builds.opened(request) as build:
            told = await self._builds.answer(build, request.asked)
        return {"answer": {name: data.decode("utf-8", "replace") for name, data in told.items()}}


class _Conversation:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._asking = asyncio.Lock()
        self._answer: asyncio.Future[dict[str, str]] | None = None

    async def say(self, *documents: dict[str, Any]) -> None:
        self._writer.write(b"".join(map(json_line, documents)))
        await self._writer.drain()

    async def ask(self, question: dict[str, str]) -> dict[str, str]:
        """The client's answer, empty when it has none."""
        async with self._asking:
            self._answer = asyncio.get_running_loop().create_future()
            await self.say({"ask": question})
            return await self._answer

    async def listen(self) -> None:
        """Take answers until the client has left."""
        while line := await self._next():
            try:
                answer = msgspec.json.decode(line, type=dict[str, str])
            except (ValueError, RecursionError):
                return
            if self._answer is None or self._answer.done():
                return
            self._answer.set_result(answer)

    async def _next(self) -> bytes:
        try:
            return await self._reader.readline()
        except (OSError, ValueError):
            return b""


def _failed(text: str) -> dict[str, Any]:
    return {"error": {"message": text, "explained": text, "code": 1}}


def _request(name: str, given: Handover) -> SolveRequest:
    exports = [Exporter(each.type, each.attrs) for each in given.cache_exports]
    return SolveRequest(
        ref=name,
        session=name,
        frontend=_FRONT_END,
        frontend_attrs=given.attributes,
        exporters=[Exporter(each.type, each.attrs) for each in given.exporters],
        cache=CacheOptions(exports=exports) if exports else None,
    )


async def _receive(sock: socket.socket, count: int, into: list[int]) -> None:
    """Take *count* descriptors, which the caller closes. OSError, TimeoutError."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(sock, json_line({"ready": True}))
    async with asyncio.timeout(_PATIENCE):
        while len(into) < count:
            await _readable(sock)
            with contextlib.suppress(BlockingIOError):
                data, ancillary, _, _ = sock.recvmsg(
                    1, socket.CMSG_SPACE(4 * _MOST), socket.MSG_CMSG_CLOEXEC
                )
                for level, kind, block in ancillary:
                    if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                        found = array.array("i")
                        found.frombytes(block[: len(block) - len(block) % found.itemsize])
                        into.extend(found)
                if not data:
                    raise ConnectionError("the client has left")


async def _readable(sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def mark() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(sock, mark)
    try:
        await ready
    finally:
        loop.remove_reader(sock)
