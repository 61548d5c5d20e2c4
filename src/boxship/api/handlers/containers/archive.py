"""HEAD, GET and PUT /containers/{name}/archive."""

import base64
from typing import Any

from boxship.api.request import Request
from boxship.api.response import TAR, Empty, Response, Stream, encode_json
from boxship.engine.containers import archives
from boxship.engine.engine import Engine


def _stat_header(status: dict[str, Any]) -> dict[str, str]:
    encoded = base64.b64encode(encode_json(status).strip()).decode()
    return {"X-Docker-Container-Path-Stat": encoded}


async def stat(engine: Engine, request: Request) -> Response:
    path = request.query.get("path")
    status = await archives.stat_path(engine, request.params["name"], path)
    return Empty(200, _stat_header(status))


async def get(engine: Engine, request: Request) -> Response:
    path = request.query.get("path")
    status, chunks = await archives.get(engine, request.params["name"], path)
    return Stream(chunks, TAR, _stat_header(status))


async def put(engine: Engine, request: Request) -> Response:
    query = request.query
    arguments = {
        "path": query.get("path"),
        "noOverwriteDirNonDir": query.flag("noOverwriteDirNonDir"),
        "copyUIDGID": query.flag("copyUIDGID"),
    }
    await archives.put(engine, request.params["name"], request.body.chunks(), arguments)
    return Empty(200)
