"""Subnets, ranges, gateways and reserved addresses of ``network create``, put together.

Each range, gateway and reserved address belongs to the subnet that holds it.
"""

from __future__ import annotations

import ipaddress

from boxship.cli.errors import Failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def address_pools(
    subnets: Sequence[str],
    ranges: Sequence[str],
    gateways: Sequence[str],
    reserved: dict[str, str],
) -> list[dict[str, Any]]:
    """The ``IPAM.Config`` of a network. A flag may hold several values, separated by commas."""
    subnets, ranges, gateways = _split(subnets), _split(ranges), _split(gateways)
    if len(subnets) == 1 and not (ranges or gateways or reserved):
        # Nothing to put together: the daemon judges it.
        return [{"Subnet": subnets[0]}]
    if len(subnets) < len(ranges) or len(subnets) < len(gateways):
        raise Failed("every ip-range or gateway must have a corresponding subnet")
    pools: dict[Network, dict[str, Any]] = {}
    for text in subnets:
        network = _network(text)
        if any(_overlap(network, other) for other in pools):
            raise Failed("multiple overlapping subnet configuration is not supported")
        pools[network] = {"Subnet": text}
    for text in ranges:
        _set(pools, _network(text).network_address, "IPRange", text)
    for text in gateways:
        _set(pools, _address(text), "Gateway", text)
    for name, text in reserved.items():
        pool = _holding(pools, _address(text))
        if pool is None:
            raise Failed(f"no matching subnet for aux-address {text}")
        pool.setdefault("AuxiliaryAddresses", {})[name] = text
    return list(pools.values())


# How errors name a key of a pool: one of it, and several of it in one subnet.
_WORDS = {"IPRange": ("range", "ranges", "on"), "Gateway": ("gateway", "gateways", "for")}


def _set(pools: dict[Network, dict[str, Any]], address: Any, key: str, text: str) -> None:
    one, several, where = _WORDS[key]
    pool = _holding(pools, address)
    if pool is None:
        raise Failed(f"no matching subnet for {one} {text}")
    if key in pool:
        both = f"({text}, {pool[key]})"
        raise Failed(
            f"cannot configure multiple {several} {both} {where} the same subnet ({pool['Subnet']})"
        )
    pool[key] = text


def _holding(pools: dict[Network, dict[str, Any]], address: Any) -> dict[str, Any] | None:
    return next((pool for network, pool in pools.items() if address in network), None)


def _overlap(one: Any, other: Any) -> bool:
    return bool(one.version == other.version and one.overlaps(other))


def _split(values: Sequence[str]) -> list[str]:
    return [part for value in values for part in value.split(",")]


def _network(text: str) -> Network:
    try:
        if "/" in text:
            return ipaddress.ip_network(text, strict=False)
    except ValueError:
        pass
    raise Failed(f"invalid CIDR address: {text}")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise Failed(f"invalid IP address: {text}") from None
