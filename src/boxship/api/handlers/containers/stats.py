"""GET /containers/{name}/stats."""

from collections.abc import AsyncIterator
from typing import Any

from boxship.api.request import Request
from boxship.api.response import Json, Response, Stream
from boxship.base.errors import InvalidParameter
from boxship.engine.containers import stats as verb
from boxship.engine.engine import Engine
from boxship.wire.jsonlines import json_line


async def stats(engine: Engine, request: Request) -> Response:
    stream = request.query.flag("stream", True)
    one_shot = request.query.flag("one-shot")
    if stream and one_shot:
        raise InvalidParameter("cannot have stream=true and one-shot=true")
    live = engine.containers.get(request.params["name"])
    if not stream:
        return Json(await verb.once(engine, live, one_shot))
    return Stream(_lines(verb.stream(engine, live)))


async def _lines(samples: AsyncIterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    async for sample in samples:
        yield json_line(sample)
