"""Linux bridges: one for each network of driver ``bridge`` (bridge(8), ip-sysctl.txt)."""

import contextlib
import errno
import ipaddress
import socket
from dataclasses import dataclass
from pathlib import Path

from boxship.kernel import rtnetlink
from boxship.kernel.netlink import Netlink

_SYSCTL = Path("/proc/sys/net")
_FORWARDING = _SYSCTL / "ipv4/ip_forward"


@dataclass(frozen=True, slots=True)
class Bridge:
    """What an interface shall be. *addresses*: the host's own on it; *mtu* 0: the kernel's."""

    name: str
    mac: str
    addresses: tuple[ipaddress.IPv4Interface | ipaddress.IPv6Interface, ...]
    mtu: int = 0


def ensure(channel: Netlink, wanted: Bridge) -> int:
    """Make the bridge, or bring the one that is there to what is wanted; its index."""
    link = rtnetlink.find_link(channel, wanted.name)
    if link is None:
        channel.require([rtnetlink.add_bridge(wanted.name, wanted.mac, wanted.mtu)])
        link = rtnetlink.find_link(channel, wanted.name)
    if link is None or link.kind != "bridge":
        raise OSError(errno.EEXIST, "an interface of that name is no bridge", wanted.name)
    present = [each for each in rtnetlink.addresses(channel, link.index) if not each.is_link_local]
    stale = [each for each in present if each not in wanted.addresses and each.version == 4]
    missing = [each for each in wanted.addresses if each not in present]
    channel.require(
        [
            *(rtnetlink.delete_address(link.index, each) for each in stale),
            *(rtnetlink.add_address(link.index, each) for each in missing),
            rtnetlink.set_up(link.index),
        ]
    )
    # Packets of this host to 127.0.0.1 that the firewall sends on to a container need it.
    _set(_SYSCTL / "ipv4/conf" / wanted.name / "route_localnet", "1")
    return link.index


def is_interface(name: str) -> bool:
    """Whether the calling thread's network namespace has one of that name."""
    try:
        return socket.if_nametoindex(name) > 0
    except OSError:
        return False


def remove(channel: Netlink, name: str) -> None:
    """Remove the interface; one that is not there is no error."""
    channel.require([rtnetlink.delete_link(name)], ignore=(errno.ENODEV,))


def enable_forwarding() -> bool:
    """Let this host route; whether that was changed now."""
    if _FORWARDING.read_text().strip() != "0":
        return False
    _set(_FORWARDING, "1")
    return True


def _set(path: Path, value: str) -> None:
    with contextlib.suppress(OSError):
        path.write_text(value)
