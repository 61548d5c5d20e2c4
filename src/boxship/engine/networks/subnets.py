"""The subnets that a user asks for: what dockerd refuses of them, in its words."""

import ipaddress
from collections.abc import Sequence

from boxship.base.errors import Forbidden, Internal, InvalidParameter
from boxship.engine.networks.network import Subnet
from boxship.network import ipam
from boxship.network.ipam import Address, Pool
from boxship.types.networking import IpamConfig


def _refuse(flaw: str) -> InvalidParameter:
    return InvalidParameter(f"invalid network config:\n{flaw}")


def parse(row: IpamConfig, ipv6: bool) -> Subnet:
    """:class:`InvalidParameter` for what is no subnet, or does not lie in it.

    Without *ipv6* an IPv6 subnet is only kept, and may be written as an address of its own.
    """
    subnet = _network("subnet", row.subnet, exact=ipv6)
    if row.ip_range:
        _check_range(subnet, row.ip_range)
    if row.gateway:
        _check_member(subnet, "gateway", row.gateway, row.gateway)
    for name, address in (row.auxiliary_addresses or {}).items():
        _check_member(subnet, "auxiliary address", name, address)
    return Subnet(
        subnet=str(subnet),
        ip_range=row.ip_range,
        gateway=row.gateway,
        auxiliary=row.auxiliary_addresses or {},
    )


def _network(what: str, text: str, exact: bool = True) -> ipam.Subnet:
    try:
        # A zone ("fe80::%eth0") is no part of a subnet, and may be any text.
        usable = "/" in text and "%" not in text
        found = ipaddress.ip_network(text, strict=False) if usable else None
    except ValueError:
        found = None
    if found is None:
        raise _refuse(f"invalid {what} {text}: invalid CIDR block notation")
    given = ipaddress.ip_address(text.partition("/")[0])
    if given != found.network_address and (exact or found.version == 4):
        raise _refuse(f"invalid {what} {text}: it should be {found}")
    return found


def _check_range(subnet: ipam.Subnet, text: str) -> None:
    inner = _network("ip-range", text)
    if inner.version != subnet.version:
        flaw = f"parent subnet is an IPv{subnet.version} block"
    elif inner.prefixlen < subnet.prefixlen:
        flaw = f"CIDR block is bigger than its parent subnet {subnet}"
    elif inner.network_address not in subnet:
        flaw = f"parent subnet {subnet} doesn't contain ip-range"
    else:
        return
    raise _refuse(f"invalid ip-range {text}: {flaw}")


def _check_member(subnet: ipam.Subnet, what: str, name: str, text: str) -> None:
    try:
        address = ipam.plain_address(text)
    except ValueError:
        flaw = "invalid address"
    else:
        if address in subnet:
            return
        flaw = f"parent subnet {subnet} doesn't contain this address"
        if address.version != subnet.version:
            flaw = f"parent subnet is an IPv{subnet.version} block"
    raise _refuse(f"invalid {what} {name}: {flaw}")


def check_apart(rows: Sequence[Subnet], known: Sequence[ipam.Subnet]) -> None:
    """:class:`Forbidden` when they overlap other networks' subnets, or each other."""
    others = [*known]
    for row in rows:
        subnet = ipaddress.ip_network(row.subnet)
        if ipam.overlaps(subnet, others):
            raise Forbidden("Pool overlaps with other one on this address space")
        others.append(subnet)


def give_gateway(row: Subnet) -> None:
    """Choose one where the user has not. :class:`Internal` when addresses are wanted twice."""
    pool = make_pool(Subnet(subnet=row.subnet, ip_range=row.ip_range))
    if row.gateway:
        _take(pool, row.gateway, f"failed to allocate gateway ({row.gateway})")
    else:
        row.gateway = str(pool.allocate())
        row.implied = True
    for name, text in sorted(row.auxiliary.items()):
        _take(pool, text, f"failed to allocate secondary ip address ({name}:{text})")


def _take(pool: Pool, text: str, failure: str) -> None:
    try:
        pool.take(ipaddress.ip_address(text))
    except Forbidden as error:
        raise Internal(f"{failure}: {error}") from None


def make_pool(row: Subnet) -> Pool:
    """The addresses that endpoints can have of it."""
    subnet = ipaddress.ip_network(row.subnet)
    kept: list[Address] = [ipaddress.ip_address(text) for text in row.auxiliary.values()]
    if row.gateway:
        kept.append(ipaddress.ip_address(row.gateway))
    inner = ipaddress.ip_network(row.ip_range, strict=False) if row.ip_range else subnet
    return Pool(subnet, inner, frozenset(kept))
