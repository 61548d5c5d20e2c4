"""From an exchange to a handler's answer, and from errors to the protocol's JSON."""

import asyncio
import logging
import re

from boxship.base.errors import BoxshipError, NotFound
from boxship.hub.answers import Answer, BlobAnswer, Reply, json_answer
from boxship.hub.hub import Hub
from boxship.hub.pages.refusals import refusal_page
from boxship.hub.request import Request, parse
from boxship.hub.routes import Handler, find
from boxship.hub.storage.blobs import Busy
from boxship.hub.storage.full import is_full
from boxship.oci.distribution.errors import DistributionError
from boxship.oci.distribution.names import is_name
from boxship.wire.answer import Headers
from boxship.wire.errors import BadRequest, ClientGone
from boxship.wire.exchange import Exchange

_log = logging.getLogger(__name__)
_CLIENT_GONE = 499  # for the log alone
_COMMON: Headers = (
    ("Docker-Distribution-Api-Version", "registry/2.0"),
    ("X-Content-Type-Options", "nosniff"),
)


class App:
    """The handler of a wire server: serves *hub*."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def __call__(self, exchange: Exchange) -> None:
        stall = self._hub.settings.stall
        request = Request(self._hub, exchange, exchange.head.path)
        try:
            parse(request)
            reply = await self._match(request)(request)
            self._report(request, reply.status)
            await _send(exchange, reply, stall)
        except ClientGone:
            self._report(request, _CLIENT_GONE)
            raise
        except Exception as error:
            if exchange.started:
                exchange.abort()
            else:
                refusal = _refusal(request, _translated(error, request))
                self._report(request, refusal.status)
                await _send(exchange, refusal, stall)

    def _report(self, request: Request, status: int) -> None:
        if self._hub.settings.access_log:
            _log.info("%s %s %s %d", request.address, request.method, request.path, status)

    def _match(self, request: Request) -> Handler:
        method = "GET" if request.method == "HEAD" else request.method
        found = find(request.path)
        if found is None:
            raise DistributionError("UNSUPPORTED", "no such page", status=404)
        handlers, request.params = found
        if not is_name(request.params.get("name", "a")):
            raise DistributionError("NAME_INVALID")
        if method not in handlers:
            allowed = ("Allow", ", ".join(handlers))
            raise DistributionError("UNSUPPORTED", headers=(allowed,))
        return handlers[method]


def _translated(error: Exception, request: Request) -> DistributionError:
    """The one place where errors become the protocol's."""
    if isinstance(error, DistributionError):
        return error
    if isinstance(error, Busy):
        return DistributionError("BLOB_UPLOAD_INVALID", str(error), status=409)
    if isinstance(error, BadRequest):
        return DistributionError("UNSUPPORTED", str(error), status=error.status)
    if isinstance(error, NotFound):  # collected between its row and its bytes
        return DistributionError("BLOB_UNKNOWN")
    if isinstance(error, BoxshipError):
        return DistributionError("UNSUPPORTED", str(error), status=400)
    if is_full(error):
        return DistributionError("BLOB_UPLOAD_INVALID", "the hub's disk is full", status=507)
    _log.error("%s %s failed", request.method, request.path, exc_info=error)
    return DistributionError("UNSUPPORTED", "internal error", status=500)


def _refusal(request: Request, error: DistributionError) -> Answer:
    if re.match(r"/v2(/|\Z)|/token\Z", request.path):
        return json_answer(error.document(), error.status, [*error.headers])
    return refusal_page(request, error)


async def _send(exchange: Exchange, reply: Reply, stall: float) -> None:
    headers = [*_COMMON, *reply.headers]
    if isinstance(reply, Answer):
        await _send_answer(exchange, reply, headers, stall)
        return
    try:
        await _send_blob(exchange, reply, headers, stall)
    finally:
        reply.reader.close()


async def _send_answer(exchange: Exchange, answer: Answer, headers: Headers, stall: float) -> None:
    try:
        async with asyncio.timeout(stall):
            if answer.size is None:
                await exchange.respond(answer.status, headers, answer.body)
            else:
                await exchange.respond_sized(answer.status, headers, answer.size)
    except TimeoutError:
        raise ClientGone("client does not read its answer") from None


async def _send_blob(exchange: Exchange, reply: BlobAnswer, headers: Headers, stall: float) -> None:
    file = reply.reader.file
    if file is not None:
        await exchange.respond_file(
            reply.status, headers, file, reply.start, reply.count, stall=stall
        )
    else:
        chunks = reply.reader.chunks(reply.start, reply.count)
        await exchange.respond_sized(reply.status, headers, reply.count, chunks)
