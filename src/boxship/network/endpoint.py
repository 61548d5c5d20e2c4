"""An endpoint: an interface in a container's network namespace and what it is tied to.

Of a bridge it is one end of a veth pair (veth(4)); of other drivers it lies above an interface of
the host and has nothing here.
"""

import contextlib
import errno
import ipaddress
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from boxship.kernel import rtnetlink, upper_links
from boxship.kernel.netlink import Message, Netlink
from boxship.network import ipam
from boxship.network.ipam import Address
from boxship.network.namespace import Namespace

#: The kernel's numbers by the names that users give them (linux/if_link.h).
MACVLAN_MODES = {"private": 1, "vepa": 2, "bridge": 4, "passthru": 8}
IPVLAN_MODES = {"l2": 0, "l3": 1, "l3s": 2}
IPVLAN_FLAGS = {"bridge": 0, "private": 1, "vepa": 2}


@dataclass(frozen=True, slots=True)
class Upper:
    """How an endpoint lies above its parent: driver, and the driver's mode and flag."""

    driver: str
    mode: str
    flag: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """*host_name* and *name*: the interface here, if any, and inside. *bridge*: what it is tied
    to, the parent of an *upper* one. *sysctls*: paths below /proc/sys and values."""

    host_name: str
    name: str
    mac: str
    addresses: tuple[ipaddress.IPv4Interface | ipaddress.IPv6Interface, ...]
    bridge: str
    isolated: bool = False
    mtu: int = 0
    upper: Upper | None = None
    sysctls: tuple[tuple[str, str], ...] = ()


def add(channel: Netlink, namespace: Namespace, wanted: Endpoint) -> None:
    """Make the interface and bring it up; frames pass when this returns, nothing is left of it
    after an error."""
    master = rtnetlink.find_link(channel, wanted.bridge)
    if master is None:
        raise OSError(errno.ENODEV, "the network's interface is gone", wanted.bridge)
    links = [_link(namespace, wanted, master.index)]
    if wanted.upper is None:
        links.append(rtnetlink.set_bridge_port(wanted.host_name, True, wanted.isolated))
    failures = [*channel.run(links), None]
    if failures[0] is not None:
        # What has that name is somebody else's, and stays.
        raise failures[0]
    try:
        if failures[1] is not None:
            raise failures[1]
        if wanted.upper is None:
            # An earlier endpoint with this address may not be gone yet.
            index = socket.if_nametoindex(wanted.host_name)
            channel.require([rtnetlink.set_bridge_entry(index, wanted.mac)])
        _configure(namespace, wanted)
        if wanted.upper is None:
            rtnetlink.await_carrier(namespace.channel, [wanted.name])
            rtnetlink.await_carrier(channel, [wanted.host_name, wanted.bridge])
    except BaseException:
        remove(channel, namespace, wanted)
        raise


def _link(namespace: Namespace, wanted: Endpoint, parent: int) -> Message:
    upper, fd = wanted.upper, namespace.fd
    if upper is None:
        return rtnetlink.add_veth(wanted.host_name, wanted.name, wanted.mac, fd, parent, wanted.mtu)
    if upper.driver == "macvlan":
        mode = MACVLAN_MODES[upper.mode]
        return upper_links.add_macvlan(wanted.name, wanted.mac, parent, fd, mode, wanted.mtu)
    mode, flag = IPVLAN_MODES[upper.mode], IPVLAN_FLAGS[upper.flag]
    return upper_links.add_ipvlan(wanted.name, parent, fd, mode, flag, wanted.mtu)


def _configure(namespace: Namespace, wanted: Endpoint) -> None:
    link = rtnetlink.find_link(namespace.channel, wanted.name)
    if link is None:
        raise OSError(errno.ENODEV, "the container's end of the pair is gone", wanted.name)
    namespace.run(lambda: _set_all(wanted))
    namespace.channel.require(
        [
            rtnetlink.set_no_link_local(link.index),
            *(rtnetlink.add_address(link.index, each) for each in _addresses(wanted, link.mac)),
            rtnetlink.set_up(link.index),
        ]
    )


def _addresses(wanted: Endpoint, mac: str) -> list[ipam.Interface]:
    """With the one of the link, where there is IPv6: made here it is valid at once, whereas the
    kernel would look for a duplicate first."""
    found = list(wanted.addresses)
    own = ipam.link_local(wanted.mac or mac)
    if any(each.version == 6 for each in found) and own not in found:
        found.append(own)
    return found


def _set_all(wanted: Endpoint) -> None:
    """Before the interface is up: it listens to no neighbour that poses as a router, and speaks
    IPv6 only where its network does."""
    six = any(each.version == 6 for each in wanted.addresses)
    own = [("disable_ipv6", "0" if six else "1"), *([] if wanted.upper else [("accept_ra", "0")])]
    # A kernel without IPv6 has neither.
    with contextlib.suppress(FileNotFoundError):
        for key, value in own:
            _set(f"net/ipv6/conf/{wanted.name}/{key}", value)
    for path, value in wanted.sysctls:
        _set(path, value)


def _set(name: str, value: str) -> None:
    fd = os.open(f"/proc/sys/{name}", os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, value.encode())
    finally:
        os.close(fd)


def add_gateways(namespace: Namespace, gateways: Sequence[Address]) -> None:
    """The default routes of a namespace that has none; the first of each version."""
    chosen = {each.version: each for each in reversed(gateways)}
    namespace.channel.require([rtnetlink.replace_default_route(each) for each in chosen.values()])


def set_gateways(namespace: Namespace, gateways: Sequence[Address]) -> None:
    """The default routes of the namespace, in place of those it has; one for each version."""
    for version in (4, 6):
        chosen = [each for each in gateways if each.version == version]
        if chosen:
            namespace.channel.require([rtnetlink.replace_default_route(chosen[0])])
        else:
            gone = (errno.ESRCH, errno.ENOENT, errno.EOPNOTSUPP, errno.EAFNOSUPPORT)
            namespace.channel.require([rtnetlink.delete_default_route(version)], ignore=gone)


def remove(channel: Netlink, namespace: Namespace, gone: Endpoint) -> None:
    """Remove the interface. It costs 20 ms: the end of a namespace does so by itself."""
    here, name = (namespace.channel, gone.name) if gone.upper else (channel, gone.host_name)
    here.require([rtnetlink.delete_link(name)], ignore=(errno.ENODEV,))
