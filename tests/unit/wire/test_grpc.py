"""gRPC between our two ends, and HTTP/2 against noise."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from hpack import Decoder, Encoder
from hypothesis import given, settings
from hypothesis import strategies as st

from boxship.wire.grpc import client
from boxship.wire.grpc.server import Call, GrpcServer, Method, unary
from boxship.wire.grpc.status import Code, Detail, GrpcError
from boxship.wire.http2 import frames
from boxship.wire.http2.connection import Http2Connection
from boxship.wire.http2.frames import Kind
from boxship.wire.protobuf import Message, blob

BIG = 9 << 20


@dataclass
class Bytes(Message):
    data: bytes = blob(1)


async def echo(request: Bytes, call: Call) -> Bytes:
    return request


async def refuse(request: Bytes, call: Call) -> Bytes:
    raise GrpcError(Code.NOT_FOUND, "nöt here: 100%\n", [Detail("x/y", b"\x00\xff")])


async def count(call: Call) -> None:
    while (message := await call.receive(Bytes)) is not None:
        await call.send(Bytes(message.data * 2))


@asynccontextmanager
async def connected(methods: dict[str, Method]) -> AsyncIterator[Http2Connection]:
    loop = asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    server = GrpcServer(methods)
    await loop.connect_accepted_socket(lambda: server.connection, theirs)
    serving = asyncio.ensure_future(server.serve())
    connection = Http2Connection()
    await loop.connect_accepted_socket(lambda: connection, ours)
    try:
        yield connection
    finally:
        connection.close()
        await serving


def run(methods: dict[str, Method], use: Callable[[Http2Connection], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(30), connected(methods) as connection:
            await use(connection)

    asyncio.run(main())


@pytest.mark.parametrize("size", [0, 1, 16384, 65536, BIG])
def test_messages_of_every_size_come_back(size: int) -> None:
    async def use(connection: Http2Connection) -> None:
        data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
        for _ in range(3):
            answer = await client.unary(connection, "/a/Echo", Bytes(data), Bytes)
            assert answer.data == data

    run({"/a/Echo": unary(Bytes, echo)}, use)


def test_many_calls_at_once_and_streams_both_ways() -> None:
    async def stream(connection: Http2Connection, number: int) -> None:
        call = client.start(connection, "/a/Count", [("k", "v" * 100)])
        payload = b"%d" % number
        await call.send([Bytes(payload).encode()] * 500, end=True)
        found: list[bytes] = []
        while batch := await call.receive():
            found += batch
        assert [Bytes.decode(one).data for one in found] == [payload * 2] * 500

    async def use(connection: Http2Connection) -> None:
        await asyncio.gather(*(stream(connection, number) for number in range(50)))

    run({"/a/Count": count}, use)


def test_errors_arrive_whole() -> None:
    async def use(connection: Http2Connection) -> None:
        with pytest.raises(GrpcError) as caught:
            await client.unary(connection, "/a/Refuse", Bytes(), Bytes)
        assert caught.value.status.code == Code.NOT_FOUND
        assert caught.value.status.message == "nöt here: 100%\n"
        assert caught.value.status.details == [Detail("x/y", b"\x00\xff")]
        for path, text in (("/b/X", "unknown service b"), ("/a/X", "unknown method X")):
            with pytest.raises(GrpcError, match=text) as caught:
                await client.unary(connection, path, Bytes(), Bytes)
            assert caught.value.status.code == Code.UNIMPLEMENTED

    run({"/a/Refuse": unary(Bytes, refuse)}, use)


@pytest.mark.parametrize("end", [False, True])
def test_a_cancelled_call_ends_its_method(end: bool) -> None:
    """Whether or not all has been said that there was to say: a request of one message has been."""
    started, ended = asyncio.Event(), asyncio.Event()

    async def forever(call: Call) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def use(connection: Http2Connection) -> None:
        call = client.start(connection, "/a/Forever")
        await call.send([b""], end=end)
        await started.wait()
        call.close()
        await ended.wait()

    run({"/a/Forever": forever}, use)


def test_a_call_that_is_left_ends_by_itself() -> None:
    gate, ended = asyncio.Event(), asyncio.Event()

    async def talk(call: Call) -> None:
        while await call.receive(Bytes) is not None:
            await call.send(Bytes(b"heard"))
        await gate.wait()
        await call.send(Bytes(b"more"))
        ended.set()

    async def use(connection: Http2Connection) -> None:
        call = client.start(connection, "/a/Talk")
        await call.send([Bytes(b"1").encode()], end=True)
        assert await call.receive() == [Bytes(b"heard").encode()]
        call.leave()
        call.close()
        gate.set()
        await ended.wait()
        assert (await client.unary(connection, "/a/Echo", Bytes(b"2"), Bytes)).data == b"2"

    run({"/a/Talk": talk, "/a/Echo": unary(Bytes, echo)}, use)


def test_a_lost_connection_ends_calls_of_both_sides() -> None:
    async def forever(call: Call) -> None:
        await asyncio.Event().wait()

    async def use(connection: Http2Connection) -> None:
        calling = asyncio.ensure_future(client.unary(connection, "/a/F", Bytes(), Bytes))
        await asyncio.sleep(0)
        connection.close()
        with pytest.raises(GrpcError) as caught:
            await calling
        assert caught.value.status.code == Code.UNAVAILABLE
        with pytest.raises(GrpcError):
            client.start(connection, "/a/F")

    run({"/a/F": forever}, use)


def test_long_headers_go_in_several_frames() -> None:
    block = Encoder().encode([("name", "v" * 50_000)])
    data = frames.header_frames(1, block, end=True)
    kinds, pieces, at = [], b"", 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 3], "big")
        assert size <= frames.MAX_FRAME
        kinds.append(data[at + 3])
        pieces += data[at + 9 : at + 9 + size]
        at += 9 + size
    assert kinds == [Kind.HEADERS] + [Kind.CONTINUATION] * (len(kinds) - 1)
    assert Decoder(max_header_list_size=1 << 20).decode(pieces) == [("name", "v" * 50_000)]


def test_long_errors_are_told_in_short() -> None:
    async def fail(request: Bytes, call: Call) -> Bytes:
        raise GrpcError(Code.UNKNOWN, "x" * 2_000_000)

    async def use(connection: Http2Connection) -> None:
        with pytest.raises(GrpcError) as caught:
            await client.unary(connection, "/a/F", Bytes(), Bytes)
        assert set(str(caught.value)) == {"x"} and len(str(caught.value)) < 100_000

    run({"/a/F": unary(Bytes, fail)}, use)


async def _answer_to(data: bytes) -> bytes:
    """What the server says until it hangs up, or has nothing to say."""
    loop = asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    server = GrpcServer({"/a/Echo": unary(Bytes, echo)})
    await loop.connect_accepted_socket(lambda: server.connection, theirs)
    serving = asyncio.ensure_future(server.serve())
    await loop.sock_sendall(ours, data)
    ours.shutdown(socket.SHUT_WR)
    found = b""
    while piece := await loop.sock_recv(ours, 65536):
        found += piece
    ours.close()
    await serving
    return found


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_noise_ends_the_connection_and_nothing_else(data: bytes, with_preface: bool) -> None:
    prefix = frames.PREFACE + frames.settings({}) if with_preface else b""
    assert asyncio.run(_answer_to(prefix + data))


@pytest.mark.parametrize(
    "data",
    [
        frames.frame(Kind.CONTINUATION, 4, 1, b""),
        frames.frame(Kind.HEADERS, 0, 1, b"") + frames.frame(Kind.PING, 0, 0, bytes(8)),
        frames.frame(Kind.HEADERS, 4, 1, b"\xff\xff\xff\xff\xff\xff"),
        frames.frame(Kind.HEADERS, 4, 2, Encoder().encode([("a", "b")])),
        frames.frame(Kind.SETTINGS, 0, 0, b"123"),
        frames.frame(Kind.WINDOW_UPDATE, 0, 0, b"12"),
        b"\xff\xff\xff" + bytes(6),
    ],
)
def test_broken_frames_are_answered_with_goodbye(data: bytes) -> None:
    answer = asyncio.run(_answer_to(frames.PREFACE + frames.settings({}) + data))
    kinds, at = [], 0
    while at < len(answer):
        kinds.append(answer[at + 3])
        at += 9 + int.from_bytes(answer[at : at + 3], "big")
    assert kinds[-1] == Kind.GOAWAY


def test_a_message_that_is_too_long_is_not_waited_for() -> None:
    header = Encoder().encode([(":path", "/a/Echo"), (":method", "POST")])
    data = frames.PREFACE + frames.settings({}) + frames.header_frames(1, header, end=False)
    data += frames.frame(Kind.DATA, 0, 1, b"\0\x02\0\0\0")
    answer = asyncio.run(_answer_to(data))
    assert frames.goaway(1, frames.Code.PROTOCOL_ERROR) in answer
