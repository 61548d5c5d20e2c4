"""A client of BuildKit's protocol that says what a test wants it to say."""

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from types import MappingProxyType

from boxship.builder.buildkit import control, packets
from boxship.builder.buildkit import session as messages
from boxship.builder.buildkit.packets import Packet, Stat
from boxship.wire.grpc import client
from boxship.wire.grpc.server import Call, GrpcServer, Method
from boxship.wire.http2.connection import Http2Connection
from boxship.wire.protobuf import Message, blob

DOCKERFILE = b"FROM busybox\nCOPY . /c\n"
STORE = control.Exporter("moby")


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


async def hijacked(path: str, target: str, headers: Sequence[tuple[str, str]]) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(sock, path)
    lines = [f"POST {target} HTTP/1.1", "Host: x", "Connection: Upgrade", "Upgrade: h2c"]
    lines += [f"{name}: {value}" for name, value in headers]
    await loop.sock_sendall(sock, "\r\n".join([*lines, "", ""]).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += await loop.sock_recv(sock, 1)
    assert head.startswith(b"HTTP/1.1 101 ")
    return sock


@contextlib.asynccontextmanager
async def session(
    path: str,
    sync: Method,
    more: Mapping[str, Method] = MappingProxyType({}),
    key: str = "hostile",
    announced: bool = True,
) -> AsyncIterator[str]:
    """The name of a session that answers file-sync calls by *sync*, and calls of other paths by
    *more*; *key* says which directory it is of. The session opens without a word of its methods
    unless they are *announced*."""
    name = secrets.token_hex(8)
    methods = {messages.SYNC: sync, **more}
    headers = [
        ("X-Docker-Expose-Session-Uuid", name),
        ("X-Docker-Expose-Session-Sharedkey", key),
        *(("X-Docker-Expose-Session-Grpc-Method", method) for method in methods if announced),
    ]
    sock = await hijacked(path, "/session", headers)
    server = GrpcServer(methods)
    await asyncio.get_running_loop().connect_accepted_socket(lambda: server.connection, sock)
    serving = asyncio.ensure_future(server.serve())
    try:
        yield name
    finally:
        server.connection.close()
        await serving


@contextlib.asynccontextmanager
async def natively_connected(path: str) -> AsyncIterator[Http2Connection]:
    """To the same service, by HTTP/2 from the first byte."""
    connection = Http2Connection()
    await asyncio.get_running_loop().create_unix_connection(lambda: connection, path)
    try:
        yield connection
    finally:
        connection.close()


@contextlib.asynccontextmanager
async def called_session(
    connection: Http2Connection, methods: Mapping[str, Method]
) -> AsyncIterator[str]:
    """The name of a session inside a call on *connection*, whose client has *methods*."""
    name = secrets.token_hex(8)
    headers = [("x-docker-expose-session-uuid", name), ("x-docker-expose-session-sharedkey", "k")]
    headers += [("x-docker-expose-session-grpc-method", method) for method in methods]
    call = client.start(connection, f"{control.SERVICE}Session", headers)
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_unix_connection(sock=ours)
    server = GrpcServer(methods)
    theirs.setblocking(False)
    await asyncio.get_running_loop().connect_accepted_socket(lambda: server.connection, theirs)

    async def outward() -> None:
        with contextlib.suppress(ConnectionResetError):
            while data := await reader.read(1 << 14):
                await call.send([messages.BytesMessage(data).encode()])
        await call.send([], end=True)

    async def inward() -> None:
        while batch := await call.receive():
            writer.write(b"".join(messages.BytesMessage.decode(data).data for data in batch))
        writer.write_eof()

    tasks = [asyncio.ensure_future(work) for work in (server.serve(), outward(), inward())]
    try:
        yield name
    finally:
        server.connection.close()
        await asyncio.gather(*tasks, return_exceptions=True)
        writer.close()


@contextlib.asynccontextmanager
async def connected(path: str) -> AsyncIterator[Http2Connection]:
    """To the service that builds."""
    sock = await hijacked(path, "/grpc", ())
    connection = Http2Connection()
    await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, sock)
    try:
        yield connection
    finally:
        connection.close()


def solve_request(
    name: str, exporter: control.Exporter = STORE, **attrs: str
) -> control.SolveRequest:
    """For a build whose client has the session *name*."""
    ref = secrets.token_hex(8)
    return control.SolveRequest(
        ref=ref,
        exporters=[exporter],
        session=name,
        frontend="dockerfile.v0",
        frontend_attrs=attrs,
        internal=True,
    )


async def solve(
    path: str, name: str, exporter: control.Exporter = STORE, **attrs: str
) -> control.SolveResponse:
    request = solve_request(name, exporter, **attrs)
    async with connected(path) as connection, asyncio.timeout(30):
        return await client.unary(
            connection, control.SERVICE + "Solve", request, control.SolveResponse
        )


async def no_credentials(call: Call) -> None:
    """As a client answers that has none for any registry."""
    await call.receive(messages.CredentialsRequest)
    await call.send(messages.CredentialsResponse())


def build(
    path: str,
    context: Method,
    dockerfile: bytes = DOCKERFILE,
    exporter: control.Exporter = STORE,
    credentials: Method = no_credentials,
    **attrs: str,
) -> dict[str, str]:
    """Build *dockerfile*, whose context comes from *context*, for *exporter*. Return what the
    engine tells of the result. GrpcError."""

    async def sync(call: Call) -> None:
        if call.metadata["dir-name"] == "dockerfile":
            await send_files(call, {"Dockerfile": dockerfile})
        elif call.metadata.get("followpaths") == ".dockerignore":
            await send_files(call, {})
        else:
            await context(call)

    async def main() -> dict[str, str]:
        async with session(path, sync, {messages.CREDENTIALS: credentials}) as name:
            answer = await solve(path, name, exporter, **attrs)
        return answer.exporter_response

    return asyncio.run(main())
