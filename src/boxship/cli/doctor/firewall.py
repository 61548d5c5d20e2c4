"""What may keep packets from containers: forwarding that is off, firewalls that drop."""

from __future__ import annotations

from boxship.cli.doctor.finding import good, weak

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boxship.cli.doctor.finding import Finding
    from boxship.cli.doctor.machine import Machine

FORWARD = "/proc/sys/net/ipv4/ip_forward"


def findings(machine: Machine) -> Iterator[Finding]:
    yield _forwarding(machine)
    obstacles = list(_obstacles(machine))
    yield from obstacles or [good("firewall", "none is known to be in the way")]


def _forwarding(machine: Machine) -> Finding:
    if machine.read(FORWARD) == "1":
        return good("forwarding", "packets are forwarded between interfaces")
    return weak(
        "forwarding",
        "off: containers on a bridge reach nothing outside",
        "sysctl net.ipv4.ip_forward=1",
    )


def _obstacles(machine: Machine) -> Iterator[Finding]:
    if "ENABLED=yes" in machine.read("/etc/ufw/ufw.conf").splitlines():
        yield _ufw(machine)
    if machine.exists("/run/firewalld.pid") or machine.exists("/run/firewalld/firewalld.pid"):
        yield weak(
            "firewalld",
            "active: it drops what is forwarded between its zones",
            "trust the bridge: firewall-cmd --permanent --zone=trusted --add-interface=BRIDGE",
        )
    if "docker0" in machine.names("/sys/class/net"):
        yield weak(
            "dockerd",
            "its rules drop forwarded packets of other bridges",
            "let them pass: iptables -I DOCKER-USER -i BRIDGE -j ACCEPT (and -o BRIDGE)",
        )


def _ufw(machine: Machine) -> Finding:
    policy = 'DEFAULT_FORWARD_POLICY="ACCEPT"'
    if policy in machine.read("/etc/default/ufw").splitlines():
        return good("ufw", "active, and forwards packets")
    return weak(
        "ufw",
        "active: it drops forwarded packets",
        f"set {policy} in /etc/default/ufw, then: ufw reload",
    )
