"""GET /exec/{id}/json."""

from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.engine.containers import execs
from boxship.engine.engine import Engine


async def inspect(engine: Engine, request: Request) -> Response:
    return Json(execs.describe(engine, request.params["id"]))
