"""POST /containers/prune."""

from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.engine.containers import prune as verb
from boxship.engine.engine import Engine
from boxship.images.moments import parse_until

_FILTERS = ("label", "label!", "until")


async def prune(engine: Engine, request: Request) -> Response:
    filters = request.query.filters(_FILTERS)
    wanted = filters.only("until")
    until = parse_until(wanted) if wanted else 0
    labels = {name: filters.get(name) for name in ("label", "label!")}
    return Json(await verb.prune(engine, until, labels))
