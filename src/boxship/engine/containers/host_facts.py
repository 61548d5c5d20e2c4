"""What validation must know of this machine, gathered once at start."""

import os
from dataclasses import dataclass, field
from pathlib import Path

_NODE = Path("/sys/devices/system")


@dataclass(frozen=True)
class HostFacts:
    """*online_cpus* and *memory_nodes* are lists such as ``0-3,5``.

    *unsupported* names what the kernel's cgroups cannot do (the keys of ``resources.WARNINGS``);
    asking for it becomes a warning, not an error.
    """

    cpus: int
    online_cpus: str
    memory_nodes: str = "0"
    cgroup_version: int = 2
    unsupported: frozenset[str] = frozenset()
    remaps_users: bool = False
    runtimes: frozenset[str] = frozenset({"runc", "io.containerd.runc.v2"})
    default_runtime: str = "runc"
    default_log_driver: str = "json-file"
    default_log_options: dict[str, str] = field(default_factory=dict)


def read_host_facts(
    cgroup_version: int, unsupported: frozenset[str] = frozenset(), remaps_users: bool = False
) -> HostFacts:
    """Facts of the machine that this process runs on, and whether users are remapped on it."""
    cpus = len(os.sched_getaffinity(0))
    return HostFacts(
        cpus=cpus,
        online_cpus=_read(_NODE / "cpu/online", f"0-{cpus - 1}" if cpus > 1 else "0"),
        memory_nodes=_read(_NODE / "node/has_memory", "0"),
        cgroup_version=cgroup_version,
        unsupported=unsupported,
        remaps_users=remaps_users,
    )


def _read(path: Path, default: str) -> str:
    try:
        return path.read_text().strip() or default
    except OSError:
        return default
