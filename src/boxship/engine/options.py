"""What an engine is told at its start."""

from dataclasses import dataclass, field
from pathlib import Path

from boxship.engine.networks.settings import NetworkSettings
from boxship.network.dns.resolv_conf import Wishes
from boxship.registry.settings import RegistrySettings


@dataclass(frozen=True, slots=True)
class Mappings:
    """Users and groups of containers on the host: rows of inside, outside, length."""

    uid: tuple[tuple[int, int, int], ...]
    gid: tuple[tuple[int, int, int], ...]

    @property
    def root(self) -> tuple[int, int]:
        """Whom root is; both mappings begin with 0."""
        return self.uid[0][1], self.gid[0][1]

    def rows(self) -> dict[str, list[list[int]]]:
        """As messages to the sandbox have them."""
        return {"uid": [[*row] for row in self.uid], "gid": [[*row] for row in self.gid]}


@dataclass(slots=True)
class EngineOptions:
    """*data_root* survives a reboot, *exec_root* (on tmpfs) does not. Times are seconds.

    *users*: containers run in user namespaces with these mappings, unless they opt out. *names*:
    for containers that ask for nothing else; *host_gateway*: the address that this stands for.
    *warnings*: lines for ``docker info``.
    """

    data_root: Path
    exec_root: Path
    cgroup_parent: str = "/boxship"
    log_driver: str = "json-file"
    log_options: dict[str, str] = field(default_factory=dict)
    default_ulimits: dict[str, tuple[int, int]] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    init: bool = False
    live_restore: bool = True
    shutdown_timeout: int = 15
    kill_at: str = ""
    users: Mappings | None = None
    registries: RegistrySettings = field(default_factory=RegistrySettings)
    networks: NetworkSettings = field(default_factory=NetworkSettings)
    names: Wishes = field(default_factory=Wishes)
    host_gateway: str = ""

    def container_directory(self, container_id: str) -> str:
        return f"{self.data_root}/containers/{container_id}"

    @property
    def run_root(self) -> Path:
        """Run directories of containers; paths of sockets below it must stay under 108 bytes."""
        return self.exec_root / "containers"
