"""POST /exec/{id}/start."""

from boxship.api.handlers.containers.attach import stream_type
from boxship.api.request import Request
from boxship.api.response import Empty, Hijack, Response
from boxship.api.versions import adapt_request
from boxship.engine.containers import execs
from boxship.engine.engine import Engine
from boxship.types.exec_config import ExecStart
from boxship.wire.hijack import HijackedConnection


async def start(engine: Engine, request: Request) -> Response:
    body = await request.json(ExecStart)
    body = adapt_request("exec.start", request.version, body)
    live, session = execs.check_start(engine, request.params["id"])
    if body.console_size is not None:
        session.size = body.console_size
    if body.detach:
        await execs.start(engine, live, session, None, body.tty)
        return Empty(200)

    async def take(connection: HijackedConnection) -> None:
        await execs.start(engine, live, session, connection.detach_socket(), body.tty)

    return Hijack(take, stream_type(request, body.tty), settle=True)
