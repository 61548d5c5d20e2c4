"""What an engine is told at its start."""

from dataclasses import dataclass, field
from pathlib import Path

from boxship.registry.settings import RegistrySettings


@dataclass(slots=True)
class EngineOptions:
    """*data_root* survives a reboot, *exec_root* (on tmpfs) does not. Times are seconds."""

    data_root: Path
    exec_root: Path
    cgroup_parent: str = "/boxship"
    log_driver: str = "json-file"
    log_options: dict[str, str] = field(default_factory=dict)
    default_ulimits: dict[str, tuple[int, int]] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    init: bool = False
    live_restore: bool = True
    shutdown_timeout: int = 15
    kill_at: str = ""
    registries: RegistrySettings = field(default_factory=RegistrySettings)

    def container_directory(self, container_id: str) -> Path:
        return self.data_root / "containers" / container_id

    @property
    def run_root(self) -> Path:
        """Run directories of containers; paths of sockets below it must stay under 108 bytes."""
        return self.exec_root / "containers"
