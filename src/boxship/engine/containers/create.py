"""Creating a container."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from boxship.base.errors import InvalidParameter, NotFound, NotSupported
from boxship.base.ids import new_id
from boxship.base.times import now_ns
from boxship.engine.containers import events, files
from boxship.engine.containers.container import Container, MountPoint
from boxship.engine.containers.random_names import random_name
from boxship.engine.containers.specification import target_of
from boxship.engine.containers.store import Live
from boxship.engine.containers.validate import Prepared, complete, prepare
from boxship.types.create import CreateRequest

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_NAME = re.compile(r"/?[a-zA-Z0-9][a-zA-Z0-9_.-]+\Z")


@dataclass(slots=True)
class CreateOptions:
    """What does not stand in the body. The modes are the API version's defaults."""

    name: str = ""
    platform: str = ""
    ipc_mode: str = "private"
    cgroupns_mode: str = ""
    warn_mac_address: bool = True


@dataclass(slots=True)
class Created:
    id: str
    warnings: list[str] = field(default_factory=list)


def check_name(name: str) -> str:
    """The name without its slash. :class:`InvalidParameter` in Docker's words."""
    if not _NAME.match(name):
        raise InvalidParameter(
            f"Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
        )
    return name.removeprefix("/")


async def create(engine: "Engine", request: CreateRequest, options: CreateOptions) -> Created:
    """``POST /containers/create``: durable when it returns, nothing left when it raises."""
    if options.name:
        check_name(options.name)
    prepared = prepare(
        request,
        engine.host,
        options.ipc_mode,
        options.cgroupns_mode,
        options.warn_mac_address,
    )
    _check_joins(engine, prepared)
    image = engine.images.resolve(request.image, options.platform or None)
    done = complete(prepared, image.config.get("config"))
    _check_mounts(done.mounts)
    identity = new_id()
    name = check_name(options.name) if options.name else random_name(engine.containers.has_name)
    engine.containers.reserve(name, identity)
    container = _container(identity, name, image.id, done)
    try:
        files.make(engine, container)
        await engine.containers.add(Live(container))
    except BaseException:
        engine.containers.release(name)
        files.delete(engine, identity)
        raise
    events.emit(engine, container, "create")
    return Created(identity, done.warnings)


def _container(identity: str, name: str, image_id: str, done: Prepared) -> Container:
    return Container(
        id=identity,
        name=name,
        created=now_ns(),
        image_id=image_id,
        config=done.config,
        host_config=done.host_config,
        path=done.path,
        args=done.args,
        endpoints=done.endpoints,
        mounts=done.mounts,
    )


def _check_joins(engine: "Engine", prepared: Prepared) -> None:
    """Other containers that are named must exist."""
    host = prepared.host_config
    for mode in (host.network_mode, host.ipc_mode, host.pid_mode):
        target = target_of(mode)
        if target is not None:
            engine.containers.get(target)
    if host.network_mode not in ("bridge", "host", "none") and not target_of(host.network_mode):
        raise NotFound(f"network {host.network_mode} not found")


def _check_mounts(mounts: list[MountPoint]) -> None:
    """Named volumes are not served yet; missing bind sources are made, or refused."""
    for point in mounts:
        if point.type == "volume":
            raise NotSupported(
                f"volume {point.name or point.destination}: this engine has no volumes yet, "
                "bind a host directory instead"
            )
        if point.type == "bind":
            _check_bind(point)


def _check_bind(point: MountPoint) -> None:
    if os.path.lexists(point.source):
        return
    if point.options.get("short_syntax") or point.options.get("create_source"):
        Path(point.source).mkdir(parents=True, exist_ok=True)
