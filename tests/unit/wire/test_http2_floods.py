"""Peers that flood a connection: what waits for them, and what is kept of them, is bounded."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hpack import Decoder, Encoder

from boxship.wire.grpc.server import Call, GrpcServer, Method
from boxship.wire.http2 import frames
from boxship.wire.http2.frames import Code, Kind, Setting
from boxship.wire.protobuf import Message

_START = frames.PREFACE + frames.settings({})
_READING, _SLEEPING, _UNKNOWN = "/a/Read", "/a/Sleep", "/a/Unknown"


async def read_all(call: Call) -> None:
    while await call.receive(Message) is not None:
        pass


async def sleep(call: Call) -> None:
    await asyncio.Event().wait()


class Listed(socket.socket):
    """Keeps what is sent, call by call."""

    def __init__(self, fileno: int) -> None:
        super().__init__(fileno=fileno)
        self.sent: list[bytes] = []

    def send(self, data: Any, flags: int = 0, /) -> int:
        self.sent.append(bytes(data))
        return super().send(data, flags)


class Server:
    """One connection to a server, as bytes."""

    def __init__(self) -> None:
        self.encoder = Encoder()
        self.methods: dict[str, Method] = {_READING: read_all, _SLEEPING: sleep}
        self.server = GrpcServer(self.methods)
        self.ours, theirs = socket.socketpair()
        self.theirs = Listed(theirs.detach())
        self.ours.setblocking(False)

    def call(self, number: int, path: str, end: bool = False) -> bytes:
        block = self.encoder.encode([(":path", path), (":method", "POST")], huffman=False)
        return frames.header_frames(number, block, end=end)

    async def send(self, data: bytes) -> None:
        """As far as the server takes it; an end of the connection is no error."""
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().sock_sendall(self.ours, data)

    async def answer(self) -> bytes:
        """Everything that it says until it hangs up."""
        found = b""
        with contextlib.suppress(OSError):
            while piece := await asyncio.get_running_loop().sock_recv(self.ours, 1 << 20):
                found += piece
        return found


def run(use: Callable[[Server], Awaitable[None]]) -> None:
    async def main() -> None:
        server = Server()
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(lambda: server.server.connection, server.theirs)
        serving = asyncio.ensure_future(server.server.serve())
        try:
            async with asyncio.timeout(60):
                await server.send(_START)
                await use(server)
        finally:
            server.ours.close()
            server.server.connection.close()
            await serving

    asyncio.run(main())


def _ends_with(answer: bytes, code: Code) -> bool:
    return frames.goaway(0, code)[-4:] == answer[-4:] and answer[-14] == Kind.GOAWAY


def test_who_asks_and_does_not_read_is_left() -> None:
    """Answers wait in memory: not without bound, and not as thousands of pieces."""

    async def use(server: Server) -> None:
        connection = server.server.connection
        unknown = "/a/" + "x" * 12_000
        for number in range(1, 4000, 2):
            await server.send(server.call(number, unknown, end=True))
            await asyncio.sleep(0)
            if connection.closed.done():
                return
            assert connection._transport.get_write_buffer_size() < 1 << 20
        pytest.fail("everything was answered")

    run(use)


def test_pings_without_end_are_not_answered_without_end() -> None:
    async def use(server: Server) -> None:
        connection = server.server.connection
        pings = frames.frame(Kind.PING, 0, 0, bytes(8)) * 40_000
        while not connection.closed.done():
            await server.send(pings)
            assert len(connection._unsent) < 8 << 20

    run(use)


def test_calls_that_are_cancelled_do_not_pile_up() -> None:
    """Even when what they do takes a moment to end (CVE-2023-44487)."""
    go_on, started = asyncio.Event(), asyncio.Semaphore(0)

    async def stubborn(call: Call) -> None:
        started.release()
        try:
            await sleep(call)
        except asyncio.CancelledError:
            await go_on.wait()

    async def use(server: Server) -> None:
        server.methods[_SLEEPING] = stubborn
        calm = frames.reset(1, Code.ENHANCE_YOUR_CALM)[-4:]
        for number in range(1, 1024, 2):
            await server.send(server.call(number, _SLEEPING))
            await started.acquire()
            await server.send(frames.reset(number, Code.CANCEL))
        await server.send(server.call(1025, _SLEEPING))
        assert await _until(server, Kind.RST_STREAM) == calm
        go_on.set()

    run(use)


def test_a_message_in_very_small_pieces_is_put_together() -> None:
    async def use(server: Server) -> None:
        message = b"\0" + (5000).to_bytes(4, "big") + b"\x7a\x85\x27" + bytes(4997)
        await server.send(server.call(1, _READING))
        for at in range(len(message)):
            await server.send(frames.frame(Kind.DATA, 0, 1, message[at : at + 1]))
        await server.send(frames.frame(Kind.DATA, frames.END_STREAM, 1))
        status = Decoder().decode(await _until(server, Kind.HEADERS))
        assert ("grpc-status", "0") in status

    run(use)


async def _until(server: Server, kind: Kind) -> bytes:
    """Payload of the first frame of *kind*."""
    buffer = b""
    while True:
        while len(buffer) >= 9:
            end = 9 + int.from_bytes(buffer[:3], "big")
            if len(buffer) < end:
                break
            if buffer[3] == kind:
                return buffer[9:end]
            buffer = buffer[end:]
        buffer += await asyncio.get_running_loop().sock_recv(server.ours, 1 << 20)


def test_long_messages_on_many_streams_are_not_all_kept() -> None:
    async def use(server: Server) -> None:
        head = b"\0" + (16 << 20).to_bytes(4, "big")
        for number in range(1, 40, 2):
            await server.send(server.call(number, _SLEEPING))
            await server.send(frames.frame(Kind.DATA, 0, number, head))
        piece = bytes(frames.MAX_FRAME)
        reading = asyncio.ensure_future(server.answer())
        for _ in range(700):
            for number in range(1, 40, 2):
                await server.send(frames.frame(Kind.DATA, 0, number, piece))
            if server.server.connection.closed.done():
                break
        assert _ends_with(await reading, Code.ENHANCE_YOUR_CALM)

    run(use)


def test_data_that_nobody_reads_does_not_use_the_connection_up() -> None:
    """A call that has been answered is over, whatever its client goes on to send."""

    async def use(server: Server) -> None:
        reading = asyncio.ensure_future(server.answer())
        message = b"\0" + (16_000).to_bytes(4, "big") + bytes(16_000)
        for number in range(1, 2401, 2):
            await server.send(server.call(number, _UNKNOWN))
            await server.send(frames.frame(Kind.DATA, 0, number, message))
        await server.send(server.call(2401, _SLEEPING))
        await server.send(frames.frame(Kind.PING, 0, 0, b"the last"))
        server.ours.shutdown(socket.SHUT_WR)
        answer = await reading
        assert b"the last" in answer
        assert frames.window_update(0, 1)[:9] in answer

    run(use)


def test_small_messages_are_not_answered_one_by_one() -> None:
    """Each answer would wake a peer that has nothing to do with it."""

    async def use(server: Server) -> None:
        message = b"\0" + (1000).to_bytes(4, "big") + bytes(1000)
        await server.send(server.call(1, _READING))
        for _ in range(frames.STREAM_WINDOW // len(message)):
            await server.send(frames.frame(Kind.DATA, 0, 1, message))
            await asyncio.sleep(0)
        await server.send(frames.frame(Kind.PING, 0, 0, b"the last"))
        server.ours.shutdown(socket.SHUT_WR)
        answer = await server.answer()
        assert b"the last" in answer
        assert 1 <= answer.count(frames.window_update(1, 0)[:9]) <= 4

    run(use)


def test_an_answer_is_one_piece() -> None:
    async def use(server: Server) -> None:
        async def answer(call: Call) -> None:
            await call.send(Message())

        server.methods["/a/Answer"] = answer
        await server.send(server.call(1, "/a/Answer", end=True))
        head, trailers = (b"\x01" + bytes([flags, 0, 0, 0, 1]) for flags in (4, 5))
        found = b""
        while trailers not in found:
            found += await asyncio.get_running_loop().sock_recv(server.ours, 1 << 20)
        assert [head in piece for piece in server.theirs.sent if trailers in piece] == [True]

    run(use)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frames.window_update(0, 0x7FFFFFFF), Code.FLOW_CONTROL_ERROR),
        (frames.settings({Setting.INITIAL_WINDOW_SIZE: 1 << 31}), Code.FLOW_CONTROL_ERROR),
        (frames.frame(Kind.HEADERS, 0, 1, b"x" * 16384)
         + frames.frame(Kind.CONTINUATION, 0, 1, b"x" * 16384) * 20, Code.ENHANCE_YOUR_CALM),
    ],
)  # fmt: skip
def test_what_breaks_the_rules_ends_the_connection(data: bytes, code: Code) -> None:
    async def use(server: Server) -> None:
        await server.send(data)
        assert _ends_with(await server.answer(), code)

    run(use)


def test_a_stream_has_no_headers_without_end() -> None:
    async def use(server: Server) -> None:
        await server.send(server.call(1, _READING) + server.call(1, _READING))
        assert _ends_with(await server.answer(), Code.PROTOCOL_ERROR)

    run(use)


def test_more_than_the_connections_window_is_not_taken() -> None:
    async def use(server: Server) -> None:
        reading = asyncio.ensure_future(server.answer())
        piece = b"\0" + (16_000).to_bytes(4, "big") + bytes(16_000)
        for number in range(1, 40, 2):
            await server.send(server.call(number, _SLEEPING))
            for _ in range(frames.STREAM_WINDOW // len(piece) - 1):
                await server.send(frames.frame(Kind.DATA, 0, number, piece))
        assert _ends_with(await reading, Code.FLOW_CONTROL_ERROR)

    run(use)


def test_settings_that_change_nothing_cost_nothing() -> None:
    async def use(server: Server) -> None:
        for number in range(1, 2 * frames.MAX_STREAMS, 2):
            await server.send(server.call(number, _SLEEPING))
        frame = frames.frame(Kind.SETTINGS, 0, 0, b"\0\4\0\0\0\1" * 2730)
        reading = asyncio.ensure_future(server.answer())
        for _ in range(200):
            await server.send(frame)
        server.ours.shutdown(socket.SHUT_WR)
        assert (await reading).count(frames.frame(Kind.SETTINGS, frames.ACK, 0)) >= 200

    run(use)
