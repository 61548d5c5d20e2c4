"""POST /containers/{name}/update."""

from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.engine.containers import update as verb
from boxship.engine.engine import Engine
from boxship.types.update import UpdateRequest


async def update(engine: Engine, request: Request) -> Response:
    body = await request.json(UpdateRequest)
    return Json({"Warnings": await verb.update(engine, request.params["name"], body) or None})
