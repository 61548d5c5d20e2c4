"""POST /images/load."""

from boxship.api.handlers.images.engine import Engine
from boxship.api.handlers.images.platform import requested_platform
from boxship.api.handlers.images.upload import with_upload
from boxship.api.request import Request
from boxship.api.response import JSON, Body, Response
from boxship.base.errors import BoxshipError
from boxship.wire.jsonlines import json_line

_PLATFORM_SINCE = (1, 48)


async def load(engine: Engine, request: Request) -> Response:
    platform = requested_platform(request, _PLATFORM_SINCE)
    quiet = request.query.flag("quiet", True)

    async def messages(fd: int) -> bytes:
        try:
            found = engine.images.load(fd, quiet, platform)
            return b"".join([json_line(message) async for message in found])
        except BoxshipError as error:
            # What is wrong with an archive is told in the stream, as everything else of it.
            return json_line({"errorDetail": {"message": str(error)}, "error": str(error)})

    return Body(await with_upload(request, messages), JSON)
