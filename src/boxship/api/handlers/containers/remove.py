"""DELETE /containers/{name}."""

from boxship.api.request import Request
from boxship.api.response import Empty, Response
from boxship.engine.containers import removal
from boxship.engine.engine import Engine


async def remove(engine: Engine, request: Request) -> Response:
    query = request.query
    await removal.remove(
        engine,
        request.params["name"],
        force=query.flag("force"),
        volumes=query.flag("v"),
        link=query.flag("link"),
    )
    return Empty()
