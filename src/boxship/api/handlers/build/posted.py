"""POST /build?version=2: a build by BuildKit, as clients without BuildKit's protocol ask for it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace

import msgspec

from boxship.api.handlers.build.parameters import credentials_of, decoded
from boxship.api.handlers.images.pull import lines
from boxship.api.handlers.images.upload import with_upload
from boxship.api.query import Query
from boxship.api.request import Body, Request
from boxship.api.response import Empty, Response, Stream
from boxship.base.errors import Internal, InvalidParameter
from boxship.builder.buildkit.control import Exporter
from boxship.engine.building.building import Sources
from boxship.engine.buildkit.posted import PostedBuild
from boxship.engine.engine import Engine
from boxship.images import platform as platforms
from boxship.images import reference as references
from boxship.types.host_config import Ulimit

_SESSION, _LATER = "client-session", "upload-request"
_DOCKERFILE_LIMIT = 1 << 20
_START = 512  # bytes, by which an archive and a Dockerfile are told apart
_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_OF_IMAGES = ("moby", "image")
#: Parameters whose values the front end takes as they are, by the names that it has for them.
_PLAIN = {
    "target": "target",
    "platform": "platform",
    "cgroupparent": "cgroup-parent",
    "memory": "boxship.memory",
    "memswap": "boxship.memory-swap",
    "cpushares": "boxship.cpu-shares",
    "cpuperiod": "boxship.cpu-period",
    "cpuquota": "boxship.cpu-quota",
    "cpusetcpus": "boxship.cpuset-cpus",
    "cpusetmems": "boxship.cpuset-mems",
}


class _Output(msgspec.Struct, rename="pascal"):
    type: str = ""
    attrs: dict[str, str] | None = None


async def build(engine: Engine, request: Request) -> Response:
    """Start a build, or take in the context of one that awaits it."""
    query = request.query
    build_id = query.get("buildid")
    if build_id.startswith(f"{_LATER}:"):
        wanted = build_id.removeprefix(f"{_LATER}:")
        await engine.buildkit.posted.hand_in(wanted, lambda: _received(engine, request))
        return Empty(200)
    arguments = decoded(query, "buildargs", dict[str, str | None], {})
    given = {name: value for name, value in arguments.items() if value is not None}
    remote = query.get("remote")
    posted = PostedBuild(
        attributes=_attributes(query, given),
        exporters=_exporters(query),
        session=query.get("session"),
        build_id=build_id,
        awaits_context=remote == _LATER,
        with_inline_cache=given.get("BUILDKIT_INLINE_CACHE", "").lower() in ("1", "t", "true"),
        quiet=query.flag("q"),
        known=credentials_of(request),
    )
    if not remote:
        posted = replace(posted, sources=await _received(engine, request))
    return Stream(lines(engine.buildkit.posted.build(posted)))


def _attributes(query: Query, arguments: Mapping[str, str]) -> dict[str, str]:
    if query.get("platform"):
        platforms.parse(query.get("platform"))
    found = {ours: query.get(name) for name, ours in _PLAIN.items() if query.get(name)}
    dockerfile, remote = query.get("dockerfile"), query.get("remote")
    if dockerfile not in ("", "."):
        found["filename"] = dockerfile
    if remote not in ("", _SESSION, _LATER):
        found["context"] = remote
    found["cache-from"] = ",".join(decoded(query, "cachefrom", list[str], []))
    found |= {f"build-arg:{name}": value for name, value in arguments.items()}
    labels = decoded(query, "labels", dict[str, str], {})
    found |= {f"label:{name}": value for name, value in labels.items()}
    found["image-resolve-mode"] = "pull" if query.flag("pull") else "default"
    if query.flag("nocache"):
        found["no-cache"] = ""
    if query.flag("squash"):
        found["boxship.squash"] = "true"
    network = query.get("networkmode")
    if network not in ("", "default", "host", "none"):
        raise Internal(f'network mode "{network}" not supported by buildkit')
    if network in ("host", "none"):
        found["force-network-mode"] = network
    found["add-hosts"] = ",".join(_hosts(query))
    if query.integer("shmsize") > 0:
        found["shm-size"] = str(query.integer("shmsize"))
    ulimits = decoded(query, "ulimits", list[Ulimit], [])
    found["ulimit"] = ",".join(f"{one.name}={one.soft}:{one.hard}" for one in ulimits)
    return found


def _hosts(query: Query) -> list[str]:
    found = []
    for text in query.all("extrahosts"):
        for word in filter(None, text.split(",")):
            host, _, address = word.partition(":")
            if not host or not address:
                raise InvalidParameter(f"invalid host {word}")
            found.append(f"{host}={address}")
    return found


def _exporters(query: Query) -> list[Exporter]:
    outputs = decoded(query, "outputs", list[_Output], [])
    if len(outputs) > 1:
        raise Internal("multiple outputs not supported")
    if outputs and outputs[0].type == "cacheonly":
        return []
    found = Exporter("moby", {})
    if outputs:
        found = Exporter(outputs[0].type, dict(outputs[0].attrs or {}))
    names = [str(references.parse_tagged(tag, "")) for tag in query.all("t") if tag]
    if names and found.type in _OF_IMAGES:
        found.attrs["name"] = ",".join(dict.fromkeys(names))
    return [found]


async def _received(engine: Engine, request: Request) -> Sources:
    """The body: an archive, or a Dockerfile that is all there is of a context."""
    body = _Peeked(request.body)
    start = await body.start()
    if b"\0" in start or start.startswith(_COMPRESSED):
        upload = await with_upload(replace(request, body=body), engine.building.receive)
        return Sources(upload=upload)
    text = (await body.read_all(_DOCKERFILE_LIMIT)).decode("utf-8", "replace")
    if not text:
        raise InvalidParameter("the Dockerfile cannot be empty")
    return Sources(text=text)


@dataclass
class _Peeked:
    """A body whose first bytes can be looked at before it is read."""

    _body: Body
    _seen: bytes = b""

    @property
    def empty(self) -> bool:
        return self._body.empty

    async def start(self) -> bytes:
        """The first bytes; fewer only if that is all."""
        async for chunk in self._body.chunks():
            self._seen += chunk
            if len(self._seen) >= _START:
                break
        return self._seen[:_START]

    async def read_all(self, limit: int) -> bytes:
        return self._seen + await self._body.read_all(max(0, limit - len(self._seen)))

    async def chunks(self) -> AsyncIterator[bytes]:
        if self._seen:
            yield self._seen
        async for chunk in self._body.chunks():
            yield chunk
