"""Namespaces: what isolates a container from its host."""

from __future__ import annotations

from boxship.cli.doctor.finding import broken, good, weak

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boxship.cli.doctor.finding import Finding
    from boxship.cli.doctor.machine import Machine

# The name below /proc/self/ns, and of the limit below /proc/sys/user (namespaces(7)).
NEEDED = (("mnt", "mnt"), ("pid", "pid"), ("net", "net"), ("ipc", "ipc"), ("uts", "uts"))


def findings(machine: Machine) -> Iterator[Finding]:
    missing = [name for name, limit in NEEDED if not _usable(machine, name, limit)]
    if missing:
        yield broken(
            "kinds",
            f"not usable: {', '.join(missing)}",
            "use a kernel with CONFIG_NAMESPACES and raise /proc/sys/user/max_*_namespaces",
        )
    else:
        yield good("kinds", ", ".join(name for name, _ in NEEDED))
    yield _cgroup(machine)
    yield _user(machine)


def _usable(machine: Machine, name: str, limit: str) -> bool:
    allowed = machine.number(f"/proc/sys/user/max_{limit}_namespaces", 1)
    return f"{name}" in machine.names("/proc/self/ns") and allowed > 0


def _cgroup(machine: Machine) -> Finding:
    if _usable(machine, "cgroup", "cgroup"):
        return good("cgroup", "containers see their own control groups only")
    return weak(
        "cgroup", "containers see the host's control groups", "use a kernel with CONFIG_CGROUPS"
    )


def _user(machine: Machine) -> Finding:
    if not _usable(machine, "user", "user"):
        return weak(
            "user",
            "disabled: containers' root is the host's, without its capabilities",
            "sysctl user.max_user_namespaces=10000",
        )
    restricted = (
        ("/proc/sys/kernel/unprivileged_userns_clone", 0, "kernel.unprivileged_userns_clone=1"),
        (
            "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
            1,
            "kernel.apparmor_restrict_unprivileged_userns=0",
        ),
    )
    for path, value, setting in restricted:
        if machine.exists(path) and machine.number(path) == value:
            return weak("user", "for root only", f"sysctl {setting}")
    return good("user", "available to everybody")
