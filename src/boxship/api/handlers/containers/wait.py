"""POST /containers/{name}/wait: the head goes out at once, the answer when it happens."""

from collections.abc import AsyncIterator, Awaitable

from boxship.api.request import Request
from boxship.api.response import Response, Stream, encode_json
from boxship.engine.containers import wait as verb
from boxship.engine.engine import Engine


async def wait(engine: Engine, request: Request) -> Response:
    condition = request.query.get("condition") if request.version >= (1, 30) else ""
    result = verb.begin(engine, request.params["name"], condition)
    return Stream(_answer(result))


async def _answer(result: Awaitable[int]) -> AsyncIterator[bytes]:
    yield encode_json({"StatusCode": await result})
