"""DELETE /containers/{name}."""

from boxship.api.request import Request
from boxship.api.response import Empty, Response
from boxship.engine.containers import removal
from boxship.engine.engine import Engine


async def remove(engine: Engine, request: Request) -> Response:
    query = request.query
    name = request.params["name"]
    if query.flag("link"):
        await removal.remove_link(engine, name)
    else:
        await removal.remove(engine, name, force=query.flag("force"), volumes=query.flag("v"))
    return Empty()
