"""GET /volumes/{name}."""

from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.engine import volumes
from boxship.engine.engine import Engine


async def inspect(engine: Engine, request: Request) -> Response:
    return Json(volumes.describe(engine.volumes.get(request.params["name"])))
