"""Links, addresses and routes (rtnetlink(7), linux/if_link.h): messages, and questions."""

import ipaddress
import random
import socket
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from boxship.kernel import netlink
from boxship.kernel.netlink import Message, Netlink, attribute, attributes, nest, text, u8, u32

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

NEWLINK, _DELLINK, _GETLINK = 16, 17, 18
_NEWADDR, _DELADDR, _GETADDR = 20, 21, 22
_NEWROUTE, _DELROUTE, _GETROUTE = 24, 25, 26
_IFF_UP = 1
(
    _IFLA_ADDRESS,
    _IFLA_IFNAME,
    _IFLA_MTU,
    _IFLA_MASTER,
    _IFLA_OPERSTATE,
    _IFLA_LINKINFO,
    _IFLA_IFALIAS,
    _IFLA_AF_SPEC,
    _IFLA_NET_NS_FD,
) = (1, 3, 4, 10, 16, 18, 20, 26, 28)
_OPERSTATE_UP = 6
_GROUP_LINKS = 1
_INFO_KIND, _INFO_DATA, _INFO_SLAVE_KIND, _INFO_SLAVE_DATA = 1, 2, 4, 5
_VETH_PEER = 1
_PORT_HAIRPIN, _PORT_ISOLATED = 4, 33
_INET6_GENERATE, _GENERATE_NONE = 8, 1
_IFA_ADDRESS, _IFA_LOCAL, _IFA_BROADCAST, _IFA_FLAGS = 1, 2, 4, 8
_IFA_F_NODAD = 2
_RTA_DST, _RTA_OIF, _RTA_GATEWAY, _RTA_PRIORITY = 1, 4, 5, 6
_NEWNEIGH, _NDA_LLADDR, _NTF_MASTER, _NUD_NOARP = 28, 2, 0x04, 0x40
_TABLE_MAIN, _PROTOCOL_BOOT, _UNIVERSE, _LINK_SCOPE, _UNICAST = 254, 3, 0, 253, 1


def open_socket() -> Netlink:
    """For the network namespace of the calling thread; the caller closes it."""
    return Netlink(socket.NETLINK_ROUTE)


def link_head(index: int = 0, flags: int = 0, change: int = 0) -> bytes:
    """The fixed part of a message about one link (``struct ifinfomsg``)."""
    return struct.pack("=BxHiII", socket.AF_UNSPEC, 0, index, flags, change)


def mac_bytes(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", "").replace("-", "").replace(".", ""))


@dataclass(frozen=True, slots=True)
class Link:
    index: int
    name: str
    kind: str
    mac: str
    mtu: int
    alias: str = ""
    carries: bool = False
    """Whether frames pass: up, connected, and known to be so by the kernel's queues."""


def add_marked(channel: Netlink, new: Callable[[int], Message], remark: str) -> None:
    """Make an interface by *new*, which gets its index, with a *remark* (:func:`set_alias`).

    In one call: a process that dies leaves none that nobody knows as its own. And by an index that
    the kernel gives nobody: somebody else who is a moment earlier with the name keeps his
    interface as it is. :class:`OSError`.
    """
    index = random.randrange(1 << 24, 1 << 30)
    channel.require([new(index), set_alias(index, remark)])


def add_bridge(name: str, mac: str, index: int = 0) -> Message:
    """With a *mac* of its own, which does not change as ports come and go."""
    parts = [
        text(_IFLA_IFNAME, name),
        attribute(_IFLA_ADDRESS, mac_bytes(mac)),
        nest(_IFLA_LINKINFO, text(_INFO_KIND, "bridge")),
    ]
    body = link_head(index) + b"".join(parts)
    return Message(NEWLINK, netlink.CREATE | netlink.EXCLUSIVE, body)


def add_veth(
    name: str, peer: str, peer_mac: str, namespace: int, master: int, mtu: int = 0
) -> Message:
    """A pair: *name* here, a port of the bridge *master* and up; *peer* in the namespace (fd)."""
    size = [u32(_IFLA_MTU, mtu)] if mtu else []
    other = link_head() + b"".join(
        [
            text(_IFLA_IFNAME, peer),
            attribute(_IFLA_ADDRESS, mac_bytes(peer_mac)),
            u32(_IFLA_NET_NS_FD, namespace),
            *size,
        ]
    )
    data = nest(_INFO_DATA, attribute(_VETH_PEER, other))
    body = link_head(flags=_IFF_UP, change=_IFF_UP) + b"".join(
        [
            text(_IFLA_IFNAME, name),
            u32(_IFLA_MASTER, master),
            nest(_IFLA_LINKINFO, text(_INFO_KIND, "veth"), data),
            *size,
        ]
    )
    return Message(NEWLINK, netlink.CREATE | netlink.EXCLUSIVE, body)


def set_bridge_port(name: str, hairpin: bool, isolated: bool) -> Message:
    """*hairpin*: frames may leave by the port they came in; *isolated*: not to its like."""
    data = nest(_INFO_SLAVE_DATA, u8(_PORT_HAIRPIN, hairpin), u8(_PORT_ISOLATED, isolated))
    info = nest(_IFLA_LINKINFO, text(_INFO_SLAVE_KIND, "bridge"), data)
    return Message(NEWLINK, 0, link_head() + text(_IFLA_IFNAME, name) + info)


def set_bridge_entry(index: int, mac: str) -> Message:
    """The bridge shall look for *mac* at its port *index*, wherever it has seen it before."""
    head = struct.pack("=BxxxiHBB", socket.AF_BRIDGE, index, _NUD_NOARP, _NTF_MASTER, 0)
    flags = netlink.CREATE | netlink.REPLACE
    return Message(_NEWNEIGH, flags, head + attribute(_NDA_LLADDR, mac_bytes(mac)))


def set_alias(index: int, alias: str) -> Message:
    """A remark that goes with the interface, at most 255 bytes; none is taken as it is made."""
    return Message(NEWLINK, 0, link_head(index) + text(_IFLA_IFALIAS, alias))


def set_mtu(index: int, mtu: int) -> Message:
    """Only what is set after a bridge was made stays as its ports come and go."""
    return Message(NEWLINK, 0, link_head(index) + u32(_IFLA_MTU, mtu))


def set_up(index: int) -> Message:
    return Message(NEWLINK, 0, link_head(index, _IFF_UP, _IFF_UP))


def set_down(index: int) -> Message:
    return Message(NEWLINK, 0, link_head(index, 0, _IFF_UP))


def set_no_link_local(index: int) -> Message:
    """The interface shall not give itself an IPv6 address; to be sent before it is up."""
    family = nest(socket.AF_INET6, u8(_INET6_GENERATE, _GENERATE_NONE))
    return Message(NEWLINK, 0, link_head(index) + nest(_IFLA_AF_SPEC, family))


def delete_link(name: str) -> Message:
    return Message(_DELLINK, 0, link_head() + text(_IFLA_IFNAME, name))


def _address(kind: int, flags: int, index: int, address: Interface) -> Message:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    head = struct.pack("=BBBBi", family, address.network.prefixlen, 0, 0, index)
    parts = [attribute(_IFA_LOCAL, address.ip.packed), attribute(_IFA_ADDRESS, address.ip.packed)]
    if address.version == 4 and address.network.prefixlen < 31:
        parts.append(attribute(_IFA_BROADCAST, address.network.broadcast_address.packed))
    if address.version == 6:
        parts.append(u32(_IFA_FLAGS, _IFA_F_NODAD))
    return Message(kind, flags, head + b"".join(parts))


def add_address(index: int, address: Interface) -> Message:
    return _address(_NEWADDR, netlink.CREATE | netlink.EXCLUSIVE, index, address)


def delete_address(index: int, address: Interface) -> Message:
    return _address(_DELADDR, 0, index, address)


def _default_route(kind: int, flags: int, family: int, parts: list[bytes], scope: int) -> Message:
    head = struct.pack(
        "=BBBBBBBBI", family, 0, 0, 0, _TABLE_MAIN, _PROTOCOL_BOOT, scope, _UNICAST, 0
    )
    return Message(kind, flags, head + b"".join(parts))


def replace_default_route(gateway: Address) -> Message:
    """All that has no other route goes to *gateway*."""
    family = socket.AF_INET if gateway.version == 4 else socket.AF_INET6
    flags = netlink.CREATE | netlink.REPLACE
    parts = [attribute(_RTA_GATEWAY, gateway.packed)]
    return _default_route(_NEWROUTE, flags, family, parts, _UNIVERSE)


def delete_default_route(version: int = 4) -> Message:
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    return _default_route(_DELROUTE, 0, family, [], 255)


def _parse_link(body: bytes) -> Link:
    index = struct.unpack_from("=i", body, 4)[0]
    found = attributes(body[16:])
    info = attributes(found.get(_IFLA_LINKINFO, b""))
    return Link(
        index,
        found.get(_IFLA_IFNAME, b"").rstrip(b"\0").decode(errors="replace"),
        info.get(_INFO_KIND, b"").rstrip(b"\0").decode(errors="replace"),
        found.get(_IFLA_ADDRESS, b"").hex(":"),
        struct.unpack("=I", found.get(_IFLA_MTU, bytes(4)))[0],
        found.get(_IFLA_IFALIAS, b"").rstrip(b"\0").decode(errors="replace"),
        found.get(_IFLA_OPERSTATE, b"") == bytes([_OPERSTATE_UP]),
    )


def find_link(channel: Netlink, name: str) -> Link | None:
    """The interface of that name, or None. :class:`OSError` for anything but its absence."""
    try:
        bodies = channel.ask(Message(_GETLINK, 0, link_head() + text(_IFLA_IFNAME, name)))
    except OSError as error:
        if netlink.is_absent(error):
            return None
        raise
    return _parse_link(bodies[0])


def await_carrier(channel: Netlink, names: Sequence[str], seconds: float = 2.0) -> None:
    """Return when all the interfaces carry frames, or it has taken too long.

    The kernel connects an interface later than it calls it up, and drops what is sent meanwhile.
    Since 6.8 asking for an interface completes that; before, it announces that it has.
    """
    if _carry(channel, names):
        return
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as listener:
        listener.bind((0, _GROUP_LINKS))
        end = time.monotonic() + seconds
        while not _carry(channel, names) and (left := end - time.monotonic()) > 0:
            listener.settimeout(left)
            try:
                listener.recv(1 << 16)
            except OSError:
                return


def _carry(channel: Netlink, names: Sequence[str]) -> bool:
    found = [find_link(channel, name) for name in names]
    return all(link is None or link.carries for link in found)


def links(channel: Netlink) -> list[Link]:
    return [_parse_link(body) for body in channel.ask(Message(_GETLINK, netlink.DUMP, link_head()))]


def addresses(channel: Netlink, index: int) -> list[Interface]:
    """Of one interface, both families."""
    found: list[Interface] = []
    for body in channel.ask(Message(_GETADDR, netlink.DUMP, struct.pack("=BBBBi", 0, 0, 0, 0, 0))):
        _, prefix, _, _, owner = struct.unpack_from("=BBBBi", body)
        values = attributes(body[8:])
        raw = values.get(_IFA_LOCAL) or values.get(_IFA_ADDRESS)
        if owner == index and raw:
            found.append(ipaddress.ip_interface((raw, prefix)))
    return found


def routes(channel: Netlink) -> list[tuple[IpNetwork, int]]:
    """Destinations of the main table, without the default route, and the interface's index."""
    found: list[tuple[IpNetwork, int]] = []
    for body in channel.ask(Message(_GETROUTE, netlink.DUMP, bytes(12))):
        family, prefix, _, _, table = struct.unpack_from("=BBBBB", body)
        values = attributes(body[12:])
        raw = values.get(_RTA_DST)
        if raw and table == _TABLE_MAIN and family in (socket.AF_INET, socket.AF_INET6):
            index = struct.unpack("=I", values.get(_RTA_OIF, bytes(4)))[0]
            found.append((ipaddress.ip_network((raw, prefix)), index))
    return found
