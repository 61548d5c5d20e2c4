"""POST /containers/{name}/attach, and GET .../attach/ws for browsers."""

from boxship.api.request import Request
from boxship.api.response import (
    MULTIPLEXED_STREAM,
    RAW_STREAM,
    Hijack,
    Response,
    Take,
    WebSocket,
)
from boxship.engine.containers import attach as verb
from boxship.engine.containers.attach import Client
from boxship.engine.containers.store import Live
from boxship.engine.engine import Engine
from boxship.wire.hijack import HijackedConnection


def _client(request: Request) -> Client:
    query = request.query
    return verb.client_spec(
        query.flag("stdin"),
        query.flag("stdout"),
        query.flag("stderr"),
        query.flag("stream"),
        query.flag("logs"),
        query.get("detachKeys"),
    )


def stream_type(request: Request, tty: bool) -> str:
    """The media type says how to read the stream, for clients that know it."""
    return RAW_STREAM if tty or request.version < (1, 42) else MULTIPLEXED_STREAM


def _taker(engine: Engine, live: Live, client: Client) -> Take:
    async def take(connection: HijackedConnection) -> None:
        sock, leftover = connection.detach_socket()
        await verb.attach(engine, live, sock, leftover, client)

    return take


async def attach(engine: Engine, request: Request) -> Response:
    client = _client(request)
    live = verb.check(engine, request.params["name"], client)
    media_type = stream_type(request, live.container.config.tty)
    has_output = live.shim is not None or client["logs"]
    return Hijack(_taker(engine, live, client), media_type, settle=has_output)


async def attach_websocket(engine: Engine, request: Request) -> Response:
    """Frames carry the streams' bytes without multiplexing."""
    client = _client(request) | {"raw": True}
    live = verb.check(engine, request.params["name"], client)
    return WebSocket(_taker(engine, live, client))
