"""``/distribution/{name}``: manifests and images at a registry, seen and sent by the daemon.

Docker's API has the first of these; the others are ours.
"""

from boxship.api.handlers.images.engine import Engine
from boxship.api.handlers.images.platform import requested_platform
from boxship.api.handlers.images.pull import AUTH_HEADER
from boxship.api.request import Request
from boxship.api.response import Body, Json, Response
from boxship.registry import manifests
from boxship.registry.credentials import Credentials, from_header

_DIGEST = "Docker-Content-Digest"
_PLATFORM_SINCE = (1, 30)


def _asked(request: Request) -> tuple[str, Credentials, bool]:
    credentials = from_header(request.headers.get(AUTH_HEADER, ""))
    return request.params["name"], credentials, request.query.flag("insecure")


async def describe(engine: Engine, request: Request) -> Response:
    name, credentials, insecure = _asked(request)
    return Json(await engine.sharing.remote.distribution(name, credentials, insecure))


async def image(engine: Engine, request: Request) -> Response:
    name, credentials, insecure = _asked(request)
    platform = requested_platform(request, _PLATFORM_SINCE) or ""
    return Json(await engine.sharing.remote.image(name, platform, credentials, insecure))


async def manifest(engine: Engine, request: Request) -> Response:
    name, credentials, insecure = _asked(request)
    found = await engine.sharing.remote.manifest(name, credentials, insecure)
    return Body(found.data, found.media_type, headers={_DIGEST: found.digest})


async def put_manifest(engine: Engine, request: Request) -> Response:
    name, credentials, insecure = _asked(request)
    data = await request.body.read_all(manifests.LIMIT)
    media_type = request.headers.get("content-type", "")
    source = request.query.get("from")
    digest = await engine.sharing.remote.put_manifest(
        name, data, media_type, source, credentials, insecure
    )
    return Json({"Digest": digest, "Size": len(data)}, 201, {_DIGEST: digest})
