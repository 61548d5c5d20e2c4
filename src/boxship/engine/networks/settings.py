"""The daemon's settings for networks, in dockerd's names: ``bip``, ``fixed-cidr``, pools, …"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from boxship.base.errors import InvalidParameter
from boxship.engine.networks.network import ELSEWHERE, HOST_ADDRESS, ICC, MASQUERADE, MTU, Subnet
from boxship.network import ipam
from boxship.network.ipam import Cut
from boxship.network.ruleset import Publishing


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """*pools*: what default subnets are cut from; the rest is of the default bridge."""

    pools: Sequence[Cut] = ipam.DEFAULTS
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

    def options(self) -> dict[str, str]:
        """Driver options that differ from the defaults."""
        found = {} if self.icc else {ICC: "false"}
        found |= {HOST_ADDRESS: self.host} if self.host else {}
        found |= {} if self.masquerade else {MASQUERADE: "false"}
        return found | ({MTU: str(self.mtu)} if self.mtu else {})

    def subnets(self) -> list[Subnet]:
        """The default bridge's, where the user has chosen them."""
        rows = [_row(self.bip, self.fixed_cidr, self.default_gateway)]
        if self.ipv6:
            rows.append(_row(self.bip6, self.fixed_cidr_v6, self.default_gateway_v6))
        return [row for row in rows if row is not None]


def _row(address: str, inner: str, gateway: str) -> Subnet | None:
    """A subnet with the bridge's *address*, or *inner* alone, which containers' lie in."""
    if not address and not inner:
        return None
    try:
        whole = ipaddress.ip_interface(address or inner)
        part = ipaddress.ip_network(inner, strict=False) if inner else whole.network
        own = whole.ip if address else ipam.first_usable(whole.network)
        leads = ipaddress.ip_address(gateway) if gateway else own
    except ValueError as error:
        raise InvalidParameter(f"invalid address of the default bridge: {error}") from None
    if not (part.network_address in whole.network and leads in whole.network):
        raise InvalidParameter(f"{inner} and {gateway} are not in {whole.network}")
    return Subnet(
        subnet=str(whole.network),
        ip_range=str(part) if inner and part != whole.network else "",
        gateway=str(own),
        auxiliary={f"{ELSEWHERE}{own.version}": str(leads)} if own != leads else {},
        chosen=True,
    )


def parse_pools(rows: Sequence[Any]) -> tuple[Cut, ...]:
    """``default-address-pools``: ``[{"base": "10.0.0.0/8", "size": 24}]``; empty for none.

    :class:`InvalidParameter` for what is no pool.
    """
    found = []
    for row in rows:
        try:
            base, size = ipaddress.ip_network(row["base"]), int(row["size"])
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidParameter(f"invalid default address pool {row}: {error}") from None
        if not base.prefixlen <= size <= base.max_prefixlen:
            raise InvalidParameter(f"invalid pool size {size} of {base}")
        found.append((base, size))
    return tuple(found)


def pool_of_flag(text: str) -> dict[str, str]:
    """``base=10.0.0.0/8,size=24``."""
    return dict(part.split("=", 1) for part in text.split(",") if "=" in part)
