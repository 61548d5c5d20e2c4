"""Links on the default bridge (``--link``): what the linking container is told of the linked one.

On networks of the user's own a link is but one more name (see ``networks/resolving``).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from boxship.base.errors import Internal
from boxship.base.ids import SHORT_LENGTH
from boxship.engine.containers.container import Container
from boxship.engine.containers.store import Live
from boxship.engine.containers.validation.names import parse_link
from boxship.engine.containers.validation.ports import port_range, split_port

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_NETWORK = "bridge"
# Variables of the linked container that are its own affair.
_PRIVATE = ("HOME", "PATH")
#: Names of linked containers that have been removed, by their ids.
_REMOVED = "removed_links"
Port = tuple[int, str]


def _links(container: Container) -> list[tuple[str, str]]:
    """Ids of linked containers, and their aliases."""
    if container.host_config.network_mode not in (_NETWORK, "default"):
        return []
    return [parse_link(link) for link in container.host_config.links or ()]


def linked(engine: "Engine", container: Container) -> Iterator[tuple[Container, str]]:
    """The linked containers that are still there, and their aliases."""
    for identity, alias in _links(container):
        live = engine.containers.by_id(identity)
        if live is not None:
            yield live.container, alias


def _name(engine: "Engine", container: Container, identity: str) -> str:
    """Of a linked container, even if it is no more."""
    live = engine.containers.by_id(identity)
    removed: dict[str, str] = container.tags.get(_REMOVED) or {}
    return live.container.name if live else removed.get(identity, identity)


def remember_removed(engine: "Engine", gone: Container) -> None:
    """Links to a container outlive it: others that have one cannot start, as with Docker."""
    for live in engine.containers:
        if any(identity == gone.id for identity, _ in _links(live.container)):
            live.container.tags.setdefault(_REMOVED, {})[gone.id] = gone.name
            engine.containers.save_soon(live)


def shown(engine: "Engine", container: Container) -> list[str]:
    """``HostConfig.Links`` as Docker shows them: the target's path, then the alias's."""
    return [
        f"/{_name(engine, container, identity)}:/{container.name}/{alias}"
        for identity, alias in _links(container)
    ]


def check(engine: "Engine", container: Container) -> None:
    """:class:`Internal`, in Docker's words, for a linked container that cannot be reached."""
    for identity, alias in _links(container):
        if engine.containers.by_id(identity) is None:
            raise _not_running(_name(engine, container, identity), container, alias)
    for other, alias in linked(engine, container):
        if _NETWORK not in other.endpoints:
            raise Internal(
                f"Cannot link to /{other.name}, as it does not belong to the default network"
            )
        if not other.state.running:
            raise _not_running(other.name, container, alias)


def _not_running(name: str, container: Container, alias: str) -> Internal:
    return Internal(f"Cannot link to a non running container: /{name} AS /{container.name}/{alias}")


def host_lines(engine: "Engine", container: Container) -> list[str]:
    """Of /etc/hosts: address, alias, host name and, where it is another, name."""
    lines = []
    for other, alias in linked(engine, container):
        hostname = other.config.hostname or other.id[:SHORT_LENGTH]
        names = dict.fromkeys((alias, hostname, other.name))
        lines.append(f"{_address(other)}\t{' '.join(names)}")
    return [line for line in lines if not line.startswith("\t")]


def _address(container: Container) -> str:
    settings = container.endpoints.get(_NETWORK)
    return settings.ip_address if settings else ""


def environment(engine: "Engine", container: Container) -> list[str]:
    """Variables of the linking container, in Docker's order; see :func:`check` before."""
    found: dict[str, str] = {}
    for other, alias in linked(engine, container):
        prefix = alias.replace("-", "_").upper()
        found |= _port_variables(prefix, _address(other), ports(other))
        found[f"{prefix}_NAME"] = f"/{container.name}/{alias}"
        for variable in other.config.env or ():
            key, _, value = variable.partition("=")
            if key not in _PRIVATE:
                found[f"{prefix}_ENV_{key}"] = value
    return [f"{key}={value}" for key, value in found.items()]


def ports(container: Container) -> list[Port]:
    """Those exposed or published, by number."""
    texts = [
        *(container.config.exposed_ports or ()),
        *(container.host_config.port_bindings or {}),
    ]
    found: set[Port] = set()
    for each in texts:
        number, protocol = split_port(each)
        limits = port_range(number)
        if limits:
            found |= {(port, protocol) for port in range(limits[0], limits[1] + 1)}
    return sorted(found)


def _port_variables(prefix: str, address: str, exposed: list[Port]) -> dict[str, str]:
    found: dict[str, str] = {}
    if exposed:
        port, protocol = exposed[0]
        found[f"{prefix}_PORT"] = f"{protocol}://{address}:{port}"
    for first, last in _runs(exposed):
        port, protocol = first
        name = f"{prefix}_PORT_{port}_{protocol.upper()}"
        found[f"{name}_START"] = f"{protocol}://{address}:{port}"
        found[f"{name}_ADDR"] = address
        found[f"{name}_PROTO"] = protocol
        found[f"{name}_PORT_START"] = str(port)
        found[f"{name}_END"] = f"{last[1]}://{address}:{last[0]}"
        found[f"{name}_PORT_END"] = str(last[0])
    for port, protocol in exposed:
        name = f"{prefix}_PORT_{port}_{protocol.upper()}"
        found[name] = f"{protocol}://{address}:{port}"
        found[f"{name}_ADDR"] = address
        found[f"{name}_PORT"] = str(port)
        found[f"{name}_PROTO"] = protocol
    return found


def _runs(exposed: list[Port]) -> Iterator[tuple[Port, Port]]:
    """First and last of three or more ports without a gap."""
    start = 0
    for position in range(1, len(exposed) + 1):
        if position < len(exposed) and exposed[position][0] <= exposed[position - 1][0] + 1:
            continue
        if position - start > 2:
            yield exposed[start], exposed[position - 1]
        start = position


def linking(engine: "Engine", container: Container) -> Iterator[Live]:
    """Running containers that have a link to *container*."""
    for live in engine.containers:
        running = live.shim is not None and live.container.host_config.links
        if running and any(other is container for other, _ in linked(engine, live.container)):
            yield live


def names_of(engine: "Engine") -> dict[str, list[str]]:
    """By container: the further names that links give it, ``/parent/alias``."""
    found: dict[str, list[str]] = {}
    for live in engine.containers:
        for other, alias in linked(engine, live.container):
            found.setdefault(other.id, []).append(f"/{live.container.name}/{alias}")
    return found
