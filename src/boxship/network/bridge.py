"""Linux bridges: one for each network of driver ``bridge`` (bridge(8), ip-sysctl.txt)."""

import contextlib
import errno
import functools
import ipaddress
import socket
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from boxship.kernel import rtnetlink
from boxship.kernel.netlink import Netlink
from boxship.network.ipam import Interface

_SYSCTL = Path("/proc/sys/net")
_FORWARDING = _SYSCTL / "ipv4/ip_forward"
_CONF6 = _SYSCTL / "ipv6/conf"
#: The bridge's address of the link, as Docker's.
_LINK_LOCAL = ipaddress.IPv6Interface("fe80::1/64")


@dataclass(frozen=True, slots=True)
class Bridge:
    """What an interface shall be. *addresses*: the host's own on it; *mtu* 0: the kernel's;
    *owner*: a remark by which its daemon knows it again."""

    name: str
    mac: str
    addresses: tuple[Interface, ...]
    mtu: int = 0
    owner: str = ""
    ipv6: bool = False


def ensure(channel: Netlink, wanted: Bridge) -> int:
    """Make the bridge, or bring the one that is there to what is wanted; its index."""
    link = rtnetlink.find_link(channel, wanted.name)
    if link is None:
        new = functools.partial(rtnetlink.add_bridge, wanted.name, wanted.mac)
        rtnetlink.add_marked(channel, new, wanted.owner)
        link = rtnetlink.find_link(channel, wanted.name)
    if link is None or link.kind != "bridge":
        raise OSError(errno.EEXIST, f"existing interface {wanted.name} is not a bridge")
    if link.alias != wanted.owner and link.alias.startswith(_kind(wanted.owner)):
        raise OSError(errno.EEXIST, f"existing interface {wanted.name} is another daemon's")
    # No container shall configure this host by posing as a router, whether it has IPv6 or not.
    _set(_CONF6 / wanted.name / "accept_ra", "0")
    if wanted.ipv6:
        _allow_ipv6(wanted.name)
    goal = list(dict.fromkeys([*wanted.addresses, *([_LINK_LOCAL] if wanted.ipv6 else [])]))
    present = rtnetlink.addresses(channel, link.index)
    # On an interface of the user's own, what it has besides is the user's.
    own = present if link.alias == wanted.owner else []
    stale = [each for each in own if each not in goal and not each.is_link_local]
    missing = [each for each in goal if each not in present]
    channel.require(
        [
            *(rtnetlink.delete_address(link.index, each) for each in stale),
            *(rtnetlink.add_address(link.index, each) for each in missing),
            *([rtnetlink.set_mtu(link.index, wanted.mtu)] if wanted.mtu else []),
            rtnetlink.set_up(link.index),
        ]
    )
    # Packets of this host to 127.0.0.1 that the firewall sends on to a container need it.
    _set(_SYSCTL / "ipv4/conf" / wanted.name / "route_localnet", "1")
    return link.index


def answer_for_others(name: str, wanted: bool) -> None:
    """Let the host answer for a bridge's containers, who do not hear each other, so that what they
    send to each other comes by way of it (proxy_arp_pvlan in ip-sysctl.txt)."""
    # Else it thinks for most of a second before each answer (arp(7)).
    _set(_SYSCTL / "ipv4/neigh" / name / "proxy_delay", "0")
    _set(_SYSCTL / "ipv4/conf" / name / "proxy_arp_pvlan", "1" if wanted else "0")


def _allow_ipv6(name: str) -> None:
    for key in ("disable_ipv6", "accept_dad"):
        _set(_CONF6 / name / key, "0")


def own_name(channel: Netlink, stem: str, owner: str) -> str:
    """*stem* with the first number that no other daemon's bridge has; with one of *owner*'s, its
    number."""
    links = {link.name: link.alias for link in rtnetlink.links(channel)}
    names = [f"{stem}{number}" for number in range(len(links) + 1)]
    ours = [name for name in names if links.get(name) == owner]
    free = [name for name in names if not links.get(name, "").startswith(_kind(owner))]
    return (ours or free)[0]


def _kind(owner: str) -> str:
    """What the remarks of all daemons begin with."""
    return owner.partition(" ")[0] + " "


def is_interface(name: str) -> bool:
    """Whether the calling thread's network namespace has one of that name."""
    try:
        return socket.if_nametoindex(name) > 0
    except OSError:
        return False


def retire(channel: Netlink, name: str, owner: str) -> bool:
    """Switch the interface off, and its routes with it; whether it was made for *owner* and shall
    be deleted. One of somebody else's stays as it is."""
    link = rtnetlink.find_link(channel, name)
    if link is None or link.alias != owner or link.kind != "bridge":
        return False
    channel.require([rtnetlink.set_down(link.index)], ignore=(errno.ENODEV,))
    return True


def sweep(channel: Netlink, owner: str, known: Collection[str]) -> None:
    """Remove the interfaces that carry the remark *owner* and are not among the *known*."""
    for link in rtnetlink.links(channel):
        if owner and link.alias == owner and link.name not in known:
            channel.require([rtnetlink.delete_link(link.name)], ignore=(errno.ENODEV,))


def enable_forwarding() -> None:
    """Let this host route."""
    if _FORWARDING.read_text().strip() == "0":
        _set(_FORWARDING, "1")


def enable_forwarding_ipv6() -> None:
    """Let this host route IPv6; a host that routes goes on to listen to its own router."""
    if (_CONF6 / "all/forwarding").read_text().strip() != "0":
        return
    for each in _CONF6.iterdir():
        with contextlib.suppress(OSError):
            if (each / "accept_ra").read_text().strip() == "1":
                _set(each / "accept_ra", "2")
    _set(_CONF6 / "all/forwarding", "1")


def _set(path: Path, value: str) -> None:
    with contextlib.suppress(OSError):
        path.write_text(value)
