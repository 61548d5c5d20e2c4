"""POST /auth: check credentials against a registry."""

from typing import Any

import msgspec

from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.registry.credentials import make


class _Credentials(msgspec.Struct):
    username: str = ""
    password: str = ""
    auth: str = ""
    serveraddress: str = ""
    identitytoken: str = ""
    registrytoken: str = ""


async def auth(engine: Any, request: Request) -> Response:
    given = await request.json(_Credentials)
    credentials = make(
        given.username, given.password, given.auth, given.identitytoken, given.registrytoken
    )
    return Json(await engine.sharing.login(given.serveraddress, credentials))
