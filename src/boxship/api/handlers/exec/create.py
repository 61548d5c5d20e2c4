"""POST /containers/{name}/exec."""

from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.api.versions import adapt_request
from boxship.engine.containers import execs
from boxship.engine.engine import Engine
from boxship.types.exec_config import ExecConfig


async def create(engine: Engine, request: Request) -> Response:
    body = await request.json(ExecConfig)
    body = adapt_request("exec.create", request.version, body)
    return Json({"Id": execs.create(engine, request.params["name"], body)}, 201)
