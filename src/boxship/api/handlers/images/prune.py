"""POST /images/prune."""

from boxship.api.handlers.images.engine import Engine
from boxship.api.request import Request
from boxship.api.response import Json, Response


async def prune(engine: Engine, request: Request) -> Response:
    filters = request.query.filters()
    return Json(await engine.images.prune(filters, engine.users_of))
