"""Device nodes, and which devices a container may use."""

import os
import stat
from typing import Any

from boxship.base.errors import InvalidParameter
from boxship.runtime.spec.facts import Facts, HostDevice
from boxship.types.host_config import HostConfig

_DEFAULT_NODES = (
    ("/dev/null", 1, 3),
    ("/dev/zero", 1, 5),
    ("/dev/full", 1, 7),
    ("/dev/random", 1, 8),
    ("/dev/urandom", 1, 9),
    ("/dev/tty", 5, 0),
)
# Docker's default rules; None stands for "any number".
_DEFAULT_RULES: tuple[tuple[str, int | None, int | None, str], ...] = (
    ("c", 1, 5, "rwm"),
    ("c", 1, 3, "rwm"),
    ("c", 1, 9, "rwm"),
    ("c", 1, 8, "rwm"),
    ("c", 5, 0, "rwm"),
    ("c", 5, 1, "rwm"),
    ("c", 1, 7, "rwm"),
    ("c", 136, None, "rwm"),
    ("c", 5, 2, "rwm"),
    ("c", None, None, "m"),
    ("b", None, None, "m"),
)


def _rule(kind: str, major: int | None, minor: int | None, access: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"allow": True, "type": kind, "access": access}
    if major is not None:
        rule["major"] = major
    if minor is not None:
        rule["minor"] = minor
    return rule


def rules(host: HostConfig, facts: Facts) -> list[dict[str, Any]]:
    if host.privileged:
        return [{"allow": True, "access": "rwm"}]
    deny = {"allow": False, "access": "rwm"}
    allowed = [_rule(*row) for row in _DEFAULT_RULES]
    access = {d.path_in_container: d.cgroup_permissions or "rwm" for d in host.devices or ()}
    for device in facts.devices:
        allowed.append(
            _rule(device.kind, device.major, device.minor, access.get(device.path, "rwm"))
        )
    allowed += [_parse_rule(text) for text in host.device_cgroup_rules or ()]
    return [deny, *allowed]


def _parse_rule(text: str) -> dict[str, Any]:
    """``c 42:* rmw`` as on the command line."""
    try:
        kind, numbers, access = text.split()
        major, minor = map(_number, numbers.split(":"))
    except ValueError:
        raise InvalidParameter(f"invalid device cgroup rule format: '{text}'") from None
    return _rule(kind, major, minor, access)


def _number(text: str) -> int | None:
    return None if text == "*" else int(text)


def _node(device: HostDevice) -> dict[str, Any]:
    return {
        "path": device.path,
        "type": device.kind,
        "major": device.major,
        "minor": device.minor,
        "fileMode": device.mode,
        "uid": device.uid,
        "gid": device.gid,
    }


def nodes(host: HostConfig, facts: Facts) -> list[dict[str, Any]]:
    default = [
        {"path": path, "type": "c", "major": major, "minor": minor, "fileMode": 0o666}
        for path, major, minor in _DEFAULT_NODES
    ]
    if host.privileged:
        names = {str(node["path"]) for node in default}
        default += [_node(d) for d in facts.host_devices if d.path not in names]
    return default + [_node(device) for device in facts.devices]


def inspect_host(path: str, path_in_container: str) -> list[HostDevice]:
    """The device *path*, or every device below the directory *path*."""
    try:
        status = os.stat(path)
    except OSError as error:
        raise InvalidParameter(
            f'error gathering device information while adding custom device "{path}": '
            f"{(error.strerror or '').lower()}"
        ) from None
    if stat.S_ISDIR(status.st_mode):
        return _below(path, path_in_container)
    kind = _kind(status.st_mode)
    if kind is None:
        raise InvalidParameter(
            f'error gathering device information while adding custom device "{path}": '
            "not a device node"
        )
    return [_device(status, kind, path_in_container)]


def _kind(mode: int) -> str | None:
    if stat.S_ISCHR(mode):
        return "c"
    return "b" if stat.S_ISBLK(mode) else None


def _device(status: os.stat_result, kind: str, path: str) -> HostDevice:
    number = status.st_rdev
    mode = stat.S_IMODE(status.st_mode)
    return HostDevice(
        path, kind, os.major(number), os.minor(number), mode, status.st_uid, status.st_gid
    )


_SKIPPED = {"pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev", "console"}


def _below(directory: str, target: str) -> list[HostDevice]:
    found: list[HostDevice] = []
    for entry in sorted(os.scandir(directory), key=lambda e: e.name):
        if entry.name in _SKIPPED or entry.is_symlink():
            continue
        path = os.path.join(target, entry.name)
        if entry.is_dir(follow_symlinks=False):
            found += _below(entry.path, path)
            continue
        status = entry.stat(follow_symlinks=False)
        kind = _kind(status.st_mode)
        if kind is not None:
            found.append(_device(status, kind, path))
    return found


def all_host_devices() -> list[HostDevice]:
    """What a privileged container gets."""
    return _below("/dev", "/dev")
