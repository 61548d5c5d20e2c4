"""GET /containers/json."""

import msgspec

from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.api.versions import adapt_response
from boxship.engine.containers import listing
from boxship.engine.engine import Engine


async def containers(engine: Engine, request: Request) -> Response:
    query = request.query
    rows = await listing.containers(
        engine,
        query.filters().values,
        show_all=query.flag("all"),
        limit=query.integer("limit"),
        size=query.flag("size"),
    )
    answer = msgspec.to_builtins(rows)
    return Json(adapt_response("container.list", request.version, answer))
