"""Interfaces above another one: macvlan, ipvlan and VLANs; and such that have none below
(linux/if_link.h, ip-link(8))."""

import struct

from boxship.kernel import netlink, rtnetlink
from boxship.kernel.netlink import Message, attribute, nest, text, u32

_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MTU, _IFLA_LINK, _IFLA_LINKINFO = 1, 3, 4, 5, 18
_IFLA_NET_NS_FD = 28
_INFO_KIND, _INFO_DATA = 1, 2
_MACVLAN_MODE, _IPVLAN_MODE, _IPVLAN_FLAGS, _VLAN_ID = 1, 1, 2, 1


def _u16(kind: int, value: int) -> bytes:
    return attribute(kind, struct.pack("=H", value))


def _new(parts: list[bytes], kind: str, data: list[bytes], index: int = 0) -> Message:
    info = nest(_IFLA_LINKINFO, text(_INFO_KIND, kind), nest(_INFO_DATA, *data))
    body = rtnetlink.link_head(index) + b"".join([*parts, info])
    return Message(rtnetlink.NEWLINK, netlink.CREATE | netlink.EXCLUSIVE, body)


def _inside(name: str, parent: int, namespace: int, mtu: int) -> list[bytes]:
    parts = [text(_IFLA_IFNAME, name), u32(_IFLA_LINK, parent), u32(_IFLA_NET_NS_FD, namespace)]
    return [*parts, u32(_IFLA_MTU, mtu)] if mtu else parts


def add_macvlan(
    name: str, mac: str, parent: int, namespace: int, mode: int, mtu: int = 0
) -> Message:
    """*name* in the namespace (fd), above the interface *parent* (index) of this one."""
    parts = _inside(name, parent, namespace, mtu)
    parts.append(attribute(_IFLA_ADDRESS, rtnetlink.mac_bytes(mac)))
    return _new(parts, "macvlan", [u32(_MACVLAN_MODE, mode)])


def add_ipvlan(
    name: str, parent: int, namespace: int, mode: int, flag: int, mtu: int = 0
) -> Message:
    """As :func:`add_macvlan`; it has the parent's MAC address."""
    data = [_u16(_IPVLAN_MODE, mode), _u16(_IPVLAN_FLAGS, flag)]
    return _new(_inside(name, parent, namespace, mtu), "ipvlan", data)


def add_vlan(name: str, parent: int, number: int, index: int) -> Message:
    """The VLAN *number* of the interface *parent* (index)."""
    parts = [text(_IFLA_IFNAME, name), u32(_IFLA_LINK, parent)]
    return _new(parts, "vlan", [_u16(_VLAN_ID, number)], index)


def add_dummy(name: str, index: int) -> Message:
    """An interface that leads nowhere."""
    return _new([text(_IFLA_IFNAME, name)], "dummy", [], index)
