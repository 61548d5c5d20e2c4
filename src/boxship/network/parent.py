"""Interfaces of the host that macvlan and ipvlan networks lie above (ip-link(8))."""

import errno
import functools
from collections.abc import Callable
from dataclasses import dataclass

from boxship.base.errors import Internal
from boxship.kernel import rtnetlink, upper_links
from boxship.kernel.netlink import Message, Netlink

_LAST_VLAN = 4094
_MADE = ("vlan", "dummy")


@dataclass(frozen=True, slots=True)
class Parent:
    """*dummy*: one that leads nowhere, for networks without a way out. *owner*: the remark that
    marks what is made here."""

    name: str
    dummy: bool
    owner: str


def ensure(channel: Netlink, wanted: Parent) -> bool:
    """Have the interface; whether it had to be made: it is a VLAN ``eth0.10`` or a dummy then.

    :class:`Internal` in Docker's words.
    """
    if rtnetlink.find_link(channel, wanted.name) is not None:
        return False
    if wanted.dummy:
        _make(channel, wanted, functools.partial(upper_links.add_dummy, wanted.name))
    else:
        below, number = _vlan(wanted.name)
        link = rtnetlink.find_link(channel, below)
        if link is None:
            raise Internal(f"-o parent interface was not found on the host: {below}")
        if not 0 < number <= _LAST_VLAN:
            raise Internal(f"vlan id must be between 1-4094, received: {number}")
        new = functools.partial(upper_links.add_vlan, wanted.name, link.index, number)
        _make(channel, wanted, new)
    return True


def _make(channel: Netlink, wanted: Parent, new: Callable[[int], Message]) -> None:
    try:
        rtnetlink.add_marked(channel, new, wanted.owner)
        made = rtnetlink.find_link(channel, wanted.name)
        assert made is not None
        channel.require([rtnetlink.set_up(made.index)])
    except OSError as error:
        reason = str(error.strerror).lower()
        if not wanted.dummy:
            reason = f"failed to create {wanted.name} vlan link: {reason}"
        raise Internal(reason) from None


def _vlan(name: str) -> tuple[str, int]:
    below, dot, number = name.rpartition(".")
    if not dot or "." in below:
        raise Internal(f"invalid subinterface vlan name {name}, example formatting is eth0.10")
    if not number.isdecimal():
        raise Internal(f"unable to parse a valid vlan id from: {number} (ex. eth0.10 for vlan 10)")
    return below, int(number)


def remove(channel: Netlink, name: str, owner: str) -> None:
    """Remove an interface that was made here; any other stays."""
    link = rtnetlink.find_link(channel, name)
    if link is not None and link.alias == owner and link.kind in _MADE:
        channel.require([rtnetlink.delete_link(name)], ignore=(errno.ENODEV,))
