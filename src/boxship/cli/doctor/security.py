"""What confines programs beyond namespaces: seccomp and Linux security modules."""

from __future__ import annotations

from boxship.cli.doctor.finding import good, weak

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boxship.cli.doctor.finding import Finding
    from boxship.cli.doctor.machine import Machine


def findings(machine: Machine) -> Iterator[Finding]:
    yield _seccomp(machine)
    yield _apparmor(machine)
    if machine.read("/sys/fs/selinux/enforce") == "1":
        yield weak(
            "SELinux",
            "enforcing: it may keep containers from bind mounts",
            "label what containers should see: chcon -Rt container_file_t DIRECTORY",
        )


def _seccomp(machine: Machine) -> Finding:
    actions = machine.read("/proc/sys/kernel/seccomp/actions_avail").split()
    if "errno" in actions:
        return good("seccomp", f"actions: {' '.join(actions)}")
    return weak(
        "seccomp",
        "absent: containers may use every system call",
        "use a kernel with CONFIG_SECCOMP_FILTER",
    )


def _apparmor(machine: Machine) -> Finding:
    if machine.read("/sys/module/apparmor/parameters/enabled") == "Y":
        return good("AppArmor", "enabled")
    return good("AppArmor", "absent; seccomp and capabilities confine containers without it")
