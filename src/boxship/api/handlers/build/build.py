"""POST /build: the classic builder's form; others are passed on."""

import msgspec

from boxship.api.handlers.build import posted
from boxship.api.handlers.build.parameters import credentials_of, decoded
from boxship.api.handlers.images.pull import lines
from boxship.api.handlers.images.upload import with_upload
from boxship.api.query import Query
from boxship.api.request import JSON_LIMIT, Request
from boxship.api.response import Hijack, Response, Stream
from boxship.base.errors import Forbidden, InvalidParameter, NotSupported
from boxship.builder.options import BuildOptions, Limits
from boxship.engine.building.building import Sources
from boxship.engine.buildkit.handed_over import Handover
from boxship.engine.engine import Engine
from boxship.types.host_config import Ulimit
from boxship.wire.hijack import HijackedConnection

HANDED_OVER = "application/vnd.boxship.build.v2+json"
UPGRADE = "boxship-build"
_CLASSIC, _BUILDKIT = "1", "2"
_SECOND = 1_000_000_000


async def build(engine: Engine, request: Request) -> Response:
    if request.headers.get("content-type") == HANDED_OVER:
        return await _handed_over(engine, request)
    query = request.query
    if query.get("version") == _BUILDKIT:
        return await posted.build(engine, request)
    if query.get("version") not in ("", _CLASSIC):
        raise InvalidParameter(f'invalid version "{query.get("version")}"')
    if query.get("outputs") and query.get("outputs") != "[]":
        raise NotSupported("outputs need BuildKit's protocol: docker buildx build")
    options = _options(query)
    remote = query.get("remote")
    dockerfile = query.get("dockerfile") or "Dockerfile"
    upload = None
    if not remote or remote == "client-session":
        remote = ""
        upload = await with_upload(request, engine.building.receive)
    sources = Sources(
        upload=upload, remote=remote, dockerfile=dockerfile, credentials=credentials_of(request)
    )
    return Stream(lines(engine.building.build(sources, options)))


async def _handed_over(engine: Engine, request: Request) -> Response:
    """What our own client sends in place of an archive; the rest of it follows after an upgrade."""
    if request.peer.kind != "unix":
        raise Forbidden("only a client on this machine can hand over a directory")
    if request.headers.get("upgrade", "") != UPGRADE:
        raise InvalidParameter("a context is handed over on a connection of its own")
    try:
        given = msgspec.json.decode(await request.body.read_all(JSON_LIMIT), type=Handover)
    except (ValueError, RecursionError) as error:
        raise InvalidParameter(f"error reading the request: {error}") from None

    async def take(connection: HijackedConnection) -> None:
        await engine.buildkit.local.serve(connection, given)

    return Hijack(take, protocol=UPGRADE)


def _options(query: Query) -> BuildOptions:
    limits = Limits(
        memory=query.integer("memory"),
        memory_swap=query.integer("memswap"),
        cpu_shares=query.integer("cpushares"),
        cpu_period=query.integer("cpuperiod"),
        cpu_quota=query.integer("cpuquota"),
        cpuset_cpus=query.get("cpusetcpus"),
        cpuset_mems=query.get("cpusetmems"),
        shm_size=query.integer("shmsize"),
        ulimits=tuple(decoded(query, "ulimits", list[Ulimit], [])),
        cgroup_parent=query.get("cgroupparent"),
    )
    if query.get("isolation").lower() not in ("", "default"):
        raise InvalidParameter(f'Unsupported isolation: "{query.get("isolation")}"')
    given = decoded(query, "buildargs", dict[str, str | None], {})
    hosts = [each for text in query.all("extrahosts") for each in text.split(",") if each]
    epoch = given.get("SOURCE_DATE_EPOCH") or ""
    return BuildOptions(
        tags=tuple(tag for tag in query.all("t") if tag),
        target=query.get("target"),
        build_args={name: value for name, value in given.items() if value is not None},
        labels=decoded(query, "labels", dict[str, str], {}),
        platform=query.get("platform"),
        no_cache=query.flag("nocache"),
        pull=query.flag("pull"),
        cache_from=tuple(decoded(query, "cachefrom", list[str], [])),
        network=query.get("networkmode") or "default",
        extra_hosts=tuple(hosts),
        security=tuple(decoded(query, "securityopt", list[str], [])),
        limits=limits,
        remove=query.flag("rm", True),
        force_remove=query.flag("forcerm"),
        squash=query.flag("squash"),
        quiet=query.flag("q"),
        created=int(epoch) * _SECOND if epoch.isdecimal() and len(epoch) < 12 else 0,
    )
