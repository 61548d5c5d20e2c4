"""The daemon's settings for networks, in dockerd's names: ``bip``, ``fixed-cidr``, pools, …"""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from boxship.base.errors import InvalidParameter
from boxship.engine.networks.network import (
    BRIDGE_NAME,
    ELSEWHERE,
    HOST_ADDRESS,
    ICC,
    MASQUERADE,
    MTU,
    Subnet,
)
from boxship.network import ipam
from boxship.network.ipam import Address, Cut
from boxship.network.ruleset import Publishing

#: What ``bridge`` is where there shall be no default network.
NO_BRIDGE = "none"


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """*pools*: what default subnets are cut from; *driver_options*: by driver, for networks that
    do not give them. The rest is of the default bridge: *bridge* is an interface of the user's own,
    or ``none``."""

    pools: Sequence[Cut] = ipam.DEFAULTS
    bridge: str = ""
    driver_options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    bip: str = ""
    bip6: str = ""
    fixed_cidr: str = ""
    fixed_cidr_v6: str = ""
    default_gateway: str = ""
    default_gateway_v6: str = ""
    ipv6: bool = False
    icc: bool = True
    mtu: int = 0
    #: Default address of published ports on the default bridge, and what becomes of it there.
    host: str = ""
    masquerade: bool = True
    publishing: Publishing = field(default_factory=Publishing)

    @property
    def default_bridge(self) -> bool:
        """Whether there is a default bridge."""
        return self.bridge != NO_BRIDGE

    def check(self) -> None:
        """:class:`InvalidParameter` for what is no address, or does not go with the rest."""
        if self.bridge and (self.bip or self.bip6):
            raise InvalidParameter(
                "You specified -b & --bip, mutually exclusive options. Please specify only one"
            )
        _address("default-gateway", self.default_gateway)
        _address("default-gateway-v6", self.default_gateway_v6)
        self.subnets()

    def options(self) -> dict[str, str]:
        """Driver options that differ from the defaults."""
        found = {BRIDGE_NAME: self.bridge} if self.bridge else {}
        found |= {} if self.icc else {ICC: "false"}
        found |= {HOST_ADDRESS: self.host} if self.host else {}
        found |= {} if self.masquerade else {MASQUERADE: "false"}
        return found | ({MTU: str(self.mtu)} if self.mtu else {})

    def subnets(self) -> list[Subnet]:
        """The default bridge's, where the user has chosen them; an interface of the user's own has
        its subnets from there."""
        if self.bridge:
            return []
        rows = [_row(self.bip, self.fixed_cidr, self.default_gateway)]
        if self.ipv6:
            rows.append(_row(self.bip6, self.fixed_cidr_v6, self.default_gateway_v6))
        return [row for row in rows if row is not None]


def _address(name: str, text: str) -> Address | None:
    try:
        return ipam.plain_address(text) if text else None
    except ValueError:
        raise InvalidParameter(
            f'invalid argument "{text}" for "--{name}" flag: failed to parse IP: "{text}"'
        ) from None


def _interface(text: str) -> ipam.Interface:
    try:
        if "/" in text and "%" not in text:
            return ipaddress.ip_interface(text)
    except ValueError:
        pass
    raise InvalidParameter(f"invalid CIDR address: {text}")


def _row(address: str, inner: str, gateway: str) -> Subnet | None:
    """A subnet with the bridge's *address*, or *inner* alone, which containers' lie in."""
    if not address and not inner:
        return None
    whole = _interface(address or inner)
    part = _interface(inner).network if inner else None
    own = whole.ip if address else ipam.first_usable(whole.network)
    if address and own == whole.network[0] and whole.network.num_addresses > 2:
        raise InvalidParameter(f"failed to allocate gateway ({own}): Address already in use")
    if part is not None and part.network_address not in whole.network:
        raise InvalidParameter(f"fixed-cidr {part} is no part of {whole.network}")
    return Subnet(
        subnet=str(whole.network),
        ip_range=str(part) if part is not None else "",
        gateway=str(own),
        auxiliary=elsewhere(whole.network, own, gateway),
        chosen=True,
        implied=not address,
    )


def elsewhere(subnet: ipam.Subnet, own: Address, gateway: str) -> dict[str, str]:
    """``default-gateway`` as an auxiliary address, where it is not the bridge's *own*."""
    leads = _address("default-gateway", gateway)
    if leads is None or leads == own:
        return {}
    name = f"{ELSEWHERE}{own.version}"
    if leads not in subnet:
        raise InvalidParameter(
            f"auxiliary address: ({name}:{leads}) must belong to the master pool: {subnet}"
        )
    return {name: str(leads)}


def inner_range(subnet: ipam.Subnet, text: str) -> str:
    """``fixed-cidr`` where it is a part of the *subnet* that was found; else empty."""
    part = _interface(text).network if text else None
    return str(part) if part is not None and ipam.overlaps(part, [subnet]) else ""


def parse_pools(rows: Sequence[Any]) -> tuple[Cut, ...]:
    """``default-address-pools``: ``[{"base": "10.0.0.0/8", "size": 24}]``; empty for none.

    :class:`InvalidParameter` for what is no pool.
    """
    found = []
    for row in rows:
        if not isinstance(row, dict):
            raise InvalidParameter(f"invalid default address pool: {row}")
        text, size = str(row.get("base", "")), _size(row.get("size", 0))
        try:
            base = ipaddress.ip_network(text)
        except ValueError:
            raise InvalidParameter(
                f'invalid base pool "{text}": invalid CIDR address: {text}'
            ) from None
        if not base.prefixlen <= size <= base.max_prefixlen:
            raise InvalidParameter(f"invalid pools size: {size}")
        found.append((base, size))
    return tuple(found)


def _size(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise InvalidParameter(f"invalid pools size: {value}") from None
