"""POST /containers/{name}/rename."""

from boxship.api.request import Request
from boxship.api.response import Empty, Response
from boxship.engine.containers import rename as verb
from boxship.engine.engine import Engine


async def rename(engine: Engine, request: Request) -> Response:
    await verb.rename(engine, request.params["name"], request.query.get("name"))
    return Empty()
