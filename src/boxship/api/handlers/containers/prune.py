"""POST /containers/prune."""

from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.api.timestamp import parse_timestamp
from boxship.engine.containers import prune as verb
from boxship.engine.engine import Engine

_FILTERS = ("label", "label!", "until")


async def prune(engine: Engine, request: Request) -> Response:
    filters = request.query.filters(_FILTERS)
    until = parse_timestamp(filters.only("until") or "") or 0
    labels = {name: filters.get(name) for name in ("label", "label!")}
    return Json(await verb.prune(engine, until, labels))
