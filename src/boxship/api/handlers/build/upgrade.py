"""POST /grpc and POST /session: BuildKit's protocol, on connections that leave HTTP/1."""

from boxship.api.request import Request
from boxship.api.response import Hijack, Response
from boxship.base.errors import InvalidParameter
from boxship.engine.engine import Engine
from boxship.wire.hijack import HijackedConnection

_PROTOCOL = "h2c"
_ID = "x-docker-expose-session-uuid"
_PREFIX = "x-docker-expose-session-"


async def grpc(engine: Engine, request: Request) -> Response:
    _check(request)
    return Hijack(engine.buildkit.serve, protocol=_PROTOCOL)


async def session(engine: Engine, request: Request) -> Response:
    sessions = engine.buildkit.sessions
    sessions.check_new(request.headers.get(_ID, ""))
    _check(request)
    introduced = {
        name: [word.strip() for word in value.split(",")]
        for name, value in request.headers.items()
        if name.startswith(_PREFIX)
    }

    async def take(connection: HijackedConnection) -> None:
        await sessions.serve(connection, introduced)

    return Hijack(take, protocol=_PROTOCOL)


def _check(request: Request) -> None:
    asked = request.headers.get("upgrade", "")
    if not asked:
        raise InvalidParameter("no upgrade proto in request")
    if asked != _PROTOCOL:
        raise InvalidParameter(f"protocol {asked} not supported")
