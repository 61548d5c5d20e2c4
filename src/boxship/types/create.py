"""Body of ``POST /containers/create``: the container's configuration with more keys inline."""

from boxship.types.container_config import ContainerConfig
from boxship.types.host_config import HostConfig
from boxship.types.model import Int64
from boxship.types.networking import NetworkingConfig


class CreateRequest(ContainerConfig):
    """The limits beside ``host_config`` are those of clients from before it existed."""

    host_config: HostConfig | None = None
    networking_config: NetworkingConfig | None = None
    memory: Int64 = 0
    memory_swap: Int64 = 0
    cpu_shares: Int64 = 0
    cpuset: str = ""
    cpuset_cpus: str = ""
    volume_driver: str = ""

    def container_config(self) -> ContainerConfig:
        """The inline part alone; lists and maps are shared with this request."""
        return ContainerConfig(**{name: getattr(self, name) for name in _CONFIG_FIELDS})

    def take_old_limits(self, host_config: HostConfig) -> None:
        """Give *host_config* the limits that stand beside it, where it has none of its own."""
        for name in ("memory", "memory_swap", "cpu_shares", "cpuset_cpus", "volume_driver"):
            if not getattr(host_config, name):
                setattr(host_config, name, getattr(self, name))
        if not host_config.cpuset_cpus:
            host_config.cpuset_cpus = self.cpuset


_CONFIG_FIELDS = ContainerConfig.__struct_fields__
