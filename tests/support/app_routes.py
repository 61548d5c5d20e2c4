"""Routes that do one thing each, to see what the application makes of it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from boxship.api.request import Request
from boxship.api.response import Body, Empty, Hijack, Json, Response, Stream, WebSocket
from boxship.api.route import Route
from boxship.base import errors
from boxship.wire.hijack import HijackedConnection

LOG: list[str] = []


async def raise_error(engine: Any, request: Request) -> Response:
    raise getattr(errors, request.params["name"])("the message")


async def crash(engine: Any, request: Request) -> Response:
    raise ValueError("secret")


async def crash_encoding(engine: Any, request: Request) -> Response:
    return Json({"a": object()})


async def echo(engine: Any, request: Request) -> Response:
    return Json(
        {
            "params": request.params,
            "version": request.version,
            "query": request.query.get("q"),
            "peer": request.peer.uid,
        }
    )


async def text(engine: Any, request: Request) -> Response:
    return Body(b"text", headers={"X-A": "b"})


async def empty(engine: Any, request: Request) -> Response:
    return Empty()


async def stream(engine: Any, request: Request) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        try:
            if request.params["kind"] == "fails":
                raise errors.NotFound("nothing there")
            yield b"one"
            if request.params["kind"] == "breaks":
                raise errors.Internal("too late")
            if request.params["kind"] == "waits":
                await asyncio.sleep(30)
            yield b"two"
        finally:
            LOG.append(f"closed {request.params['kind']}")

    return Stream(chunks(), "text/x", {"X-A": "b"})


async def hijack(engine: Any, request: Request) -> Response:
    async def take(connection: HijackedConnection) -> None:
        if request.params["kind"] == "fails":
            raise errors.Internal("cannot take")
        sock, received = connection.detach_socket()
        sock.sendall(b"got " + received)
        sock.close()

    if request.params["kind"] == "websocket":
        return WebSocket(take, abandon=lambda: LOG.append("abandoned"))
    return Hijack(take, "x/y", settle=True)


EXTRA = (
    Route("GET", "/test/error/{name}", raise_error),
    Route("GET", "/test/crash", crash),
    Route("GET", "/test/crash-encoding", crash_encoding),
    Route("GET", "/test/echo/{name:path}/json", echo),
    Route("GET", "/test/text", text),
    Route("GET", "/test/new", text, since=(1, 50)),
    Route("DELETE", "/test/empty", empty),
    Route("GET", "/test/stream/{kind}", stream, on_disconnect="cancel"),
    Route("GET", "/test/early/{kind}", stream, on_disconnect="cancel", flush_early=True),
    Route("GET", "/test/kept/{kind}", stream, flush_early=True),
    Route("POST", "/test/hijack/{kind}", hijack),
    Route("GET", "/test/hijack/{kind}", hijack),
)
