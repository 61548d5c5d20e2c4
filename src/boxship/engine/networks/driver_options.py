"""Options of network drivers: what dockerd refuses of them, in its words."""

import re
from collections.abc import Callable, Mapping

from boxship.base.errors import Internal, InvalidParameter
from boxship.engine.networks.network import (
    BRIDGE_NAME,
    FALSE,
    GATEWAY_MODES,
    HOST_ADDRESS,
    HOST_SOURCE,
    ICC,
    INHIBIT_IPV4,
    MASQUERADE,
    MTU,
    PARENT,
    TRUE,
)
from boxship.network import ipam
from boxship.network.endpoint import IPVLAN_FLAGS, IPVLAN_MODES, MACVLAN_MODES

# What IPv4 needs, and what the kernel has room for in a packet.
_LEAST_MTU, _MOST_MTU = 68, 65535
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}\Z")
# Without what would mean something else, or more than one interface, to nftables or the kernel.
_INTERFACE = re.compile(r"[^\s/:\0\"*\\%]+\Z")
_MODES = ("nat", "nat-unprotected", "routed", "isolated")


def _failed(name: str, value: str, reason: str) -> InvalidParameter:
    return InvalidParameter(f"failed to parse {name} value: {value} ({reason})")


def _flag(name: str, value: str) -> None:
    if value not in TRUE | FALSE:
        reason = f'strconv.ParseBool: parsing "{value}": invalid syntax'
        raise _failed(name, value, reason)


def _address(name: str, value: str) -> None:
    try:
        ipam.plain_address(value)
    except ValueError:
        raise _failed(name, value, "nil ip") from None


def _mtu(name: str, value: str) -> None:
    number = int(value) if _NUMBER.match(value) else None
    if number is None:
        reason = f'strconv.Atoi: parsing "{value}": invalid syntax'
        raise _failed(name, value, reason)
    if number < 0 or 0 < number < _LEAST_MTU or number > _MOST_MTU:
        raise InvalidParameter(f"invalid MTU number: {number}")


def _interface(_: str, value: str) -> None:
    """What the kernel takes as a name (dev_valid_name in net/core/dev.c)."""
    if len(value.encode("utf-8", "surrogateescape")) > 15:
        # The kernel's words for it, as dockerd passes them on.
        raise InvalidParameter("numerical result out of range")
    if value and (value in (".", "..") or not _INTERFACE.match(value)):
        raise InvalidParameter(f"invalid bridge name: {value!r}")


def _gateway_mode(name: str, value: str) -> None:
    if value not in _MODES:
        raise InvalidParameter(f"unknown gateway mode {value}, in option {name}")


_BRIDGE: Mapping[str, Callable[[str, str], None]] = {
    ICC: _flag,
    MASQUERADE: _flag,
    INHIBIT_IPV4: _flag,
    HOST_ADDRESS: _address,
    HOST_SOURCE: _address,
    MTU: _mtu,
    BRIDGE_NAME: _interface,
    **dict.fromkeys(GATEWAY_MODES.values(), _gateway_mode),
}


def _one_of(driver: str, what: str, names: Mapping[str, int], default: str) -> Callable[..., None]:
    def check(_: str, value: str) -> None:
        if value and value not in names:
            raise Internal(
                f"requested {driver} {what} '{value}' is not valid, {default} is the {driver} "
                "driver default"
            )

    return check


def _parent(_: str, value: str) -> None:
    if value == "lo":
        raise Internal("loopback interface is not a valid macvlan parent link")


_CHECKS: Mapping[str, Mapping[str, Callable[[str, str], None]]] = {
    "bridge": _BRIDGE,
    "macvlan": {
        "macvlan_mode": _one_of("macvlan", "mode", MACVLAN_MODES, "'bridge' mode"),
        PARENT: _parent,
        MTU: _mtu,
    },
    "ipvlan": {
        "ipvlan_mode": _one_of("ipvlan", "mode", IPVLAN_MODES, "'l2' mode"),
        "ipvlan_flag": _one_of("ipvlan", "flag", IPVLAN_FLAGS, "'bridge'"),
        PARENT: _parent,
        MTU: _mtu,
    },
}


def check(driver: str, options: Mapping[str, str]) -> None:
    """:class:`InvalidParameter` or :class:`Internal` for the first that is wrong."""
    for name, checker in _CHECKS[driver].items():
        if name in options:
            checker(name, options[name])
