"""The mounts of a container: Docker's defaults, then the user's by depth."""

import os
from functools import lru_cache
from typing import Any

from boxship.runtime.spec.facts import Facts, UserMount
from boxship.types.host_config import HostConfig

Mount = dict[str, Any]


def _mount(destination: str, kind: str, *options: str, source: str = "") -> Mount:
    return {
        "destination": destination,
        "type": kind,
        "source": source or kind,
        "options": list(options),
    }


@lru_cache(maxsize=16)
def _default(privileged: bool, shm_size: int) -> list[Mount]:
    """Those of all containers alike; the caller changes none."""
    access = "rw" if privileged else "ro"
    return [
        _mount("/proc", "proc", "nosuid", "noexec", "nodev"),
        _mount("/dev", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
        _mount(
            "/dev/pts",
            "devpts",
            *("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
        ),
        _mount("/sys", "sysfs", "nosuid", "noexec", "nodev", access),
        _mount("/sys/fs/cgroup", "cgroup", access, "nosuid", "noexec", "nodev"),
        _mount("/dev/mqueue", "mqueue", "nosuid", "noexec", "nodev"),
        _mount(
            "/dev/shm",
            "tmpfs",
            *("nosuid", "noexec", "nodev", "mode=1777", f"size={shm_size}"),
            source="shm",
        ),
    ]


def _shared(host: HostConfig, facts: Facts) -> dict[str, Mount]:
    """Replacements of defaults where a namespace is not the container's own."""
    result: dict[str, Mount] = {}
    if host.ipc_mode == "host":
        # A new mqueue mount shows the host's queues by itself.
        result["/dev/shm"] = _mount(
            "/dev/shm", "bind", "rbind", "nosuid", "noexec", "nodev", source="/dev/shm"
        )
        if facts.users:
            # But only for who has rights over the host's.
            result["/dev/mqueue"] = _mount("/dev/mqueue", "bind", "rbind", source="/dev/mqueue")
    elif host.ipc_mode.startswith("container:"):
        other = _mount("/dev/shm", "bind", "rbind", source="/dev/shm")
        result["/dev/shm"] = other | {"process": facts.joins["ipc"]}
    if host.pid_mode == "host":
        result["/proc"] = _mount(
            "/proc", "bind", "rbind", "nosuid", "noexec", "nodev", source="/proc"
        )
    return result


def _user(mount: UserMount) -> Mount:
    if mount.type == "tmpfs":
        return _mount(mount.destination, "tmpfs", *mount.options)
    options = ["rbind" if mount.recursive else "bind"]
    if mount.read_only:
        options.append("rro" if mount.read_only_recursive else "ro")
    options.append(mount.propagation or "rprivate")
    options += mount.options
    return _mount(mount.destination, "bind", *options, source=mount.source) | mount.behind


def _depth(mount: Mount) -> int:
    return len([part for part in mount["destination"].split("/") if part])


def build(host: HostConfig, facts: Facts) -> list[Mount]:
    user = [_user(mount) for mount in facts.mounts]
    taken = {mount["destination"] for mount in user}
    shared = _shared(host, facts)
    if facts.users and host.ipc_mode == "host" and not os.path.isdir("/dev/mqueue"):
        taken.add("/dev/mqueue")
    default = [
        shared.get(m["destination"], m)
        for m in _default(host.privileged, host.shm_size)
        if m["destination"] not in taken and not (host.ipc_mode == "none" and "shm" in str(m))
    ]
    return default + sorted(user, key=_depth)
