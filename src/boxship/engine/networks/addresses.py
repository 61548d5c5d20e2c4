"""Which addresses an endpoint gets of its network, and giving them back."""

import contextlib
import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING

from boxship.base.errors import Forbidden, Internal, InvalidParameter
from boxship.engine.networks.network import ELSEWHERE, Network
from boxship.network import ipam
from boxship.network.ipam import Address, Interface, Pool
from boxship.types.networking import EndpointIPAMConfig, EndpointSettings

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_LINK_LOCAL_LENGTH = {4: 16, 6: 64}
# The lowest free addresses are given, so that it is the same few texts that are read.
_address = lru_cache(maxsize=1024)(ipaddress.ip_address)
_interface = lru_cache(maxsize=1024)(ipaddress.ip_interface)
_network = lru_cache(maxsize=1024)(ipaddress.ip_network)


def take(engine: "Engine", network: Network, settings: EndpointSettings) -> None:
    """Fill in addresses, gateways and MAC address of the settings; all of them or none.

    :class:`Forbidden` for an address that is somebody's, :class:`Internal` when none is left.
    """
    forget(settings)
    _check_link_local(settings)
    wanted = settings.ipam_config or EndpointIPAMConfig()
    try:
        own = _one(engine, network, 4, wanted.ipv4_address)
        if own is not None:
            settings.ip_address = str(own.ip)
            settings.ip_prefix_len = own.network.prefixlen
        own6 = _one(engine, network, 6, wanted.ipv6_address)
        if own6 is not None:
            settings.global_ipv6_address = str(own6.ip)
            settings.global_ipv6_prefix_len = own6.network.prefixlen
    except BaseException:
        give_back(engine, network, settings)
        raise
    if not network.internal:
        settings.gateway = _gateway(network, own)
        settings.ipv6_gateway = _gateway(network, own6)
    first = own or own6
    if not settings.mac_address and first is not None and network.driver != "ipvlan":
        settings.mac_address = ipam.mac_for(first.ip)


def _one(engine: "Engine", network: Network, version: int, wanted: str) -> Interface | None:
    pools = engine.networks.pools(network, version)
    if wanted:
        address = ipaddress.ip_address(wanted)
        for pool in pools:
            if address in pool.subnet:
                pool.take(address)
                return pool.interface(address)
        return None
    for pool in pools:
        with contextlib.suppress(InvalidParameter):
            return pool.interface(pool.allocate())
    if not pools:
        return None
    raise Internal(
        f"no available IPv{version} addresses on this network's address pools: "
        f"{network.name} ({network.id})"
    )


def _gateway(network: Network, own: Interface | None) -> str:
    if own is None:
        return ""
    for row in network.rows(own.version):
        if own.ip in _network(row.subnet):
            return row.auxiliary.get(f"{ELSEWHERE}{own.version}") or row.gateway
    return ""


def _check_link_local(settings: EndpointSettings) -> None:
    for text in (settings.ipam_config or EndpointIPAMConfig()).link_local_ips or ():
        if not ipaddress.ip_address(text).is_link_local:
            raise InvalidParameter(f"invalid link local IP address: {text}")


def interfaces(settings: EndpointSettings) -> tuple[Interface, ...]:
    """All addresses of an endpoint that has been given its own."""
    pairs = [
        (settings.ip_address, settings.ip_prefix_len),
        (settings.global_ipv6_address, settings.global_ipv6_prefix_len),
    ]
    for text in (settings.ipam_config or EndpointIPAMConfig()).link_local_ips or ():
        pairs.append((text, _LINK_LOCAL_LENGTH[ipaddress.ip_address(text).version]))
    return tuple(_interface(f"{text}/{length}") for text, length in pairs if text)


def _held(
    engine: "Engine", network: Network, settings: EndpointSettings
) -> list[tuple[Pool, Address]]:
    found = []
    for text in (settings.ip_address, settings.global_ipv6_address):
        if text:
            address = _address(text)
            pools = engine.networks.pools(network, address.version)
            found += [(pool, address) for pool in pools if address in pool.subnet]
    return found


def take_again(engine: "Engine", network: Network, settings: EndpointSettings) -> None:
    """What the endpoint has since before this daemon."""
    for pool, address in _held(engine, network, settings):
        with contextlib.suppress(Forbidden):
            pool.take(address)


def give_back(engine: "Engine", network: Network, settings: EndpointSettings) -> None:
    """Its addresses are free for others."""
    for pool, address in _held(engine, network, settings):
        pool.release(address)


def forget(settings: EndpointSettings) -> None:
    """Leave what the user asked for."""
    settings.endpoint_id = settings.gateway = settings.ip_address = ""
    settings.ipv6_gateway = settings.global_ipv6_address = ""
    settings.ip_prefix_len = settings.global_ipv6_prefix_len = 0
