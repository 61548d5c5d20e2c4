"""GET /containers/{name}/top."""

from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.engine.containers import top as verb
from boxship.engine.engine import Engine


async def top(engine: Engine, request: Request) -> Response:
    return Json(await verb.top(engine, request.params["name"], request.query.get("ps_args")))
