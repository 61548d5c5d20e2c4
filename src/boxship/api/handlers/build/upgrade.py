"""POST /grpc and POST /session: BuildKit's protocol, on connections that leave HTTP/1."""

from boxship.api.request import Request
from boxship.api.response import Hijack, Response
from boxship.base.errors import Internal, InvalidParameter
from boxship.engine.engine import Engine
from boxship.wire.hijack import HijackedConnection

_PROTOCOL = "h2c"
_ID = "x-docker-expose-session-uuid"
_PREFIX = "x-docker-expose-session-"


async def grpc(engine: Engine, request: Request) -> Response:
    if problem := _problem(request):
        raise Internal(problem)
    return Hijack(engine.buildkit.serve, protocol=_PROTOCOL)


async def session(engine: Engine, request: Request) -> Response:
    sessions = engine.buildkit.sessions
    sessions.check_new(request.headers.get(_ID, ""))
    if problem := _problem(request):
        raise InvalidParameter(problem)
    introduced = {
        name: [word.strip() for word in value.split(",")]
        for name, value in request.headers.items()
        if name.startswith(_PREFIX)
    }

    async def take(connection: HijackedConnection) -> None:
        await sessions.serve(connection, introduced)

    return Hijack(take, protocol=_PROTOCOL)


def _problem(request: Request) -> str:
    """Why the connection cannot be upgraded; dockerd takes it for its own failure with /grpc."""
    asked = request.headers.get("upgrade", "")
    if not asked:
        return "no upgrade proto in request"
    return "" if asked == _PROTOCOL else f"protocol {asked} not supported"
