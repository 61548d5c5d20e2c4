"""POST /containers/{name}/pause and /unpause."""

from boxship.api.request import Request
from boxship.api.response import Empty, Response
from boxship.engine.containers import pause as verb
from boxship.engine.engine import Engine


async def pause(engine: Engine, request: Request) -> Response:
    await verb.pause(engine, request.params["name"])
    return Empty()


async def unpause(engine: Engine, request: Request) -> Response:
    await verb.unpause(engine, request.params["name"])
    return Empty()
