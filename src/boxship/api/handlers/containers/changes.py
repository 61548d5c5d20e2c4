"""GET /containers/{name}/changes."""

from boxship.api.request import Request
from boxship.api.response import Response, Stream
from boxship.engine.containers import archives
from boxship.engine.engine import Engine


async def changes(engine: Engine, request: Request) -> Response:
    return Stream(archives.changes(engine, request.params["name"]))
