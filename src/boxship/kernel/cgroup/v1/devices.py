"""The devices controller of cgroup v1 (cgroup-v1/devices)."""

from collections.abc import Iterable

from boxship.base.errors import NotSupported
from boxship.kernel.cgroup import files
from boxship.kernel.cgroup.devices import Device, DeviceRule, Policy, fold

_EVERYTHING = "a *:* rwm"


def apply(directory: str | None, rules: Iterable[DeviceRule]) -> None:
    """Change the list to what *rules* say; running processes keep what both allow throughout."""
    policy = fold(rules)
    if directory is None:
        raise NotSupported("the cgroup controller devices is not mounted on this host")
    current = _current(directory)
    if policy.allow or current is None:
        files.write(directory, "devices.allow" if policy.allow else "devices.deny", "a")
        current = {}
    for device, access in current.items():
        surplus = _without(access, policy.exceptions.get(device, ""))
        if surplus:
            files.write(directory, "devices.deny", _line(device, surplus))
    _add_exceptions(directory, policy, current)


def _add_exceptions(directory: str, policy: Policy, current: dict[Device, str]) -> None:
    name = "devices.deny" if policy.allow else "devices.allow"
    for device, access in policy.exceptions.items():
        missing = _without(access, current.get(device, ""))
        if missing:
            files.write(directory, name, _line(device, missing))


def _current(directory: str) -> dict[Device, str] | None:
    """The devices allowed, or None while everything (but exceptions, not shown) is."""
    text = files.read(directory, "devices.list")
    if text == _EVERYTHING:
        return None
    allowed: dict[Device, str] = {}
    for line in text.splitlines():
        kind, number, access = line.split()
        major, _, minor = number.partition(":")
        allowed[kind, _parse(major), _parse(minor)] = access
    return allowed


def _parse(number: str) -> int | None:
    return None if number == "*" else int(number)


def _without(access: str, other: str) -> str:
    return "".join(letter for letter in access if letter not in other)


def _line(device: Device, access: str) -> str:
    kind, major, minor = device
    return f"{kind} {_text(major)}:{_text(minor)} {access}"


def _text(number: int | None) -> str:
    return "*" if number is None else str(number)
