"""GET /system/df: what takes how much space."""

import msgspec

from boxship.api.engine import Engine
from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.api.versions import adapt_response
from boxship.base.errors import InvalidParameter

KINDS = frozenset({"container", "image", "volume", "build-cache"})
_TYPE_SINCE = (1, 42)


async def disk_usage(engine: Engine, request: Request) -> Response:
    kinds = KINDS
    if request.version >= _TYPE_SINCE and "type" in request.query:
        kinds = frozenset(request.query.all("type"))
        for kind in kinds - KINDS:
            raise InvalidParameter(f"unknown object type: {kind}")
    answer = msgspec.to_builtins(await engine.disk_usage(kinds))
    return Json(adapt_response("system.df", request.version, answer))
