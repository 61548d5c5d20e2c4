"""POST /containers/{name}/stop and /restart."""

from boxship.api.request import Request
from boxship.api.response import Empty, Response
from boxship.engine.containers import stop as verb
from boxship.engine.engine import Engine


def _how(request: Request) -> tuple[int | None, str]:
    query = request.query
    timeout = query.integer("t") if query.get("t") else None
    return timeout, query.get("signal") if request.version >= (1, 42) else ""


async def stop(engine: Engine, request: Request) -> Response:
    await verb.stop(engine, request.params["name"], *_how(request))
    return Empty()


async def restart(engine: Engine, request: Request) -> Response:
    await verb.restart(engine, request.params["name"], *_how(request))
    return Empty()
