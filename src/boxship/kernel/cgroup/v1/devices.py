"""The devices controller of cgroup v1 (cgroup-v1/devices)."""

from collections.abc import Iterable

from boxship.base.errors import NotSupported
from boxship.kernel.cgroup import files
from boxship.kernel.cgroup.devices import Device, DeviceRule, fold

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
    surplus = _difference(current, policy.exceptions)
    missing = _difference(policy.exceptions, current)
    if missing:
        files.write(directory, "devices.deny" if policy.allow else "devices.allow", *missing)
    if surplus:
        files.write(directory, "devices.deny", *surplus)


def _difference(rules: dict[Device, str], others: dict[Device, str]) -> list[str]:
    """The lines for what *rules* name and *others* do not."""
    lines = []
    for device, access in rules.items():
        held = others.get(device, "")
        rest = "".join(letter for letter in access if letter not in held)
        if rest:
            lines.append(_line(device, rest))
    return lines


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


def _line(device: Device, access: str) -> str:
    kind, major, minor = device
    return f"{kind} {_text(major)}:{_text(minor)} {access}"


def _text(number: int | None) -> str:
    return "*" if number is None else str(number)
