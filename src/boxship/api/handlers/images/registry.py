"""POST /images/{name}/push."""

from boxship.api.handlers.images.engine import Engine
from boxship.api.handlers.images.platform import requested_platform
from boxship.api.handlers.images.pull import AUTH_HEADER, lines
from boxship.api.request import Request
from boxship.api.response import Response, Stream
from boxship.registry.credentials import from_header

_PLATFORM_SINCE = (1, 46)


async def push(engine: Engine, request: Request) -> Response:
    credentials = from_header(request.headers.get(AUTH_HEADER, ""))
    messages = engine.sharing.push(
        request.params["name"],
        request.query.get("tag"),
        requested_platform(request, _PLATFORM_SINCE),
        credentials,
    )
    return Stream(lines(messages))
