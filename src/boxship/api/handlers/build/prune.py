"""POST /build/prune: records of the build cache, and directories of cache mounts."""

from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.engine.engine import Engine
from boxship.images.moments import parse_until

_FILTERS = (
    "until",
    "unused-for",
    "id",
    "parent",
    "type",
    "description",
    "inuse",
    "shared",
    "private",
)


async def prune(engine: Engine, request: Request) -> Response:
    query = request.query
    filters = query.filters(_FILTERS)
    until = [parse_until(text) for name in _FILTERS[:2] for text in filters.get(name)]
    keep = query.integer("keep-storage") or query.integer("reserved-space")
    return Json(await engine.building.prune(query.flag("all"), keep, min(until, default=0)))
