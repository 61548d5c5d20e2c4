"""Control groups: which version, and which controllers limits can use."""

from __future__ import annotations

from boxship.cli.doctor.finding import broken, good, weak

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boxship.cli.doctor.finding import Finding
    from boxship.cli.doctor.machine import Machine

TOP = "/sys/fs/cgroup"
# What each controller is for; the names are those of cgroup v2, then of v1.
CONTROLLERS = (
    ("cpu", "cpu", "--cpus, --cpu-shares"),
    ("cpuset", "cpuset", "--cpuset-cpus"),
    ("memory", "memory", "--memory"),
    ("io", "blkio", "--device-read-bps and its like"),
    ("pids", "pids", "--pids-limit"),
)
# Version 1 needs these two for devices and pause; version 2 has them built in.
NEEDED_V1 = ("devices", "freezer")


def findings(machine: Machine) -> Iterator[Finding]:
    kinds = {path: kind for path, kind, _ in machine.mounts() if path.startswith(TOP)}
    if kinds.get(TOP) == "cgroup2":
        yield good("version", "2")
        yield from _limits(set(machine.read(f"{TOP}/cgroup.controllers").split()), 0)
    elif "cgroup" in kinds.values():
        yield good("version", "1")
        controllers = _first_version(machine)
        yield from _limits(controllers, 1)
        yield from _needed(controllers)
    else:
        yield broken("version", "no control groups are mounted", f"mount -t cgroup2 cgroup2 {TOP}")


def _first_version(machine: Machine) -> set[str]:
    mounted = (options.split(",") for _, kind, options in machine.mounts() if kind == "cgroup")
    return {option for options in mounted for option in options}


def _limits(present: set[str], column: int) -> Iterator[Finding]:
    for row in CONTROLLERS:
        name, flags = row[column], row[2]
        if name in present:
            yield good(name, f"enforces {flags}")
        else:
            yield weak(name, f"absent: {flags} cannot be enforced", _mend(name))


def _mend(name: str) -> str:
    if name == "memory":
        return "boot the kernel with cgroup_enable=memory swapaccount=1"
    return f"use a kernel with the {name} controller, and do not disable it at boot"


def _needed(present: set[str]) -> Iterator[Finding]:
    for name in NEEDED_V1:
        if name in present:
            yield good(name, "present")
        else:
            mend = f"mount -t cgroup -o {name} {name} {TOP}/{name}"
            yield broken(name, "not mounted", mend)
