"""POST /containers/{name}/start."""

from boxship.api.request import Request
from boxship.api.response import Empty, Response
from boxship.base.errors import InvalidParameter
from boxship.engine.containers import start as verb
from boxship.engine.engine import Engine


async def start(engine: Engine, request: Request) -> Response:
    if not request.body.empty:
        # API 1.22 and older sent a HostConfig here; an empty object is still let through.
        raw = await request.body.read_all(1 << 20)
        if raw.strip() not in (b"", b"{}", b"null"):
            raise InvalidParameter(
                "starting container with non-empty request body was deprecated since API v1.22 "
                "and removed in v1.24"
            )
    if request.query.get("checkpoint"):
        raise InvalidParameter("checkpoint is only supported in experimental mode")
    await verb.start(engine, request.params["name"])
    return Empty()
