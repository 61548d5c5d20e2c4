"""The engine: one object that holds the parts; the verbs live in modules beside it."""

import asyncio
import uuid
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from boxship.base.times import now_ns
from boxship.builder.cache import MIGRATIONS as BUILD_MIGRATIONS
from boxship.engine.building import run_step
from boxship.engine.building.building import Building
from boxship.engine.building.cache_mounts import MIGRATIONS as MOUNT_MIGRATIONS
from boxship.engine.buildkit.services import BuildkitServices
from boxship.engine.containers import adopt, files, stop
from boxship.engine.containers.deletions import Deletions
from boxship.engine.containers.host_facts import HostFacts, read_host_facts
from boxship.engine.containers.store import MIGRATIONS as CONTAINER_MIGRATIONS
from boxship.engine.containers.store import Containers
from boxship.engine.disk_usage import disk_usage
from boxship.engine.events import Events
from boxship.engine.info import system_info
from boxship.engine.networks import publishing, realization, resolving
from boxship.engine.networks.store import MIGRATIONS as NETWORK_MIGRATIONS
from boxship.engine.networks.store import Networks
from boxship.engine.options import EngineOptions
from boxship.engine.sharing.sharing import Sharing
from boxship.images.images import Images
from boxship.images.removal import ContainerUse
from boxship.images.schema import (
    BLOB_MIGRATIONS,
    PARENT_MIGRATIONS,
    STEP_MIGRATIONS,
    URL_MIGRATIONS,
)
from boxship.images.schema import MIGRATIONS as IMAGE_MIGRATIONS
from boxship.images.snapshots.snapshotter import RootfsLayer
from boxship.network.dns import service as dns
from boxship.network.proxy import Proxy
from boxship.runtime.cgroups import Cgroups
from boxship.runtime.spawner import SpawnerProcess
from boxship.runtime.supervisor import Supervisor
from boxship.runtime.workers import Workers
from boxship.state.database import Database
from boxship.volumes.store import MIGRATIONS as VOLUME_MIGRATIONS
from boxship.volumes.store import Volumes

# A database knows how many of these it has seen: new ones go to the end.
MIGRATIONS = (
    *CONTAINER_MIGRATIONS,
    *IMAGE_MIGRATIONS,
    *VOLUME_MIGRATIONS,
    *BLOB_MIGRATIONS,
    *NETWORK_MIGRATIONS,
    *URL_MIGRATIONS,
    *BUILD_MIGRATIONS,
    *MOUNT_MIGRATIONS,
    *PARENT_MIGRATIONS,
    *STEP_MIGRATIONS,
)


def _make_directories(options: EngineOptions) -> None:
    options.data_root.mkdir(parents=True, exist_ok=True, mode=0o710)
    for directory in (options.exec_root, options.run_root):
        directory.mkdir(parents=True, exist_ok=True, mode=0o711)
    (options.data_root / "containers").mkdir(exist_ok=True, mode=0o710)
    # Files of builds have the modes that their owners gave them, but root for an owner.
    (options.data_root / "build").mkdir(exist_ok=True, mode=0o700)
    (options.data_root / "build").chmod(0o700)


class Engine:
    """Belongs to the running event loop. ``open`` makes it ready, ``close`` leaves containers."""

    options: EngineOptions
    opened_at: int
    host: HostFacts
    events: Events
    database: Database
    images: Images
    sharing: Sharing
    volumes: Volumes
    building: Building
    buildkit: BuildkitServices
    containers: Containers
    networks: Networks
    cgroups: Cgroups
    spawner: SpawnerProcess
    supervisor: Supervisor
    workers: Workers
    names: dns.Service
    proxy: Proxy
    deletions: Deletions

    def __init__(self, options: EngineOptions) -> None:
        self.options = options
        _make_directories(options)
        self.opened_at = now_ns()
        self.events = Events()
        self.cgroups = Cgroups(options.cgroup_parent)
        self.host = read_host_facts(
            self.cgroups.version, self.cgroups.unsupported, options.users is not None
        )
        self.database = Database(options.data_root / "boxship.db", MIGRATIONS)
        self.spawner = SpawnerProcess(options.exec_root)
        self.workers = Workers(self.spawner)
        self.names = dns.Service(options.exec_root, self.spawner.send, self._names_lost)
        self.proxy = Proxy(options.exec_root, self.spawner.send, self._proxy_lost)
        self.supervisor = Supervisor(self.spawner, options.run_root)
        self.images = Images(
            options.data_root,
            self.database,
            self.workers,
            emit=lambda action, image, attributes: self._image_event(action, image, attributes),
            forget_layers=self._forget_layers,
            pinned=lambda: self.building.cache.layers(),
            step_users=self.users_of,
        )
        self.sharing = Sharing(self.images, options.registries, self._image_event)
        self.volumes = Volumes(options.data_root / "volumes", self.database)
        self.containers = Containers(self.database)
        self.networks = Networks(
            self.database, self.daemon_id, self.opened_at, options.networks, options.exec_root
        )
        self.building = Building(self)
        self.buildkit = BuildkitServices(self)
        self.deletions = Deletions(lambda each: files.delete(self, each))
        self._tasks: set[asyncio.Task[Any]] = set()

    async def open(self) -> None:
        """Start the spawner, take over containers that still run, sweep what nobody owns."""
        self.spawner.start()
        await self.images.recover(self.containers_using)
        await realization.restore(self)
        await self.names.find()
        await self.proxy.find()
        await adopt.adopt_all(self)
        await resolving.restore(self)
        await publishing.sweep(self)
        await run_step.sweep(self)
        await self.images.forget_steps()

    def _names_lost(self) -> None:
        self.background(resolving.restore(self))

    def _proxy_lost(self) -> None:
        self.background(publishing.restore_proxy(self))

    def background(self, coroutine: Any) -> "asyncio.Task[Any]":
        """Run *coroutine* on its own; it is referenced until it ends."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def containers_using(self, image_id: str) -> list[ContainerUse]:
        """The containers that were made from the image."""
        return [
            ContainerUse(live.id, live.container.state.running)
            for live in self.containers
            if live.container.image_id == image_id
            or any(point.options.get("image") == image_id for point in live.container.mounts)
        ]

    def users_of(self, image_id: str) -> list[ContainerUse]:
        """Those, and builds that need the image."""
        uses = self.containers_using(image_id)
        return [*uses, ContainerUse("", True)] if self.building.is_using(image_id) else uses

    def _image_event(self, action: str, image_id: str, attributes: dict[str, str]) -> None:
        self.events.emit("image", action, image_id, attributes)

    def _forget_layers(self, layers: list[RootfsLayer]) -> None:
        self.supervisor.forget_layers([row.get("index") or row["path"] for row in layers])

    async def system_info(self) -> Mapping[str, Any]:
        return system_info(self)

    async def disk_usage(self, kinds: frozenset[str]) -> Mapping[str, Any]:
        return await disk_usage(self, kinds)

    @cached_property
    def daemon_id(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, str(self.options.data_root)))

    async def close(self, stop_containers: bool = False) -> None:
        """Let go of everything; running containers live on with their shims, unless told."""
        await self.buildkit.close()
        if stop_containers:
            await stop.stop_all(self)
        await self.containers.close()
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if not any(live.shim is not None for live in self.containers):
            await realization.clear(self)
        for live in self.containers:
            for shim in (live.shim, live.leaving):
                if shim is not None:
                    shim.close()
        self.sharing.close()
        await self.images.close()
        self.networks.fabric.close()
        self.names.close()
        self.proxy.close()
        self.spawner.close()
        self.database.close()
        self.deletions.close()
