"""BuildKit's services as bare calls: what clients other than buildx may ask."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from boxship.builder.buildkit import control, gateway, history
from boxship.wire.grpc import client
from boxship.wire.grpc.status import Code, GrpcError
from boxship.wire.http2.connection import Http2Connection
from boxship.wire.protobuf import Message

_HEAD = b"POST /grpc HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
Use = Callable[[Http2Connection], Awaitable[None]]


@pytest.fixture
def run(boxship_socket: str) -> Callable[[Use], None]:
    """Do something with a connection of its own."""

    async def main(use: Use) -> None:
        sock = socket.socket(socket.AF_UNIX)
        sock.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(sock, boxship_socket)
        await loop.sock_sendall(sock, _HEAD)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += await loop.sock_recv(sock, 1)
        connection = Http2Connection()
        await loop.connect_accepted_socket(lambda: connection, sock)
        try:
            async with asyncio.timeout(30):
                await use(connection)
        finally:
            connection.close()

    return lambda use: asyncio.run(main(use))


async def call(connection: Http2Connection, name: str, request: Message, kind: Any) -> Any:
    return await client.unary(connection, control.SERVICE + name, request, kind)


async def many(connection: Http2Connection, name: str, request: Message, kind: Any) -> list[Any]:
    """All messages of a stream."""
    stream, found = client.start(connection, control.SERVICE + name), list[bytes]()
    await stream.send([request.encode()], end=True)
    while batch := await stream.receive():
        found += batch
    return [kind.decode(one) for one in found]


def test_workers_and_versions(run: Callable[[Use], None]) -> None:
    async def use(connection: Http2Connection) -> None:
        info = await call(connection, "Info", control.Empty(), control.InfoResponse)
        assert info.version.version.startswith("v0.")
        listed = await call(connection, "ListWorkers", control.Empty(), control.ListWorkersResponse)
        (worker,) = listed.records
        assert worker.platforms[0].os == "linux" and worker.id

    run(use)


def test_what_is_not_a_dockerfile_is_refused(run: Callable[[Use], None]) -> None:
    async def use(connection: Http2Connection) -> None:
        request = control.SolveRequest(ref="r1", definition=b"\x0a\x00")
        with pytest.raises(GrpcError, match="raw definitions are not supported"):
            await call(connection, "Solve", request, control.SolveResponse)
        request = control.SolveRequest(ref="r2", frontend="other.v0", session="none")
        with pytest.raises(GrpcError, match="failed to find frontend other"):
            await call(connection, "Solve", request, control.SolveResponse)
        # Both are past builds now, with their errors.
        events = await many(
            connection,
            "ListenBuildHistory",
            history.HistoryRequest(early_exit=True),
            history.HistoryEvent,
        )
        records = [event.record for event in events if event.record.ref in ("r1", "r2")]
        errors = {record.ref: record.error.message for record in records}
        assert "raw definitions" in errors["r1"] and "other.v0" in errors["r2"]
        for ref in ("r1", "r2"):
            delete = history.UpdateHistoryRequest(ref, delete=True)
            await call(connection, "UpdateBuildHistory", delete, control.Empty)
        with pytest.raises(GrpcError, match="not found"):
            await call(connection, "UpdateBuildHistory", delete, control.Empty)

    run(use)


def test_cache_exports_that_cannot_be_are_refused(run: Callable[[Use], None]) -> None:
    async def use(connection: Http2Connection) -> None:
        cache = control.CacheOptions([control.Exporter("gha")])
        request = control.SolveRequest(ref="r3", frontend="dockerfile.v0", cache=cache)
        with pytest.raises(GrpcError, match='unknown cache exporter: "gha"'):
            await call(connection, "Solve", request, control.SolveResponse)

    run(use)


def test_a_build_that_the_client_drives(run: Callable[[Use], None]) -> None:
    async def use(connection: Http2Connection) -> None:
        request = control.SolveRequest(ref="driven", internal=True)
        solving = asyncio.ensure_future(call(connection, "Solve", request, control.SolveResponse))
        told = asyncio.ensure_future(
            many(connection, "Status", control.StatusRequest("driven"), control.StatusResponse)
        )
        with pytest.raises(GrpcError, match="no buildid found in context"):
            path = gateway.SERVICE + "Ping"
            await client.unary(connection, path, control.Empty(), gateway.PongResponse)
        mine = [("buildkit-controlapi-buildid", "driven")]
        pong = await client.unary(connection, path, control.Empty(), gateway.PongResponse, mine)
        assert "return" in [capability.id for capability in pong.frontend]
        with pytest.raises(GrpcError, match="job ID driven exists"):
            await call(connection, "Solve", request, control.SolveResponse)
        path = gateway.SERVICE + "Return"
        failed = gateway.ReturnRequest(error=GrpcError(Code.INTERNAL, "the client's own").status)
        await client.unary(connection, path, failed, control.Empty, mine)
        with pytest.raises(GrpcError, match="the client's own") as caught:
            await solving
        assert caught.value.status.code == Code.INTERNAL
        assert await told == []
        # A client that asks late still hears how it went.
        late = control.StatusRequest("driven")
        assert await many(connection, "Status", late, control.StatusResponse) == []

    run(use)


def test_usage_and_prune(run: Callable[[Use], None]) -> None:
    async def use(connection: Http2Connection) -> None:
        await many(connection, "Prune", control.PruneRequest(all=True), control.UsageRecord)
        usage = await call(
            connection, "DiskUsage", control.DiskUsageRequest(), control.DiskUsageResponse
        )
        assert usage.records == []

    run(use)
