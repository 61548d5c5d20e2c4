"""The style sheet."""

import functools
from pathlib import Path

from boxship.hub.answers import Answer
from boxship.hub.request import Request
from boxship.oci.distribution.errors import DistributionError

_TYPES = {"hub.css": "text/css; charset=utf-8", "hub.svg": "image/svg+xml"}


@functools.cache
def _content(name: str) -> bytes:
    return (Path(__file__).parent / "static" / name).read_bytes()


async def static_file(request: Request) -> Answer:
    name = request.params["file"]
    if name not in _TYPES:
        raise DistributionError("UNSUPPORTED", "no such file", status=404)
    headers = [("Content-Type", _TYPES[name]), ("Cache-Control", "public, max-age=3600")]
    return Answer(200, headers, _content(name))
