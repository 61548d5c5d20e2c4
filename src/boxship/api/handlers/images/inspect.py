"""GET /images/{name}/json and /images/{name}/history."""

from boxship.api.handlers.images.engine import Engine
from boxship.api.handlers.images.platform import requested_platform
from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.api.versions import adapt_response

_PLATFORM_SINCE = (1, 49)
_HISTORY_PLATFORM_SINCE = (1, 48)


async def inspect(engine: Engine, request: Request) -> Response:
    platform = requested_platform(request, _PLATFORM_SINCE)
    answer = engine.images.inspect(request.params["name"], platform)
    return Json(adapt_response("image.inspect", request.version, answer))


async def history(engine: Engine, request: Request) -> Response:
    platform = requested_platform(request, _HISTORY_PLATFORM_SINCE)
    return Json(engine.images.history(request.params["name"], platform))
