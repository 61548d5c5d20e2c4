"""A container's ports: the map of ``inspect`` and the rows of the container list."""

from typing import Any

from boxship.engine.containers.container import Container
from boxship.engine.containers.validation.ports import port_number, port_range, split_port

#: Port and protocol to the host's addresses that lead to it; None when only exposed.
PortMap = dict[str, list[dict[str, str]] | None]


def port_map(container: Container) -> PortMap:
    """``NetworkSettings.Ports``: empty unless the container runs on a network that can publish.

    Whether it does, and what is published right now, comes from ``container.tags``, which the
    network keeps.
    """
    if not container.state.running or not _can_publish(container):
        return {}
    ports: PortMap = {}
    for exposed in container.config.exposed_ports or ():
        number, protocol = split_port(exposed)
        limits = port_range(number)
        if limits is not None and number:
            for each in range(limits[0], limits[1] + 1):
                ports[f"{each}/{protocol}"] = None
    published: PortMap = container.tags.get("ports") or {}
    return dict(sorted((ports | published).items()))


def _can_publish(container: Container) -> bool:
    mode = container.host_config.network_mode
    own = bool(container.endpoints) and mode not in ("host", "none")
    return own and bool(container.tags.get("publishing", True))


def port_rows(container: Container) -> list[dict[str, Any]]:
    """``Ports`` of a list row: published ones by host address, others by number alone."""
    rows: list[dict[str, Any]] = []
    for port, bindings in port_map(container).items():
        number, protocol = split_port(port)
        private = port_number(number) or 0
        if not bindings:
            rows.append({"PrivatePort": private, "Type": protocol})
        for binding in bindings or ():
            rows.append(
                {
                    "IP": binding["HostIp"],
                    "PrivatePort": private,
                    "PublicPort": port_number(binding["HostPort"]) or 0,
                    "Type": protocol,
                }
            )
    return rows
