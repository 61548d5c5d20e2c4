"""HTTP in front of the engine: versions, routes, answers, and errors as Docker's JSON."""

import logging
from collections.abc import Awaitable, Iterable, Mapping
from typing import Any

import boxship
from boxship.api.query import Query, decode
from boxship.api.request import CURRENT, Request
from boxship.api.response import (
    JSON,
    RAW_STREAM,
    Body,
    Empty,
    Hijack,
    Json,
    Later,
    Response,
    Stream,
    WebSocket,
)
from boxship.api.route import Route
from boxship.api.router import Router, show_version, split_version
from boxship.api.routes import ROUTES
from boxship.api.status import status_of
from boxship.base import full_disk
from boxship.base.errors import BoxshipError
from boxship.wire.answer import Headers, head_bytes
from boxship.wire.errors import ClientGone
from boxship.wire.exchange import Exchange
from boxship.wire.hijack import HijackedConnection
from boxship.wire.jsonlines import json_line
from boxship.wire.websocket import handshake
from boxship.wire.websocket_stream import WebSocketConnection

_log = logging.getLogger(__name__)

_COMMON: Headers = (
    ("Api-Version", show_version(CURRENT)),
    ("Docker-Experimental", "false"),
    ("Ostype", "linux"),
    ("Server", f"Boxship/{boxship.__version__} (linux)"),
)


class App:
    """The Engine API over *engine*; an instance is the handler of a wire Server."""

    def __init__(self, engine: Any, routes: Iterable[Route] = ROUTES) -> None:
        self._engine = engine
        self._router = Router(routes)

    async def __call__(self, exchange: Exchange) -> None:
        try:
            await self._dispatch(exchange)
        except ClientGone:
            raise
        except BoxshipError as error:
            await self._fail(exchange, status_of(error), str(error))
        except Exception as error:
            if full_disk.is_full_disk(error):
                message = full_disk.describe(error, self._engine.options.data_root)
                await self._fail(exchange, 500, message)
                return
            head = exchange.head
            _log.exception("%s %s failed", head.method, head.path)
            await self._fail(exchange, 500, f"internal error: {type(error).__name__}")

    async def _dispatch(self, exchange: Exchange) -> None:
        head = exchange.head
        version, path = split_version(decode(head.path))
        if head.method == "OPTIONS":
            await _send(exchange, Empty(200), flush_early=False)
            return
        route, params = self._router.match(head.method, path)
        request = Request(
            method=head.method,
            path=path,
            query=Query(head.query),
            headers=head.headers,
            body=exchange.body,
            peer=exchange.peer,
            disconnected=exchange.disconnected,
            version=version,
            params=params,
        )
        if route.on_disconnect == "cancel":
            exchange.cancel_on_disconnect()
        response = await route.handler(self._engine, request)
        await _send(exchange, response, flush_early=route.flush_early)

    async def _fail(self, exchange: Exchange, status: int, message: str) -> None:
        """An error's answer, or the end of the connection when the head is out already."""
        if exchange.started:
            exchange.abort()
        elif status == 304:
            await exchange.respond(status, _COMMON)
        else:
            body = json_line({"message": message})
            await exchange.respond(status, _headers(JSON), body)


async def _send(exchange: Exchange, response: Response, *, flush_early: bool) -> None:
    match response:
        case Json():
            data = json_line(response.value)
            await exchange.respond(response.status, _headers(JSON, response.headers), data)
        case Empty():
            await exchange.respond(response.status, _headers(None, response.headers))
        case Body():
            headers = _headers(response.content_type, response.headers)
            await exchange.respond(response.status, headers, response.data)
        case Stream():
            await _send_stream(exchange, response, flush_early=flush_early)
        case Later():
            await exchange.start(200, _headers(JSON))
            await exchange.finish(json_line(await response.value))
        case Hijack():
            await _hand_over(response, _hijack(exchange, response))
        case WebSocket():
            await _hand_over(response, _upgrade(exchange))


def _headers(content_type: str | None, more: Mapping[str, str] | None = None) -> Headers:
    headers = [*_COMMON, ("Content-Type", content_type)] if content_type else [*_COMMON]
    return [*headers, *more.items()] if more else headers


async def _send_stream(exchange: Exchange, response: Stream, *, flush_early: bool) -> None:
    chunks = response.chunks
    try:
        first = b"" if flush_early else await anext(chunks, b"")
        await exchange.start(response.status, _headers(response.content_type, response.headers))
        try:
            await exchange.write(first)
            async for chunk in chunks:
                await exchange.write(chunk)
        except ClientGone:
            if not exchange.cancels:  # the route finishes what it began, read or not
                async for _ in chunks:
                    pass
            raise
        await exchange.finish()
    finally:
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()


async def _hijack(exchange: Exchange, response: Hijack) -> HijackedConnection:
    if response.protocol != "tcp":
        head = [("Connection", "Upgrade"), ("Upgrade", response.protocol)]
        return await exchange.switch(head_bytes(101, head, dated=False))
    content_type = ("Content-Type", response.content_type)
    upgrade = [content_type, ("Connection", "Upgrade"), ("Upgrade", "tcp")]
    # Docker names the media type of the streams to upgraded connections only.
    plain = [("Content-Type", RAW_STREAM)]
    connection = await exchange.hijack(upgrade=upgrade, plain=plain)
    if response.settle:
        await exchange.settle()
    return connection


async def _upgrade(exchange: Exchange) -> HijackedConnection:
    return WebSocketConnection(await exchange.switch(handshake(exchange.head.headers)))


async def _hand_over(
    response: Hijack | WebSocket, connecting: Awaitable[HijackedConnection]
) -> None:
    try:
        connection = await connecting
    except BaseException:
        if response.abandon is not None:
            response.abandon()
        raise
    try:
        await response.take(connection)
    finally:
        connection.close()
