"""POST /images/{name}/tag."""

from boxship.api.handlers.images.engine import Engine
from boxship.api.request import Request
from boxship.api.response import Empty, Response


async def tag(engine: Engine, request: Request) -> Response:
    query = request.query
    await engine.images.tag(request.params["name"], query.get("repo"), query.get("tag"))
    return Empty(201)
