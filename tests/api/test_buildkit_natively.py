"""gRPC on the engine's socket without an upgrade, as Engine 29 serves it."""

import asyncio
import socket
import subprocess

import pytest

from boxship.builder.buildkit import control
from boxship.builder.buildkit import session as messages
from boxship.wire.grpc import client
from boxship.wire.grpc.server import Call
from boxship.wire.grpc.status import Code, GrpcError
from boxship.wire.http2.frames import PREFACE
from support.api import Api
from support.buildkit_session import (
    called_session,
    natively_connected,
    send_files,
    solve_request,
)
from support.engines import Engine
from support.requirements import require_tool


async def _sync(call: Call) -> None:
    is_definition = call.metadata["dir-name"] == "dockerfile"
    files = {"Dockerfile": b"FROM busybox\nCOPY a /a\n"} if is_definition else {"a": b"natively"}
    await send_files(call, {} if call.metadata.get("followpaths") == ".dockerignore" else files)


def test_a_build_needs_one_connection_for_its_calls_and_its_session(
    boxship_daemon: Engine,
) -> None:
    async def main() -> str:
        path = str(boxship_daemon.socket)
        async with (
            asyncio.timeout(30),
            natively_connected(path) as connection,
            called_session(connection, {messages.SYNC: _sync}) as name,
        ):
            answer = await client.unary(
                connection,
                f"{control.SERVICE}Solve",
                solve_request(name, control.Exporter("moby", {"name": "natively"})),
                control.SolveResponse,
            )
        return answer.exporter_response["containerimage.config.digest"]

    image = asyncio.run(main())
    shown = boxship_daemon.docker("run", "--rm", image, "cat", "/a")
    assert shown.stdout == "natively"
    boxship_daemon.docker("rmi", "-f", "natively")


def test_a_session_has_its_name_alone(boxship_daemon: Engine) -> None:
    async def main() -> None:
        async with (
            natively_connected(str(boxship_daemon.socket)) as connection,
            called_session(connection, {messages.SYNC: _sync}) as name,
        ):
            headers = [("x-docker-expose-session-uuid", name)]
            with pytest.raises(GrpcError, match=f"session {name} already exists"):
                await client.unary(
                    connection,
                    f"{control.SERVICE}Session",
                    messages.BytesMessage(),
                    messages.BytesMessage,
                    headers,
                )

    asyncio.run(main())


def test_a_client_is_told_that_the_engine_is_healthy(boxship_daemon: Engine) -> None:
    async def main() -> None:
        async with natively_connected(str(boxship_daemon.socket)) as connection:
            call = client.start(connection, "/grpc.health.v1.Health/Check")
            await call.send([b""], end=True)
            assert await call.receive() == [b"\x08\x01"]
            with pytest.raises(GrpcError) as caught:
                await client.unary(connection, "/a.B/C", control.Empty(), control.Empty)
            assert caught.value.status.code == Code.UNIMPLEMENTED

    asyncio.run(main())


def test_other_requests_by_http_2_get_no_answer_of_the_engines_api(
    boxship_daemon: Engine,
) -> None:
    require_tool("curl")
    command = ["curl", "-s", "--http2-prior-knowledge", "--unix-socket", str(boxship_daemon.socket)]
    done = subprocess.run(
        [*command, "-o", "/dev/null", "-D", "-", "http://d/_ping"],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert "content-type: application/grpc" in done.stdout
    assert "OK" not in done.stdout
    assert Api(str(boxship_daemon.socket))("GET", "/_ping").body == b"OK"


@pytest.mark.parametrize("rest", [b"", b"\0" * 9, bytes(range(256))])
def test_a_client_that_says_no_more_than_the_preface_is_left_behind(
    boxship_daemon: Engine, rest: bytes
) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(boxship_daemon.socket))
        sock.sendall(PREFACE + rest)
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(4096):
            pass
    assert Api(str(boxship_daemon.socket))("GET", "/_ping").body == b"OK"
