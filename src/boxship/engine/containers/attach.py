"""Attaching clients to a container's streams."""

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Any

from boxship.base.errors import Conflict
from boxship.engine.containers import events, states
from boxship.engine.containers.store import Live
from boxship.logs.entries import Selection
from boxship.logs.read import read
from boxship.runtime.channel import ShimError
from boxship.sandbox.detach import DEFAULT, parse_keys

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

Client = dict[str, Any]


def client_spec(
    stdin: bool,
    stdout: bool,
    stderr: bool,
    stream: bool = True,
    logs: bool = False,
    detach_keys: str = "",
) -> Client:
    """What the shim is told of a client. :class:`InvalidParameter` for bad detach keys."""
    return {
        "stdin": stdin and stream,
        "stdout": stdout,
        "stderr": stderr,
        "stream": stream,
        "logs": logs,
        "keys": list(parse_keys(detach_keys or DEFAULT)),
    }


def check(engine: "Engine", reference: str, client: Client) -> Live:
    """The container, if it can be attached to."""
    live = engine.containers.get(reference)
    states.check(live.container, "attach", reference)
    return live


async def attach(
    engine: "Engine", live: Live, sock: socket.socket, leftover: bytes, client: Client
) -> None:
    """Hand *sock* (owned here from now on) to the shim, or park it until the start."""
    client = client | {"leftover": list(leftover)}
    config = live.container.config
    client["stdin"] = client["stdin"] and config.open_stdin
    events.emit(engine, live.container, "attach")
    if live.shim is None and client["logs"]:
        await _replay(live, sock, client)
        client["logs"] = False
    shim = live.shim  # it may have been started meanwhile
    if shim is None:
        _park(live, sock, client)
        return
    with contextlib.closing(sock):
        try:
            await shim.request("attach", [sock.fileno()], client=client)
        except ShimError:
            # The container ended meanwhile: its log is complete.
            if client["logs"]:
                await _replay(live, sock, client)
                sock.shutdown(socket.SHUT_RDWR)


def _park(live: Live, sock: socket.socket, client: Client) -> None:
    """``docker run`` attaches before it starts; a container that has ended has nothing to say."""
    state = live.container.state.status
    if state in ("created", "exited") and client["stream"]:
        live.parked.append((sock, client))
    else:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        sock.close()


async def _replay(live: Live, sock: socket.socket, client: Client) -> None:
    """What a container that does not run has logged: nothing before its first start."""
    if live.container.state.status == "created":
        return
    selection = Selection(
        stdout=client["stdout"],
        stderr=client["stderr"],
        framed=not (live.container.config.tty or client.get("raw")),
    )
    loop = asyncio.get_running_loop()
    sock.setblocking(False)
    with contextlib.suppress(OSError):
        async for chunk in read(live.container.log_path, selection):
            await loop.sock_sendall(sock, chunk)


async def resize(engine: "Engine", reference: str, rows: int, columns: int) -> None:
    """``POST /containers/{id}/resize``; a size that comes before the start is kept for it."""
    live = engine.containers.get(reference)
    states.check(live.container, "resize", reference)
    live.size = (rows, columns)
    if live.shim is None:
        if live.container.state.status != "created":
            raise Conflict(f"Container {live.id} is not running")
        return
    with contextlib.suppress(ShimError):
        await live.shim.request("resize", rows=rows, columns=columns)
    events.emit(engine, live.container, "resize", height=str(rows), width=str(columns))
