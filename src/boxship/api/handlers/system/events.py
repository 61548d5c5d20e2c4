"""GET /events: what happens, as it happens."""

from collections.abc import AsyncIterator

from boxship.api.engine import Engine
from boxship.api.handlers.system.event_filter import accept
from boxship.api.request import Request
from boxship.api.response import Response, Stream
from boxship.api.timestamp import parse_timestamp
from boxship.base.errors import InvalidParameter
from boxship.engine.events import Event
from boxship.wire.jsonlines import json_line


async def events(engine: Engine, request: Request) -> Response:
    query = request.query
    since, until = parse_timestamp(query.get("since")), parse_timestamp(query.get("until"))
    if since is not None and until is not None and since > until:
        raise InvalidParameter(
            f"`since` time ({query.get('since')}) cannot be after "
            f"`until` time ({query.get('until')})"
        )
    found = engine.events.subscribe(since, until, accept(query.filters()))
    return Stream(_lines(found))


async def _lines(found: AsyncIterator[Event]) -> AsyncIterator[bytes]:
    async for event in found:
        yield json_line(event.message())
