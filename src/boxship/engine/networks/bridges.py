"""From a network's definition to its interface and its place in the firewall."""

import ipaddress
import logging
from typing import TYPE_CHECKING

from boxship.base.errors import BoxshipError, Unavailable
from boxship.engine.networks.network import HOST_ADDRESS, MASQUERADE, Network, Subnet, interface
from boxship.network import ipam
from boxship.network.bridge import Bridge, is_interface
from boxship.network.firewall import Zone

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_log = logging.getLogger(__name__)


async def realize(engine: "Engine", network: Network) -> bool:
    """Have the network in the kernel; False where this host cannot have any."""
    networks = engine.networks
    if network.id in networks.realized:
        return True
    if not await networks.fabric.usable():
        return False
    if network.ipv4 is None:
        await _choose_default_subnet(engine, network)
    row = network.ipv4
    assert row is not None
    address = ipaddress.IPv4Address(row.gateway or ipam.first_usable(_parsed(row)))
    own = () if not row.gateway else (interface(row.gateway, row.subnet),)
    wanted = Bridge(network.bridge, ipam.mac_for(address), own, network.mtu)
    masquerade = network.flag(MASQUERADE)
    zone = Zone(network.bridge, _parsed(row), network.internal, masquerade)
    try:
        await networks.fabric.add_network(wanted, zone)
    except OSError as error:
        raise Unavailable(f"cannot create the bridge {network.bridge}: {error}") from None
    networks.realized.add(network.id)
    return True


async def restore(engine: "Engine") -> None:
    """At the daemon's start: what there was before it, and nothing where there was nothing."""
    networks = engine.networks
    own = [each for each in networks if each.user_defined]
    if is_interface(networks.default.bridge):
        own.append(networks.default)
    for network in own:
        try:
            await realize(engine, network)
        except BoxshipError as error:
            _log.warning("network %s: %s", network.name, error)


def _parsed(row: Subnet) -> ipaddress.IPv4Network:
    return ipaddress.IPv4Network(row.subnet)


async def taken(engine: "Engine") -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Subnets that a new network must keep clear of: other networks' and the host's routes."""
    networks = engine.networks
    if not await networks.fabric.usable():
        return networks.subnets()
    own = {each.bridge for each in networks}
    return [*networks.subnets(), *await networks.fabric.routes(but=own)]


async def _choose_default_subnet(engine: "Engine", network: Network) -> None:
    """The one that its interface has from an earlier daemon, else the first that is free."""
    present = await engine.networks.fabric.addresses(network.bridge)
    for each in present:
        if each.version == 4:
            network.subnets = [Subnet(subnet=str(each.network), gateway=str(each.ip))]
            return
    others = await taken(engine)
    if network.ipv4 is None:
        subnet = ipam.choose_subnet(others)
        network.subnets = [Subnet(subnet=str(subnet), gateway=str(ipam.first_usable(subnet)))]


def host_address(network: Network) -> ipaddress.IPv4Address:
    """Where ports are published that name no address."""
    return ipaddress.IPv4Address(network.options.get(HOST_ADDRESS) or "0.0.0.0")
