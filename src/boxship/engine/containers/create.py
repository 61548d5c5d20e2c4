"""Creating a container."""

import functools
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from boxship.base.futures import uninterrupted
from boxship.base.ids import new_id
from boxship.base.times import now_ns
from boxship.engine.containers import events, files, joins, volume_mounts
from boxship.engine.containers.container import Container
from boxship.engine.containers.defaults import default_hostname
from boxship.engine.containers.random_names import random_name
from boxship.engine.containers.store import Live
from boxship.engine.containers.validate import Prepared, complete, prepare
from boxship.engine.containers.validation.names import clean_name
from boxship.engine.networks import admission, connection, reach
from boxship.images import host_platform
from boxship.images.record import ImageRecord
from boxship.types.create import CreateRequest

if TYPE_CHECKING:
    from boxship.engine.engine import Engine


@dataclass(slots=True)
class CreateOptions:
    """What does not stand in the body. The modes are the API version's defaults.

    *image_config* replaces the image's own, for containers that only borrow its files.
    *read_only_below*: a read-only bind also is where other file systems are mounted below it.
    *apart*: its files are many, and soon gone.
    """

    name: str = ""
    platform: str = ""
    ipc_mode: str = "private"
    cgroupns_mode: str = ""
    warn_mac_address: bool = True
    image_config: Mapping[str, Any] | None = None
    read_only_below: bool = True
    apart: bool = False


@dataclass(slots=True)
class Created:
    id: str
    warnings: list[str] = field(default_factory=list)


async def create(engine: "Engine", request: CreateRequest, options: CreateOptions) -> Created:
    """``POST /containers/create``: durable when it returns, nothing left when it raises."""
    prepared = prepare(
        request,
        engine.host,
        options.ipc_mode,
        options.cgroupns_mode,
        options.warn_mac_address,
        network_flaws=functools.partial(admission.flaws, engine),
    )
    image = _image(engine, request.image, options.platform)
    image_config = image.config if image else None
    if options.image_config is not None:
        image_config = options.image_config
    joins.resolve(engine, prepared)
    done = complete(prepared, image_config)
    name = clean_name(options.name) if options.name else random_name(engine.containers.has_name)
    done.mounts = volume_mounts.collect(engine, done, options.read_only_below)
    identity = new_id()
    engine.containers.reserve(name, identity)
    container = _container(identity, name, image.id if image else "", done)
    try:
        files.make(engine, container, apart=options.apart)
        async with volume_mounts.held(engine, container):
            promised = await volume_mounts.provide(engine, container)
            connection.name_endpoints(engine, container)
            rows = map(engine.volumes.insertion, promised)
            await engine.containers.add(Live(container), rows)
            engine.volumes.keep(promised)
    except BaseException:
        # A cancellation may arrive right after the row has become durable.
        if engine.containers.by_id(identity) is None:
            engine.containers.release(name)
            files.delete(engine, identity)
            await uninterrupted(volume_mounts.release(engine, container, anonymous_too=True))
        raise
    events.emit(engine, container, "create")
    foreign = "" if image is None or options.platform else host_platform.mismatch(image.platform)
    warnings = [*([foreign] if foreign else []), *done.warnings]
    return Created(identity, [*warnings, *reach.warnings(engine, container)])


def _image(engine: "Engine", reference: str, platform: str) -> ImageRecord | None:
    """A container without an image starts from an empty root."""
    return engine.images.resolve(reference, platform or None) if reference else None


def _container(identity: str, name: str, image_id: str, done: Prepared) -> Container:
    done.config.hostname = default_hostname(
        done.config, done.host_config, identity, socket.gethostname()
    )
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
