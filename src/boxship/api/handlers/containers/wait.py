"""POST /containers/{name}/wait: the head goes out at once, the answer when it happens."""

from collections.abc import Awaitable

from boxship.api.request import Request
from boxship.api.response import Later, Response
from boxship.engine.containers import wait as verb
from boxship.engine.engine import Engine


async def wait(engine: Engine, request: Request) -> Response:
    condition = request.query.get("condition") if request.version >= (1, 30) else ""
    result = verb.begin(engine, request.params["name"], condition)
    return Later(_answer(result))


async def _answer(result: Awaitable[int]) -> dict[str, int]:
    return {"StatusCode": await result}
