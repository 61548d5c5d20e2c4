"""DELETE /volumes/{name}."""

from boxship.api.request import Request
from boxship.api.response import Empty, Response
from boxship.engine import volumes
from boxship.engine.engine import Engine


async def remove(engine: Engine, request: Request) -> Response:
    await volumes.remove(engine, request.params["name"], request.query.flag("force"))
    return Empty()
