"""GET /images/get and /images/{name}/get."""

from boxship.api.handlers.images.engine import Engine
from boxship.api.handlers.images.platform import requested_platform
from boxship.api.request import Request
from boxship.api.response import TAR, Response, Stream

_PLATFORM_SINCE = (1, 48)


async def save_one(engine: Engine, request: Request) -> Response:
    return _save(engine, request, [request.params["name"]])


async def save_several(engine: Engine, request: Request) -> Response:
    return _save(engine, request, request.query.all("names"))


def _save(engine: Engine, request: Request, names: list[str]) -> Response:
    platform = requested_platform(request, _PLATFORM_SINCE)
    # The last one is ours: an image whose layers the other side has.
    return Stream(engine.images.save(names, platform, request.query.get("since")), TAR)
