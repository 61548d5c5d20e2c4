"""POST /auth: check credentials against a registry."""

from typing import Any

import msgspec

from boxship.api.request import Request
from boxship.api.response import Response
from boxship.base.errors import NotSupported


class _Credentials(msgspec.Struct):
    username: str = ""
    password: str = ""
    serveraddress: str = ""


async def auth(engine: Any, request: Request) -> Response:
    credentials = await request.json(_Credentials)
    server = credentials.serveraddress or "docker.io"
    raise NotSupported(f"cannot log in to {server}: registries are not available in this engine")
