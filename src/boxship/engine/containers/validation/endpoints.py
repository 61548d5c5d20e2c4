"""Network attachments in a create request."""

from collections.abc import Sequence

from boxship.base.errors import InvalidParameter
from boxship.engine.containers.validation.addresses import is_ip, is_mac
from boxship.engine.containers.validation.modes import CONTAINER
from boxship.types.networking import EndpointIPAMConfig, EndpointSettings

PREDEFINED = frozenset({"bridge", "host", "none"})


def check_endpoint(network: str, endpoint: EndpointSettings, known: Sequence[str] = ()) -> None:
    """:class:`InvalidParameter` for addresses and aliases that *network* cannot give.

    *known*: what is wrong with them by what the network has.
    """
    flaws = [*_flaws(network, endpoint), *known]
    if flaws:
        lines = flaws if len(flaws) == 1 else [f"* {flaw}" for flaw in flaws]
        _refuse(network, "\n".join(["invalid endpoint settings:", *lines]))
    if endpoint.mac_address and not is_mac(endpoint.mac_address):
        _refuse(network, f"invalid MAC address {endpoint.mac_address}")


def _refuse(network: str, flaw: str) -> None:
    raise InvalidParameter(f"invalid config for network {network}: {flaw}")


def _flaws(network: str, endpoint: EndpointSettings) -> list[str]:
    flaws = []
    addresses = endpoint.ipam_config or EndpointIPAMConfig()
    if network in PREDEFINED or network.startswith(CONTAINER):
        if addresses.ipv4_address or addresses.ipv6_address:
            flaws.append("user specified IP address is supported on user defined networks only")
        if endpoint.aliases:
            flaws.append(
                "network-scoped alias is supported only for containers in user defined networks"
            )
    for version, address in ((4, addresses.ipv4_address), (6, addresses.ipv6_address)):
        if address and not is_ip(address, version):
            flaws.append(f"invalid IPv{version} address: {address}")
    for address in addresses.link_local_ips or ():
        if not is_ip(address):
            flaws.append(f"invalid link-local IP address: {address}")
    return flaws
