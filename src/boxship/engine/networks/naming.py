"""Under which names a container is found on a network."""

from boxship.base.ids import SHORT_LENGTH
from boxship.engine.containers.container import Container
from boxship.engine.networks.network import Network
from boxship.types.networking import EndpointSettings


def dns_names(
    container: Container, network: Network | None, settings: EndpointSettings
) -> list[str] | None:
    """Its name, its aliases there, its short id and its host name; None where no names are
    resolved."""
    if network is None or not network.user_defined:
        return None
    names = [container.name, *(settings.aliases or ()), container.id[:SHORT_LENGTH]]
    return list(dict.fromkeys([*names, *filter(None, [container.config.hostname])]))
