"""Plugins: there are none, and none can be added."""

from typing import Any

from boxship.api.request import Request
from boxship.api.response import Json, Response
from boxship.base.errors import NotFound, NotSupported


async def list_plugins(engine: Any, request: Request) -> Response:
    request.query.filters(("capability", "enabled"))
    return Json([])


async def not_found(engine: Any, request: Request) -> Response:
    raise NotFound(f'plugin "{request.params["name"]}" not found')


async def cannot_install(engine: Any, request: Request) -> Response:
    raise NotSupported("plugins are not available in this engine")
