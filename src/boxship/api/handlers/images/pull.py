"""The pulling form of POST /images/create."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from boxship.api.handlers.images.engine import Engine
from boxship.api.request import Request
from boxship.api.response import Response, Stream
from boxship.engine.sharing.messages import Message
from boxship.registry.credentials import from_header
from boxship.wire.jsonlines import json_line

AUTH_HEADER = "x-registry-auth"
_PLATFORM_SINCE = (1, 32)


async def pull(engine: Engine, request: Request) -> Response:
    query = request.query
    platform = query.get("platform") if request.version >= _PLATFORM_SINCE else ""
    credentials = from_header(request.headers.get(AUTH_HEADER, ""))
    messages = engine.sharing.pull(
        query.get("fromImage"), query.get("tag"), platform or "", credentials
    )
    return Stream(lines(messages))


async def lines(messages: AsyncGenerator[Message, None]) -> AsyncIterator[bytes]:
    """*messages* as they go over the wire; ends their maker when the client goes."""
    async with aclosing(messages):
        async for message in messages:
            yield json_line(message)
