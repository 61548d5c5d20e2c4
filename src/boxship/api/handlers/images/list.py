"""GET /images/json."""

from boxship.api.handlers.images.engine import Engine
from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.api.versions import adapt_response

_LEGACY_FILTER = (1, 41)


async def list_images(engine: Engine, request: Request) -> Response:
    query = request.query
    filters = query.filters()
    if request.version < _LEGACY_FILTER and query.get("filter"):
        filters.add("reference", query.get("filter"))
    rows = engine.images.list(
        filters,
        all=query.flag("all"),
        shared_size=query.flag("shared-size"),
        manifests=query.flag("manifests"),
    )
    return Json(adapt_response("image.list", request.version, rows))
