"""Body of ``POST /containers/create``: the container's configuration with two more keys inline."""

from boxship.types.container_config import ContainerConfig
from boxship.types.host_config import HostConfig
from boxship.types.networking import NetworkingConfig


class CreateRequest(ContainerConfig):
    host_config: HostConfig | None = None
    networking_config: NetworkingConfig | None = None

    def container_config(self) -> ContainerConfig:
        """The inline part alone; lists and maps are shared with this request."""
        return ContainerConfig(**{name: getattr(self, name) for name in _CONFIG_FIELDS})


_CONFIG_FIELDS = ContainerConfig.__struct_fields__
