"""POST /containers/{name}/kill."""

from boxship.api.request import Request
from boxship.api.response import Empty, Response
from boxship.engine.containers import kill as verb
from boxship.engine.engine import Engine


async def kill(engine: Engine, request: Request) -> Response:
    await verb.kill(engine, request.params["name"], request.query.get("signal"))
    return Empty()
