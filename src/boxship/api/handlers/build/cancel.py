"""POST /build/cancel: end a build of ``version=2``; harmless for one that does not run."""

from boxship.api.request import Request
from boxship.api.response import Empty, Response
from boxship.base.errors import InvalidParameter
from boxship.engine.engine import Engine


async def cancel(engine: Engine, request: Request) -> Response:
    if not request.query.get("id"):
        raise InvalidParameter("build ID not provided")
    engine.buildkit.posted.cancel(request.query.get("id"))
    return Empty(200)
