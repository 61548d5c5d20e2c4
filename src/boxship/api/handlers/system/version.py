"""GET /version: which engine this is, on what."""

import platform
from typing import Any

import boxship
from boxship.api.request import CURRENT, OLDEST, Request
from boxship.api.response import Json, Response
from boxship.api.router import show_version
from boxship.api.versions import adapt_response
from boxship.engine.host import host


async def version(engine: Any, request: Request) -> Response:
    return Json(adapt_response("version", request.version, _describe()))


def _describe() -> dict[str, Any]:
    here = host()
    facts = {
        "ApiVersion": show_version(CURRENT),
        "MinAPIVersion": show_version(OLDEST),
        "GitCommit": "",
        "GoVersion": "",
        "Os": "linux",
        "Arch": here.architecture,
        "KernelVersion": here.kernel,
        "BuildTime": "",
    }
    engine = {
        "Name": "Engine",
        "Version": boxship.__version__,
        "Details": {**facts, "Experimental": "false"},
    }
    python = {
        "Name": "python",
        "Version": platform.python_version(),
        "Details": {"Implementation": platform.python_implementation()},
    }
    return {
        "Platform": {"Name": f"Boxship {boxship.__version__}"},
        "Components": [engine, python],
        "Version": boxship.__version__,
        **facts,
    }
