"""GET /images/search."""

from typing import Any

from boxship.api.handlers.images.engine import Engine
from boxship.api.handlers.images.pull import AUTH_HEADER
from boxship.api.query import parse_integer
from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.base.errors import InvalidParameter
from boxship.registry.credentials import from_header

_DEFAULT, _MOST = 25, 100
_FILTERS = ("is-automated", "is-official", "stars")


async def search(engine: Engine, request: Request) -> Response:
    limit = request.query.integer("limit") or _DEFAULT
    if not 1 <= limit <= _MOST:
        raise InvalidParameter(f"limit {limit} is outside the range of [1, {_MOST}]")
    filters = request.query.filters(_FILTERS)
    stars = [parse_integer(text) for text in filters.get("stars")]
    flags = {name.replace("-", "_"): filters.flag(name) for name in _FILTERS[:2]}

    def wanted(row: dict[str, Any]) -> bool:
        fits = all(value is None or row[name] == value for name, value in flags.items())
        return fits and row["star_count"] >= max(stars, default=0)

    credentials = from_header(request.headers.get(AUTH_HEADER, ""))
    term = request.query.get("term")
    return Json(await engine.sharing.search(term, limit, wanted, credentials))
