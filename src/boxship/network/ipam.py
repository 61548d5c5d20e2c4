"""Addresses: which subnet a network gets, and which address of it an endpoint gets (pure).

Nothing is stored here: who owns an address has recorded it, and tells it again at a start.
"""

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from boxship.base.errors import Forbidden, InvalidParameter, NotFound

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Subnet = ipaddress.IPv4Network | ipaddress.IPv6Network

#: The default bridge's own, if nothing stands against it.
FIRST = ipaddress.IPv4Network("172.17.0.0/16")
#: What networks without a wish are cut from: pool and prefix length, those of Docker.
_DEFAULTS = (
    ("172.18.0.0/16", 16),
    ("172.19.0.0/16", 16),
    ("172.20.0.0/14", 16),
    ("172.24.0.0/14", 16),
    ("172.28.0.0/14", 16),
    ("192.168.0.0/16", 20),
)


def _candidates() -> Iterator[ipaddress.IPv4Network]:
    yield FIRST
    for pool, length in _DEFAULTS:
        yield from ipaddress.IPv4Network(pool).subnets(new_prefix=length)


def overlaps(subnet: Subnet, others: Iterable[Subnet]) -> bool:
    return any(other.version == subnet.version and subnet.overlaps(other) for other in others)


def choose_subnet(taken: Iterable[Subnet]) -> ipaddress.IPv4Network:
    """The first default subnet that overlaps none of *taken* (networks and host routes)."""
    others = [*taken]
    for candidate in _candidates():
        if not overlaps(candidate, others):
            return candidate
    raise NotFound(
        "could not find an available, non-overlapping IPv4 address pool among the defaults to "
        "assign to the network"
    )


def first_usable(subnet: Subnet) -> Address:
    """The gateway of a network that names none."""
    return subnet[1] if subnet.num_addresses > 2 else subnet[0]


def mac_for(address: Address) -> str:
    """Docker's: 02:42 and the IPv4 address."""
    return "02:42:" + address.packed[-4:].hex(":")


@dataclass(slots=True)
class Pool:
    """One subnet. *reserved*: what is never given away on its own (gateway, aux addresses)."""

    subnet: Subnet
    range: Subnet
    reserved: frozenset[Address] = frozenset()
    taken: set[Address] = field(default_factory=set)

    def allocate(self) -> Address:
        """The lowest free address of the range. :class:`InvalidParameter` when there is none."""
        first, last = self._limits()
        for number in range(first, last + 1):
            address = self._at(number)
            if address not in self.taken and address not in self.reserved:
                self.taken.add(address)
                return address
        raise InvalidParameter("no available addresses")

    def take(self, address: Address) -> None:
        """Exactly *address*. :class:`Forbidden` when it belongs to somebody."""
        if address in self.taken or address in self.reserved:
            raise Forbidden("Address already in use")
        self.taken.add(address)

    def release(self, address: Address) -> None:
        self.taken.discard(address)

    def _at(self, number: int) -> Address:
        kind = ipaddress.IPv4Address if self.subnet.version == 4 else ipaddress.IPv6Address
        return kind(number)

    def _limits(self) -> tuple[int, int]:
        """Without the addresses of the subnet itself and of its broadcasts."""
        first, last = int(self.range[0]), int(self.range[-1])
        if self.subnet.num_addresses > 2:
            first = max(first, int(self.subnet[0]) + 1)
            last = min(last, int(self.subnet[-1]) - (1 if self.subnet.version == 4 else 0))
        return first, last
