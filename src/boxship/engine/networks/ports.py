"""Which ports a container wants published, and how those that are appear in answers."""

import ipaddress
from typing import Any

from boxship.base.errors import InvalidParameter
from boxship.engine.containers.container import Container
from boxship.engine.containers.validation.ports import port_range, split_port
from boxship.network.firewall import Publication
from boxship.network.publish import Wish
from boxship.types.host_config import PortBinding


def wishes(container: Container, default_host: ipaddress.IPv4Address) -> list[Wish]:
    """``-p`` and ``-P``, in the order of the container's ports.

    :class:`InvalidParameter` for addresses that nothing can be published on.
    """
    host = container.host_config
    wanted: dict[tuple[str, int], list[PortBinding]] = {}
    for port, bindings in (host.port_bindings or {}).items():
        number, protocol = split_port(port)
        wanted[protocol, int(number or 0)] = bindings or [PortBinding()]
    if host.publish_all_ports:
        for port in container.config.exposed_ports or ():
            number, protocol = split_port(port)
            limits = port_range(number)
            for each in range(limits[0], limits[1] + 1) if limits else ():
                wanted.setdefault((protocol, each), [PortBinding()])
    return [
        Wish(protocol, _address(binding.host_ip, default_host), _ports(binding.host_port), number)
        for (protocol, number), bindings in sorted(wanted.items())
        for binding in bindings
    ]


def _address(text: str, default: ipaddress.IPv4Address) -> ipaddress.IPv4Address:
    if not text:
        return default
    try:
        return ipaddress.IPv4Address(text)
    except ValueError:
        raise InvalidParameter(
            f"cannot publish on {text}: containers have IPv4 addresses only"
        ) from None


def _ports(text: str) -> range:
    limits = port_range(text.partition("/")[0])
    if limits is None or limits == (0, 0):
        return range(0)
    return range(limits[0], limits[1] + 1)


def port_map(rows: list[Publication]) -> dict[str, Any]:
    """``NetworkSettings.Ports`` of what is published."""
    found: dict[str, Any] = {}
    for row in rows:
        binding = {"HostIp": str(row.host), "HostPort": str(row.port)}
        found.setdefault(f"{row.target_port}/{row.protocol}", []).append(binding)
    return found
