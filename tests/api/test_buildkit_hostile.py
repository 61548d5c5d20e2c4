"""Sessions whose clients mean no good: the build fails, and nothing else happens."""

from pathlib import Path

import pytest

from boxship.builder.buildkit import packets
from boxship.builder.buildkit.packets import Packet, Stat
from boxship.wire.grpc.server import Call, Method
from boxship.wire.grpc.status import GrpcError
from support import engines
from support.api import Api
from support.buildkit_session import Raw, build, send_files
from support.waiting import eventually

DIRECTORY, LINK = 1 << 31 | 0o755, 1 << 27 | 0o777


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
    # A client is answered before its build's directory goes.
    eventually(lambda: [*(Path(engine.root) / "data" / "staging").iterdir()] == [])
    assert not [*engine.root.rglob("outside*")]
    assert api("GET", "/_ping").status == 200
