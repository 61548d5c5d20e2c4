"""What the engine knows of one container; the durable part is its JSON form."""

from typing import Any

import msgspec

from boxship.base.times import rfc3339
from boxship.types.container_config import ContainerConfig
from boxship.types.host_config import HostConfig
from boxship.types.networking import EndpointSettings


class MountPoint(msgspec.Struct, kw_only=True):
    """A mount that the user asked for, as ``inspect`` shows it."""

    type: str
    source: str
    destination: str
    name: str = ""
    driver: str = ""
    mode: str = ""
    rw: bool = True
    propagation: str = ""
    options: dict[str, Any] = {}


class State(msgspec.Struct, kw_only=True):
    """Times are nanoseconds since the epoch, 0 for never."""

    status: str = "created"
    pid: int = 0
    exit_code: int = 0
    error: str = ""
    oom_killed: bool = False
    started_at: int = 0
    finished_at: int = 0
    health: dict[str, Any] | None = None

    @property
    def running(self) -> bool:
        """True also while paused or restarting, as in Docker's own state."""
        return self.status in ("running", "paused", "restarting")

    def unwatched(self) -> None:
        """Nobody probes for now: what is not probed is not healthy, as Docker has it."""
        if self.health is not None:
            self.health["Status"] = "unhealthy"

    def health_at_start(self) -> dict[str, Any] | None:
        """The results of earlier runs stay, and judge nothing."""
        return self.health and self.health | {"Status": "starting", "FailingStreak": 0}


class Container(msgspec.Struct, kw_only=True):
    id: str
    name: str
    created: int
    image_id: str
    config: ContainerConfig
    host_config: HostConfig
    path: str = ""
    args: list[str] = []
    endpoints: dict[str, EndpointSettings] = {}
    state: State = msgspec.field(default_factory=State)
    restart_count: int = 0
    manually_stopped: bool = False
    mounts: list[MountPoint] = []
    platform: str = "linux"
    driver: str = "overlayfs"
    log_path: str = ""
    hostname_path: str = ""
    hosts_path: str = ""
    resolv_conf_path: str = ""
    tags: dict[str, Any] = {}

    @property
    def created_at(self) -> str:
        return rfc3339(self.created)
