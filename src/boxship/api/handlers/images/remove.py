"""DELETE /images/{name}."""

from boxship.api.handlers.images.engine import Engine
from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.base.errors import InvalidParameter, NotSupported

_PLATFORMS_SINCE = (1, 50)


async def remove(engine: Engine, request: Request) -> Response:
    name, query = request.params["name"], request.query
    if not name.strip():
        raise InvalidParameter("image name cannot be blank")
    if request.version >= _PLATFORMS_SINCE and query.get("platforms"):
        # To ignore it would remove more than was asked for.
        raise NotSupported("removing single platforms of an image is not supported")
    removed = await engine.images.remove(
        name, query.flag("force"), query.flag("noprune"), engine.containers_using
    )
    return Json(removed)
