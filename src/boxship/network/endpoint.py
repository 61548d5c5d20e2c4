"""An endpoint: a veth pair between a bridge and a container's network namespace (veth(4))."""

import errno
import ipaddress
import socket
from dataclasses import dataclass

from boxship.kernel import rtnetlink
from boxship.kernel.netlink import Netlink
from boxship.network.namespace import Namespace


@dataclass(frozen=True, slots=True)
class Endpoint:
    """*host_name* and *name*: the interface here and inside."""

    host_name: str
    name: str
    mac: str
    addresses: tuple[ipaddress.IPv4Interface | ipaddress.IPv6Interface, ...]
    bridge: str
    isolated: bool = False
    mtu: int = 0


def add(channel: Netlink, namespace: Namespace, wanted: Endpoint) -> None:
    """Make the pair and bring both ends up; nothing is left of it after an error."""
    master = rtnetlink.find_link(channel, wanted.bridge)
    if master is None:
        raise OSError(errno.ENODEV, "the network's bridge is gone", wanted.bridge)
    pair = rtnetlink.add_veth(
        wanted.host_name, wanted.name, wanted.mac, namespace.fd, master.index, wanted.mtu
    )
    channel.require([pair])
    try:
        port = rtnetlink.set_bridge_port(wanted.host_name, True, wanted.isolated)
        # An earlier endpoint with this address may not be gone yet.
        entry = rtnetlink.set_bridge_entry(socket.if_nametoindex(wanted.host_name), wanted.mac)
        channel.require([port, entry])
        _configure(namespace, wanted)
    except BaseException:
        remove(channel, wanted.host_name)
        raise


def _configure(namespace: Namespace, wanted: Endpoint) -> None:
    link = rtnetlink.find_link(namespace.channel, wanted.name)
    if link is None:
        raise OSError(errno.ENODEV, "the container's end of the pair is gone", wanted.name)
    namespace.channel.require(
        [
            rtnetlink.set_no_link_local(link.index),
            *(rtnetlink.add_address(link.index, each) for each in wanted.addresses),
            rtnetlink.set_up(link.index),
        ]
    )


def set_gateway(
    namespace: Namespace, gateway: ipaddress.IPv4Address | ipaddress.IPv6Address | None
) -> None:
    """The default route of the namespace, in place of the one it has; None: no route."""
    if gateway is None:
        gone = (errno.ESRCH, errno.ENOENT)
        namespace.channel.require([rtnetlink.delete_default_route()], ignore=gone)
    else:
        namespace.channel.require([rtnetlink.replace_default_route(gateway)])


def remove(channel: Netlink, host_name: str) -> None:
    """Remove the pair. It costs 20 ms: the end of a namespace removes its pairs by itself."""
    channel.require([rtnetlink.delete_link(host_name)], ignore=(errno.ENODEV,))
