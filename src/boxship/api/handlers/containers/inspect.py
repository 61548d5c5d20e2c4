"""GET /containers/{name}/json."""

from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.api.versions import adapt_response
from boxship.engine.containers import listing
from boxship.engine.engine import Engine


async def inspect(engine: Engine, request: Request) -> Response:
    answer = await listing.inspect(engine, request.params["name"], request.query.flag("size"))
    return Json(adapt_response("container.inspect", request.version, answer))
