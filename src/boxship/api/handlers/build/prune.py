"""POST /build/prune: records of the build cache, and directories of cache mounts."""

from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.builder.usage import of_engine
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
# Of no effect, as with dockerd: what builds keep has no labels, and system prune sends them here.
_IGNORED = ("label", "label!")
_LIMITS = ("keep-storage", "reserved-space", "max-used-space")


async def prune(engine: Engine, request: Request) -> Response:
    query = request.query
    filters = query.filters((*_FILTERS, *_IGNORED))
    until = [parse_until(text) for name in _FILTERS[:2] for text in filters.get(name)]
    keep = max(query.integer(name) for name in _LIMITS)
    chosen = of_engine({name: filters.get(name) for name in _FILTERS[2:]})
    until_all = min(until, default=0)
    return Json(await engine.building.prune(query.flag("all"), keep, until_all, chosen))
