"""POST /images/create: an import (``fromSrc``) or a pull (``fromImage``)."""

from boxship.api.handlers.images.engine import Engine
from boxship.api.handlers.images.pull import lines, pull
from boxship.api.handlers.images.upload import with_upload
from boxship.api.request import Request
from boxship.api.response import Json, Response, Stream
from boxship.base.errors import InvalidParameter
from boxship.engine.importing import import_from

_PLATFORM_SINCE = (1, 32)


async def create(engine: Engine, request: Request) -> Response:
    query = request.query
    if query.get("fromImage"):
        return await pull(engine, request)
    source = query.get("fromSrc")
    if not source:
        raise InvalidParameter("either fromImage or fromSrc is required")
    platform = query.get("platform") if request.version >= _PLATFORM_SINCE else ""
    wishes = (
        query.get("repo"),
        query.get("tag"),
        query.get("message"),
        query.all("changes"),
        platform or None,
    )
    if source != "-":
        return Stream(lines(import_from(engine.images, source, *wishes)))
    image_id = await with_upload(request, lambda fd: engine.images.import_(fd, *wishes))
    return Json({"status": image_id})
