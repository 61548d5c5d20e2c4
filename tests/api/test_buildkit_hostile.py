"""Sessions whose clients mean no good: the build fails, and nothing else happens."""

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from boxship.builder.buildkit import control, packets
from boxship.builder.buildkit import session as messages
from boxship.builder.buildkit.packets import Packet, Stat
from boxship.wire.grpc import client
from boxship.wire.grpc.server import Call, GrpcServer, Method
from boxship.wire.grpc.status import GrpcError
from boxship.wire.http2.connection import Http2Connection
from boxship.wire.protobuf import Message, blob
from support import engines
from support.api import Api

DOCKERFILE = b"FROM busybox\nCOPY . /c\n"
DIRECTORY, LINK = 1 << 31 | 0o755, 1 << 27 | 0o777


class Raw(Message):
    """A message whose bytes are the packet's, whatever they are."""

    data: bytes = blob(1)

    def __init__(self, data: bytes = b"") -> None:
        self.data = data

    def encode(self) -> bytes:
        return self.data

    @classmethod
    def decode(cls, data: bytes) -> "Raw":
        return cls(data)


async def send_files(call: Call, files: dict[str, bytes]) -> None:
    """As a good client does."""
    names = [*files]
    for name in names:
        await call.send(Packet(packets.STAT, Stat(name, 0o644, size=len(files[name]))))
    await call.send(Packet(packets.STAT))
    while (packet := await call.receive(Packet)) is not None:
        if packet.type == packets.REQUEST:
            await call.send(Raw(packets.content(packet.id, files[names[packet.id]])))
            await call.send(Raw(packets.content(packet.id, b"")))
        elif packet.type == packets.FINISH:
            await call.send(Packet(packets.FINISH))
            return


async def hijacked(path: str, target: str, headers: dict[str, str]) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(sock, path)
    lines = [f"POST {target} HTTP/1.1", "Host: x", "Connection: Upgrade", "Upgrade: h2c"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    await loop.sock_sendall(sock, "\r\n".join([*lines, "", ""]).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += await loop.sock_recv(sock, 1)
    assert head.startswith(b"HTTP/1.1 101 ")
    return sock


@contextlib.asynccontextmanager
async def session(path: str, sync: Method) -> AsyncIterator[str]:
    """The name of a session that answers file-sync calls by *sync*."""
    name = secrets.token_hex(8)
    headers = {
        "X-Docker-Expose-Session-Uuid": name,
        "X-Docker-Expose-Session-Sharedkey": "hostile",
        "X-Docker-Expose-Session-Grpc-Method": messages.SYNC,
    }
    sock = await hijacked(path, "/session", headers)
    server = GrpcServer({messages.SYNC: sync})
    await asyncio.get_running_loop().connect_accepted_socket(lambda: server.connection, sock)
    serving = asyncio.ensure_future(server.serve())
    try:
        yield name
    finally:
        server.connection.close()
        await serving


async def solve(path: str, name: str, **attrs: str) -> control.SolveResponse:
    sock = await hijacked(path, "/grpc", {})
    connection = Http2Connection()
    await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, sock)
    ref = secrets.token_hex(8)
    request = control.SolveRequest(
        ref=ref, session=name, frontend="dockerfile.v0", frontend_attrs=attrs, internal=True
    )
    try:
        async with asyncio.timeout(30):
            return await client.unary(
                connection, control.SERVICE + "Solve", request, control.SolveResponse
            )
    finally:
        connection.close()


def build(path: str, context: Method, **attrs: str) -> None:
    """A build whose context comes from *context*."""

    async def sync(call: Call) -> None:
        if call.metadata["dir-name"] == "dockerfile":
            await send_files(call, {"Dockerfile": DOCKERFILE})
        elif call.metadata.get("followpaths") == ".dockerignore":
            await send_files(call, {})
        else:
            await context(call)

    async def main() -> None:
        async with session(path, sync) as name:
            await solve(path, name, **attrs)

    asyncio.run(main())


def sending(*parts: bytes) -> Method:
    """A client that sends *parts*, whatever it is asked for."""

    async def context(call: Call) -> None:
        for part in parts:
            await call.send(Raw(part))
        while await call.receive(Raw) is not None:
            pass

    return context


def stat(path: str, mode: int = 0o644, link: str = "") -> bytes:
    return Packet(packets.STAT, Stat(path, mode, size=4, link=link)).encode()


@pytest.mark.parametrize(
    "parts",
    [
        [stat("../../../outside"), packets.content(0, b"evil"), packets.content(0, b"")],
        [stat("l", LINK, "/"), stat("l/outside"), packets.content(1, b"evil")],
        [stat("/outside")],
        [stat("a", link="../../../../boxship.db"), packets.END_OF_STATS],
        [packets.content(3, b"x")],
        [b"\xff\xff\xff\xff"],
        [Packet(packets.ERROR, data=b"the client gave up").encode()],
    ],
)
def test_a_context_that_lies(boxship_daemon: engines.Engine, api: Api, parts: list[bytes]) -> None:
    with pytest.raises(GrpcError, match="failed to receive context"):
        build(str(boxship_daemon.socket), sending(*parts))
    _nothing_happened(boxship_daemon, api)


def test_a_client_that_hangs_up(boxship_daemon: engines.Engine, api: Api) -> None:
    async def leave(call: Call) -> None:
        await call.send(Raw(stat("a")))
        raise GrpcError(5, "gone")

    with pytest.raises(GrpcError, match="gone"):
        build(str(boxship_daemon.socket), leave)

    async def end(call: Call) -> None:
        await call.send(Raw(stat("a")))

    with pytest.raises(GrpcError, match=r"ended the (transfer of context|call) early"):
        build(str(boxship_daemon.socket), end)
    _nothing_happened(boxship_daemon, api)


def test_names_that_look_like_paths(boxship_daemon: engines.Engine, api: Api) -> None:
    async def context(call: Call) -> None:
        await send_files(call, {"a": b"1"})

    build(str(boxship_daemon.socket), context, contextkey="x/../../../../outside")
    with pytest.raises(GrpcError, match="no such file"):
        build(str(boxship_daemon.socket), context, filename="../../../boxship.db")
    _nothing_happened(boxship_daemon, api)


def test_files_that_the_context_had_before_are_not_another_clients(
    boxship_daemon: engines.Engine,
) -> None:
    """What is kept belongs to whoever sent it: another size or time is asked for again."""
    asked: list[int] = []

    def context(content: bytes) -> Method:
        async def sync(call: Call) -> None:
            before = len(asked)
            await call.send(Packet(packets.STAT, Stat("a", 0o644, size=len(content), modified=9)))
            await call.send(Packet(packets.STAT))
            while (packet := await call.receive(Packet)) is not None:
                if packet.type == packets.REQUEST:
                    asked.append(packet.id)
                    await call.send(Raw(packets.content(packet.id, content)))
                    await call.send(Raw(packets.content(packet.id, b"")))
                elif packet.type == packets.FINISH:
                    await call.send(Packet(packets.FINISH))
                    assert len(asked) - before <= 1
                    return

        return sync

    path = str(boxship_daemon.socket)
    build(path, context(b"first"))
    build(path, context(b"first"))
    assert asked == [0]
    build(path, context(b"second"))
    assert asked == [0, 0]


def _nothing_happened(engine: engines.Engine, api: Api) -> None:
    assert not [*engine.root.rglob("outside*")]
    assert not [*(Path(engine.root) / "data" / "staging").iterdir()]
    assert api("GET", "/_ping").status == 200
