"""GET /containers/{name}/export."""

from boxship.api.request import Request
from boxship.api.response import Response, Stream
from boxship.engine.containers import archives
from boxship.engine.engine import Engine


async def export(engine: Engine, request: Request) -> Response:
    chunks = archives.export(engine, request.params["name"])
    return Stream(chunks, "application/octet-stream")
