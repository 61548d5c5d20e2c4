"""POST /exec/{id}/resize."""

from boxship.api.handlers.containers.resize import size
from boxship.api.request import Request
from boxship.api.response import Empty, Response
from boxship.engine.containers import execs
from boxship.engine.engine import Engine


async def resize(engine: Engine, request: Request) -> Response:
    await execs.resize(engine, request.params["id"], *size(request))
    return Empty(200)
