"""From a network's definition to its interface and its place in the firewall."""

import contextlib
import ipaddress
import logging
from typing import TYPE_CHECKING

from boxship.base.errors import BoxshipError, Internal, InvalidParameter, NotFound
from boxship.engine.networks.network import (
    BRIDGE_NAME,
    ICC,
    INHIBIT_IPV4,
    PARENT,
    UPPER_DRIVERS,
    Network,
    Subnet,
)
from boxship.engine.networks.settings import elsewhere, inner_range
from boxship.network import bridge, ipam, parent
from boxship.network.bridge import Bridge, is_interface
from boxship.network.parent import Parent
from boxship.network.ruleset import Zone

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_log = logging.getLogger(__name__)
#: Of the names of default bridges: the first daemon's has number 0.
_DEFAULT_STEM = "boxship"


async def realize(engine: "Engine", network: Network) -> bool:
    """Have the network in the kernel; False where this host cannot have any.

    :class:`NotFound` for one that has been removed meanwhile.
    """
    networks = engine.networks
    if network.id in networks.realized:
        return True
    if not networks.knows(network):
        raise NotFound(f"network {network.id} not found")
    if not await networks.fabric.usable():
        return False
    if network.predefined:
        await _choose_default_name(engine)
        await choose_default_subnets(engine)
    try:
        if network.driver in UPPER_DRIVERS:
            wanted = Parent(network.parent, PARENT not in network.options, networks.owner)
            await networks.fabric.with_channel(lambda channel: parent.ensure(channel, wanted))
        else:
            if network.ipv6 and networks.fabric.publishing.forwarding:
                await networks.fabric.with_channel(lambda _: bridge.enable_forwarding_ipv6())
            await networks.fabric.add_network(_bridge(networks.owner, network), _zone(network))
    except OSError as error:
        raise Internal(_words(error)) from None
    networks.realized.add(network.id)
    return True


async def _choose_default_name(engine: "Engine") -> None:
    """Of the default bridge, unless it is one of the user's: two daemons have one each."""
    networks = engine.networks
    if networks.default.wired and not networks.settings.bridge:
        name = await networks.fabric.own_bridge_name(_DEFAULT_STEM, networks.owner)
        networks.default.options[BRIDGE_NAME] = name


def _words(error: OSError) -> str:
    """As Go words what the kernel said, unless it is a sentence of our own."""
    text = error.strerror or str(error)
    return text if "interface" in text else text[:1].lower() + text[1:]


def _bridge(owner: str, network: Network) -> Bridge:
    hosts = [address for row in network.subnets for address in _host_addresses(network, row)]
    first = next(iter(network.rows(4) + network.rows(6)))
    gateway = ipaddress.ip_address(first.gateway)
    mac = ipam.mac_for(gateway)
    return Bridge(network.bridge, mac, tuple(hosts), network.mtu, owner, network.ipv6)


def _host_addresses(network: Network, row: Subnet) -> list[ipam.Interface]:
    """The host's own in a subnet: the gateway, unless the user wants none."""
    version = row.version
    if row not in network.rows(version) or not row.gateway:
        return []
    if network.gateway_mode(version) == "isolated":
        return []
    if version == 4 and network.flag(INHIBIT_IPV4, default=False):
        return []
    return [ipaddress.ip_interface(f"{row.gateway}/{row.subnet.partition('/')[2]}")]


def _zone(network: Network) -> Zone:
    first = {version: next(iter(network.rows(version)), None) for version in (4, 6)}
    return Zone(
        network.bridge,
        ipaddress.IPv4Network(first[4].subnet) if first[4] else None,
        internal=network.internal,
        masquerade=network.masquerades(4),
        icc=network.flag(ICC),
        subnet6=ipaddress.IPv6Network(first[6].subnet) if first[6] else None,
        masquerade6=network.masquerades(6),
        modes=(network.gateway_mode(4), network.gateway_mode(6)),
    )


async def undo(engine: "Engine", network: Network) -> None:
    """Take the network out of the kernel again; an interface that another lies above stays."""
    others = [each for each in engine.networks if each.wired and each.id != network.id]
    await _undo(engine, network, network.interface in {each.interface for each in others})


async def _undo(engine: "Engine", network: Network, shared: bool) -> None:
    networks = engine.networks
    if not network.wired or not await networks.fabric.usable():
        return
    name, owner = network.interface, networks.owner
    if network.driver not in UPPER_DRIVERS:
        await networks.fabric.remove_network(name, owner, keep=shared)
    elif not shared:
        await networks.fabric.with_channel(lambda each: parent.remove(each, name, owner))


async def clear(engine: "Engine") -> None:
    """No container runs while the daemon ends: nothing stays in the kernel that only it needs."""
    for network in engine.networks:
        if network.id in engine.networks.realized:
            try:
                await _undo(engine, network, shared=False)
            except (BoxshipError, OSError) as error:
                _log.warning("network %s: %s", network.name, error)
    await engine.networks.fabric.clear()


async def restore(engine: "Engine") -> None:
    """At the daemon's start: what there was before it, and nothing where there was nothing."""
    networks = engine.networks
    own = [each for each in networks if each.user_defined]
    given = networks.settings.bridge
    if networks.default.wired and given and not is_interface(given):
        raise InvalidParameter(
            f"bridge device with non default name {given} must be created manually"
        )
    await _choose_default_name(engine)
    if networks.default.wired and is_interface(networks.default.bridge):
        own.append(networks.default)
    for network in own:
        try:
            await realize(engine, network)
        except BoxshipError as error:
            _log.warning("network %s: %s", network.name, error)
    if await networks.fabric.usable():
        await _sweep(engine)


async def _sweep(engine: "Engine") -> None:
    """Interfaces that an earlier daemon made for networks that are no more."""
    networks = engine.networks
    known = {each.interface for each in networks}

    await networks.fabric.with_channel(lambda each: bridge.sweep(each, networks.owner, known))


async def taken(engine: "Engine") -> list[ipam.Subnet]:
    """Subnets that a new network must keep clear of: other networks' and the host's routes."""
    networks = engine.networks
    own = {each.interface for each in networks if each.wired}
    routed = await networks.fabric.routes(but=own)
    return [*networks.subnets(), *routed]


async def choose_default_subnets(engine: "Engine") -> None:
    """The default bridge's, where it has none yet: those that its interface has from an earlier
    daemon or its user, else the first that is free. Nothing is made for it."""
    network = engine.networks.default
    if not network.wired:
        return
    if not network.rows(4):
        row = await _default_subnet(engine, network, 4)
        if not network.rows(4):
            network.subnets = [row, *network.subnets]
    if network.ipv6 and not network.rows(6):
        row = await _default_subnet(engine, network, 6)
        if not network.rows(6):
            network.subnets = [*network.subnets, row]


async def foresee_default_subnets(engine: "Engine") -> None:
    """The same where there may be none that is free: it can have them later, perhaps."""
    with contextlib.suppress(NotFound):
        await choose_default_subnets(engine)


async def _default_subnet(engine: "Engine", network: Network, version: int) -> Subnet:
    settings = engine.networks.settings
    gateway = settings.default_gateway if version == 4 else settings.default_gateway_v6
    inner = settings.fixed_cidr if version == 4 else settings.fixed_cidr_v6
    present = await engine.networks.fabric.addresses(network.bridge)
    found = [each for each in present if each.version == version and not each.is_link_local]
    row = await free_subnet(engine, version) if not found else _subnet_of(found[0], inner)
    whole, own = ipaddress.ip_network(row.subnet), ipaddress.ip_address(row.gateway)
    row.auxiliary = elsewhere(whole, own, gateway)
    return row


def _subnet_of(own: ipam.Interface, inner: str) -> Subnet:
    """Of a bridge that has the address *own*."""
    return Subnet(
        subnet=str(own.network),
        ip_range=inner_range(own.network, inner),
        gateway=str(own.ip),
        chosen=True,
    )


async def free_subnet(engine: "Engine", version: int) -> Subnet:
    """The first one that nobody has, of the pools for networks that ask for none."""
    pools = engine.networks.pools_of_defaults
    subnet = ipam.choose_subnet(await taken(engine), pools, version)
    return Subnet(subnet=str(subnet), gateway=str(ipam.first_usable(subnet)), chosen=True)
