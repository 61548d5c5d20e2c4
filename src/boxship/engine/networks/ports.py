"""Which ports a container wants published, and how those that are appear in answers."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from boxship.base.errors import InvalidParameter
from boxship.engine.containers.container import Container
from boxship.engine.containers.validation.ports import check_protocol, port_range, split_port
from boxship.network import ipam
from boxship.network.ipam import Address
from boxship.network.publish import Wish
from boxship.network.ruleset import Publication
from boxship.types.host_config import PortBinding


def _wanted(container: Container) -> dict[tuple[str, int], list[PortBinding]]:
    """``-p`` and ``-P`` by protocol and port of the container."""
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
    return wanted


def any_wanted(container: Container) -> bool:
    return bool(_wanted(container))


def host_addresses(container: Container) -> list[str]:
    """Those that the user names; empty texts where the default one is wanted."""
    return [each.host_ip for bindings in _wanted(container).values() for each in bindings]


def wishes(
    container: Container, default_hosts: tuple[Address, ...], before: Sequence[Publication] = ()
) -> list[Wish]:
    """In dockerd's order: ports that the user has chosen come first, the highest of them before
    the others. Who wants any keeps the one that it had *before*. :class:`InvalidParameter` for
    what is no address."""
    for protocol, _ in _wanted(container):
        check_protocol(protocol)
    found = [
        Wish(protocol, _hosts(binding.host_ip, default_hosts), _ports(binding.host_port), number)
        for (protocol, number), bindings in _wanted(container).items()
        for binding in bindings
    ]
    found.sort(key=lambda wish: (-(wish.ports.start), wish.target_port, wish.protocol))
    chosen = {(wish.protocol, number) for wish in found for number in wish.ports}
    free = [row for row in before if (row.protocol, row.port) not in chosen]
    return [_keeping(wish, free) for wish in found if wish.hosts]


def _keeping(wish: Wish, free: list[Publication]) -> Wish:
    for row in free if not wish.ports else ():
        if (row.protocol, row.target_port) == (wish.protocol, wish.target_port):
            free[:] = [
                each for each in free if (each.protocol, each.port) != (row.protocol, row.port)
            ]
            return replace(wish, preferred=row.port)
    return wish


def _hosts(text: str, default: tuple[Address, ...]) -> tuple[Address, ...]:
    if not text:
        return default
    try:
        return (ipam.plain_address(text),)
    except ValueError:
        raise InvalidParameter(f"invalid host address of a published port: {text}") from None


def _ports(text: str) -> range:
    limits = port_range(text.partition("/")[0])
    if limits is None or limits == (0, 0):
        return range(0)
    return range(limits[0], limits[1] + 1)


def port_map(rows: list[Publication]) -> dict[str, Any]:
    """``NetworkSettings.Ports`` of what is published."""
    found: dict[str, Any] = {}
    for row in rows:
        binding = {"HostIp": str(row.host), "HostPort": str(row.port or "")}
        found.setdefault(f"{row.target_port}/{row.protocol}", []).append(binding)
    return found
