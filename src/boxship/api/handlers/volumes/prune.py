"""POST /volumes/prune."""

from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.base.errors import InvalidParameter
from boxship.engine import volumes
from boxship.engine.engine import Engine

# Before this version a prune took named volumes as well.
_ANONYMOUS_SINCE = (1, 42)
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


async def prune(engine: Engine, request: Request) -> Response:
    filters = request.query.filters(("all", "label", "label!"))
    named_too = request.version < _ANONYMOUS_SINCE
    for text in filters.get("all"):
        if text not in _TRUE | _FALSE:
            raise InvalidParameter(
                f"invalid filter 'all': strconv.ParseBool: parsing \"{text}\": invalid syntax"
            )
        named_too = text in _TRUE
    labels = {name: filters.get(name) for name in ("label", "label!")}
    return Json(await volumes.prune(engine, named_too, labels))
