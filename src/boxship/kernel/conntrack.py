"""Forgetting connections that the kernel tracks (linux/netfilter/nfnetlink_conntrack.h)."""

import errno
import socket
import struct
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

from boxship.kernel import netlink
from boxship.kernel.netlink import DUMP, Message, Netlink

_NETFILTER = 12
_GET, _DELETE = 1 << 8 | 1, 1 << 8 | 2
# Of a message: the tuples of both directions, and which parts of them are compared.
_TUPLES, _FILTER = (1, 2), 25
_FLAGS = {1: 1, 2: 2}
_SOURCE = 1
_TUPLE_IP = 1
_ADDRESS = {4: 1, 6: 3}
_OLDER = (errno.EINVAL, errno.ENOENT, errno.EOPNOTSUPP)


def open_socket() -> Netlink:
    """Of the network namespace that the calling thread is in."""
    return Netlink(_NETFILTER)


def forget(channel: Netlink, address: IPv4Address | IPv6Address) -> None:
    """Forget all connections from *address* and to it, whatever others were told it is."""
    for direction in _TUPLES:
        header = _header(address)
        source = netlink.attribute(_ADDRESS[address.version], address.packed)
        pattern = netlink.nest(direction, netlink.nest(_TUPLE_IP, source))
        compared = netlink.nest(_FILTER, netlink.u32(_FLAGS[direction], _SOURCE))
        body = header + pattern + compared
        try:
            channel.require([Message(_DELETE, 0, body)])
        except OSError as error:
            if error.errno not in _OLDER:
                raise
            # Kernels before 6.12 delete one at a time.
            found = channel.ask(Message(_GET, DUMP, body))
            rows = [header + row for row in _tuples(found, direction, address)]
            channel.require([Message(_DELETE, 0, row) for row in rows], ignore=(errno.ENOENT,))


def _header(address: IPv4Address | IPv6Address) -> bytes:
    """Without a version the kernel takes no notice of the family."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    return struct.pack("=BBH", family, 1, 0)


def _tuples(
    found: list[bytes], direction: int, address: IPv4Address | IPv6Address
) -> Iterator[bytes]:
    """By which those of *found* are deleted that really come from *address*."""
    for body in found:
        parts = netlink.attributes(body[4:])
        inner = netlink.attributes(parts.get(direction, b""))
        ip = netlink.attributes(inner.get(_TUPLE_IP, b""))
        if ip.get(_ADDRESS[address.version]) == address.packed:
            yield netlink.nest(_TUPLES[0], parts[_TUPLES[0]])
