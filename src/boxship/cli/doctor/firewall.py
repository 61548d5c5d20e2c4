"""What may keep packets from containers: forwarding that is off, firewalls that drop."""

from __future__ import annotations

from boxship.cli.doctor.finding import good, weak

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boxship.cli.doctor.finding import Finding
    from boxship.cli.doctor.machine import Machine

FORWARD = "/proc/sys/net/ipv4/ip_forward"
LEGACY = "/proc/net/ip_tables_names"


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
    """They drop what is forwarded; the daemon adds a rule of its own where they allow it."""
    if "ENABLED=yes" in machine.read("/etc/ufw/ufw.conf").splitlines():
        yield good("ufw", "active: the daemon has its packets pass by a rule in ufw-user-forward")
    if machine.exists("/run/firewalld.pid") or machine.exists("/run/firewalld/firewalld.pid"):
        yield _firewalld(machine)
    if "filter" in machine.read(LEGACY).split():
        yield weak(
            "iptables-legacy",
            "has rules, which the daemon does not see",
            "where they drop what is forwarded: "
            "iptables-legacy -I FORWARD -m mark --mark 0x1000000/0x1000000 -j ACCEPT",
        )
    if "docker0" in machine.names("/sys/class/net"):
        yield good("dockerd", "the daemon has its packets pass by a rule in DOCKER-USER")


def _firewalld(machine: Machine) -> Finding:
    if machine.program("firewall-cmd"):
        return good("firewalld", "active: the daemon adds its bridges to the zone trusted")
    return weak(
        "firewalld",
        "active, but the daemon has no firewall-cmd to tell it of bridges",
        "install firewall-cmd, which is part of firewalld",
    )
