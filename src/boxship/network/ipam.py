"""Addresses: which subnet a network gets, and which address of it an endpoint gets (pure).

Nothing is stored here: who owns an address has recorded it, and tells it again at a start.
"""

import hashlib
import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from boxship.base.errors import Forbidden, InvalidParameter, NotFound

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Subnet = ipaddress.IPv4Network | ipaddress.IPv6Network
Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface
#: Where default subnets are cut from, and their prefix length.
Cut = tuple[Subnet, int]

#: What networks without a wish are cut from, those of Docker.
DEFAULTS: Sequence[Cut] = tuple(
    (ipaddress.IPv4Network(pool), length)
    for pool, length in (
        ("172.17.0.0/16", 16),
        ("172.18.0.0/16", 16),
        ("172.19.0.0/16", 16),
        ("172.20.0.0/14", 16),
        ("172.24.0.0/14", 16),
        ("172.28.0.0/14", 16),
        ("192.168.0.0/16", 20),
    )
)
#: How many subnets of one pool are looked at; an IPv6 pool has more than anybody can try.
_TRIES = 1 << 16


def plain_address(text: str) -> Address:
    """*text* as an address. :class:`ValueError` also for one with a zone (``fe80::1%eth0``), which
    may be any text, and means nothing where our addresses go."""
    if "%" in text:
        raise ValueError(f"{text!r} has a zone")
    return ipaddress.ip_address(text)


def local_pool(identity: str) -> Cut:
    """The pool of unique local addresses that a daemon has for itself (RFC 4193, 3.2.2)."""
    unique = hashlib.sha256(identity.encode()).digest()[:5]
    return ipaddress.IPv6Network((b"\xfd" + unique + bytes(10), 48)), 64


def _cut(pool: Subnet, length: int) -> Iterator[Subnet]:
    """Subnets of the pool, in order."""
    step = 1 << (pool.max_prefixlen - length)
    count = min(_TRIES, 1 << (length - pool.prefixlen))
    for number in range(count):
        packed = (int(pool.network_address) + number * step).to_bytes(pool.max_prefixlen // 8)
        yield ipaddress.ip_network((packed, length))


def overlaps(subnet: Subnet, others: Iterable[Subnet]) -> bool:
    return any(other.version == subnet.version and subnet.overlaps(other) for other in others)


def choose_subnet(
    taken: Iterable[Subnet], pools: Sequence[Cut] = DEFAULTS, version: int = 4
) -> Subnet:
    """The first subnet that overlaps none of *taken* (networks and host routes)."""
    others = [each for each in taken if each.version == version]
    for pool, length in pools:
        if pool.version != version or any(pool.subnet_of(each) for each in others):  # type: ignore[arg-type]
            continue
        for candidate in _cut(pool, length):
            if not overlaps(candidate, others):
                return candidate
    raise NotFound(
        f"could not find an available, non-overlapping IPv{version} address pool among the "
        "defaults to assign to the network"
    )


def first_usable(subnet: Subnet) -> Address:
    """The gateway of a network that names none."""
    return subnet[1] if subnet.num_addresses > 2 else subnet[0]


def mac_for(address: Address) -> str:
    """Docker's: 02:42 and the IPv4 address; of an IPv6 address its end."""
    return "02:42:" + address.packed[-4:].hex(":")


def link_local(mac: str) -> ipaddress.IPv6Interface:
    """The address that an interface with this MAC address gives itself (RFC 4291, appendix A)."""
    raw = bytearray.fromhex(mac.replace(":", "").replace("-", "").replace(".", ""))
    raw[0] ^= 2
    packed = b"\xfe\x80" + bytes(6) + bytes(raw[:3]) + b"\xff\xfe" + bytes(raw[3:])
    return ipaddress.IPv6Interface((packed, 64))


@dataclass(slots=True)
class Pool:
    """One subnet. *reserved*: what no endpoint gets (gateway, auxiliary addresses)."""

    subnet: Subnet
    range: Subnet
    reserved: frozenset[Address] = frozenset()
    taken: set[Address] = field(default_factory=set)
    #: No address of the range below this one is free.
    _floor: int = 0

    def allocate(self) -> Address:
        """The lowest free address of the range. :class:`InvalidParameter` when there is none."""
        first, last = self._limits()
        for number in range(max(first, self._floor), last + 1):
            address = self._at(number)
            if address not in self.taken and address not in self.reserved:
                self.taken.add(address)
                self._floor = number + 1
                return address
        raise InvalidParameter("no available addresses")

    def take(self, address: Address) -> None:
        """Exactly *address*. :class:`Forbidden` when it belongs to somebody."""
        if address in self.taken or address in self.reserved or not self.is_host(address):
            raise Forbidden("Address already in use")
        self.taken.add(address)

    def release(self, address: Address) -> None:
        self.taken.discard(address)
        self._floor = min(self._floor, int(address))

    def interface(self, address: Address) -> Interface:
        """*address* with the prefix length of the subnet."""
        return ipaddress.ip_interface((address.packed, self.subnet.prefixlen))

    def is_host(self, address: Address) -> bool:
        """Not the address of the subnet itself, nor that of its broadcasts."""
        first, last = _hosts(self.subnet)
        return first <= int(address) <= last

    def _at(self, number: int) -> Address:
        kind = ipaddress.IPv4Address if self.subnet.version == 4 else ipaddress.IPv6Address
        return kind(number)

    def _limits(self) -> tuple[int, int]:
        first, last = _hosts(self.subnet)
        return max(first, int(self.range[0])), min(last, int(self.range[-1]))


def _hosts(subnet: Subnet) -> tuple[int, int]:
    first, last = int(subnet[0]), int(subnet[-1])
    if subnet.num_addresses > 2:
        return first + 1, last - (1 if subnet.version == 4 else 0)
    return first, last
