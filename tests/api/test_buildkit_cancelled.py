"""Builds for two platforms that are cancelled, by a client that stays, wherever they are."""

import asyncio
import secrets
from pathlib import Path

import pytest

from boxship.builder.buildkit import control
from boxship.builder.buildkit import session as messages
from boxship.wire.grpc import client
from boxship.wire.grpc.server import Call, Method
from support import engines, leaks
from support.buildkit_session import connected, send_files, session
from support.waiting import comes_true

_FROM = "FROM --platform=$BUILDPLATFORM busybox\nARG TARGETARCH\n"
_PLACES = ("staging", "containers")


class _Stalling:
    """A client that stops answering when it is asked for something of the kind *where*."""

    def __init__(self, dockerfile: str, where: str) -> None:
        self._dockerfile = dockerfile.encode()
        self._where = where
        self.reached = asyncio.Event()

    def methods(self) -> dict[str, Method]:
        return {messages.SECRET: self._stop, messages.SEND: self._stop}

    async def _stop(self, call: Call) -> None:
        call.start()
        self.reached.set()
        await asyncio.Event().wait()

    async def sync(self, call: Call) -> None:
        if call.metadata["dir-name"] == "dockerfile":
            await send_files(call, {"Dockerfile": self._dockerfile})
        elif call.metadata.get("followpaths") == ".dockerignore":
            await send_files(call, {})
        elif self._where == "context":
            await self._stop(call)
        else:
            await send_files(call, {"a": b"1"})


def _held(engine: engines.Engine) -> list[str]:
    data = engine.root / "data"
    found = [str(path) for place in _PLACES for path in (data / place).glob("*")]
    open_files = [*Path(f"/proc/{engine.pid}/fd").iterdir()]
    numbers = [str(number) for number in range(len(open_files))]
    return found + _steps(engine) + numbers + leaks.mounts(engine.root)


def _steps(engine: engines.Engine) -> list[str]:
    return [one for one in leaks.processes(engine.root) if one.endswith(" sleep")]


@pytest.mark.parametrize(
    ("where", "rest"),
    [
        ("steps", "RUN sleep 1000\n"),
        ("context", "COPY . /\n"),
        ("secret", "RUN --mount=type=secret,id=s cat /run/secrets/s\n"),
        ("output", "COPY a /$TARGETARCH\n"),
    ],
)
def test_everything_ends(boxship_daemon: engines.Engine, where: str, rest: str) -> None:
    # What the daemon opens for its first container stays.
    boxship_daemon.docker("run", "--rm", "busybox", "true")
    stalling = _Stalling(_FROM + rest, where)
    path, ref = str(boxship_daemon.socket), secrets.token_hex(8)

    def is_there() -> bool:
        return stalling.reached.is_set() or (where == "steps" and len(_steps(boxship_daemon)) == 2)

    async def main() -> None:
        async with (
            connected(path) as connection,
            session(path, stalling.sync, stalling.methods()) as name,
        ):
            before = {*_held(boxship_daemon)}
            request = control.SolveRequest(
                ref=ref,
                session=name,
                frontend="dockerfile.v0",
                frontend_attrs={"platform": "linux/amd64,linux/arm64", "no-cache": ""},
                exporters=[control.Exporter("tar", {})] if where == "output" else [],
                internal=True,
            )
            for _ in range(2):
                stalling.reached.clear()
                solving = client.start(connection, control.SERVICE + "Solve")
                await solving.send([request.encode()], end=True)
                assert await comes_true(is_there)
                solving.close()
                assert await comes_true(lambda: {*_held(boxship_daemon)} <= before)

    asyncio.run(main())
