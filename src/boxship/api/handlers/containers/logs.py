"""GET /containers/{name}/logs."""

from boxship.api.handlers.containers.attach import stream_type
from boxship.api.request import Request
from boxship.api.response import Response, Stream
from boxship.api.timestamp import parse_timestamp
from boxship.base.errors import InvalidParameter
from boxship.engine.containers import logs as verb
from boxship.engine.engine import Engine
from boxship.logs.entries import Selection


async def logs(engine: Engine, request: Request) -> Response:
    query = request.query
    stdout, stderr = query.flag("stdout"), query.flag("stderr")
    if not (stdout or stderr):
        raise InvalidParameter("Bad parameters: you must choose at least one stream")
    tail = query.get("tail", "all")
    selection = Selection(
        stdout=stdout,
        stderr=stderr,
        since=parse_timestamp(query.get("since")) or 0,
        until=parse_timestamp(query.get("until")) or 0,
        tail=int(tail) if tail.isascii() and tail.isdigit() else -1,
        follow=query.flag("follow"),
        timestamps=query.flag("timestamps"),
        details=query.flag("details"),
    )
    live, chunks = verb.logs(engine, request.params["name"], selection)
    return Stream(chunks, stream_type(request, live.container.config.tty))
