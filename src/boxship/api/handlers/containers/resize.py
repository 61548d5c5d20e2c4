"""POST /containers/{name}/resize."""

from boxship.api.request import Request
from boxship.api.response import Empty, Response
from boxship.base.errors import InvalidParameter
from boxship.engine.containers import attach
from boxship.engine.engine import Engine

_LIMIT = 1 << 16


def size(request: Request) -> tuple[int, int]:
    """Rows and columns of a resize request. :class:`InvalidParameter` in Go's words."""
    result = []
    for name in ("h", "w"):
        value = request.query.integer(name) if request.query.get(name) else None
        if value is None:
            raise InvalidParameter('strconv.Atoi: parsing "": invalid syntax')
        if not 0 <= value < _LIMIT:
            raise InvalidParameter(f"invalid terminal size: {value}")
        result.append(value)
    return result[0], result[1]


async def resize(engine: Engine, request: Request) -> Response:
    await attach.resize(engine, request.params["name"], *size(request))
    return Empty(200)
