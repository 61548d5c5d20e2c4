"""Other containers that a container names: their ids, and whether they can be joined."""

import contextlib
from typing import TYPE_CHECKING

from boxship.base.errors import Conflict, InvalidParameter, NotFound
from boxship.engine.containers import held
from boxship.engine.containers.container import Container
from boxship.engine.containers.store import Live
from boxship.engine.containers.validate import Prepared
from boxship.engine.containers.validation.names import parse_link, parse_volumes_from

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_PREFIX = "container:"
_JOINABLE = {"network": "network_mode", "pid": "pid_mode", "ipc": "ipc_mode"}
# Elsewhere links are names of the network.
_LINKED = ("bridge", "default", "")
_NOT_RUNNING = {
    "network": "cannot join network of a non running container: {id}",
    "pid": "failed to join PID namespace: container {id} is not running",
    "ipc": "failed to join IPC namespace: container {id} is not running",
}
_OWN = {
    "network": "cannot join own network",
    "pid": "cannot join own PID namespace",
    "ipc": "cannot join own IPC namespace",
}


def target_of(mode: str) -> str | None:
    """The container that ``container:NAME`` names."""
    return mode.removeprefix(_PREFIX) if mode.startswith(_PREFIX) else None


def resolve(engine: "Engine", prepared: Prepared) -> None:
    """Names become ids, so that a rename changes nothing.

    :class:`InvalidParameter` for missing containers, but for the one whose network is joined:
    Docker minds that one at the start only.
    """
    host = prepared.host_config
    host.pid_mode = _by_id(engine, host.pid_mode)
    host.ipc_mode = _by_id(engine, host.ipc_mode)
    try:
        host.network_mode = _by_id(engine, host.network_mode)
    except InvalidParameter:
        pass
    if host.network_mode in _LINKED:
        host.links = [_link_by_id(engine, link) for link in host.links or ()] or None
    for other in host.volumes_from or ():
        _require(engine, parse_volumes_from(other)[0], "")


def _link_by_id(engine: "Engine", link: str) -> str:
    name, alias = parse_link(link)
    prefix = f"could not get container for {name}: "
    if not name:
        raise InvalidParameter(f'{prefix}invalid name or ID supplied: ""')
    return f"{_require(engine, name, prefix).id}:{alias}"


def _by_id(engine: "Engine", mode: str) -> str:
    name = target_of(mode)
    return mode if not name else f"{_PREFIX}{_require(engine, name, '').id}"


def _require(engine: "Engine", name: str, prefix: str) -> Container:
    try:
        return engine.containers.get(name).container
    except NotFound as error:
        raise InvalidParameter(f"{prefix}{error}") from None


def take_names(engine: "Engine", container: Container) -> None:
    """Who joins a network has the names of its owner, and shows the owner's files."""
    name = target_of(container.host_config.network_mode)
    if name is None:
        return
    owner = engine.containers.get(name).container
    container.config.hostname = owner.config.hostname
    container.config.domainname = owner.config.domainname
    container.hostname_path = owner.hostname_path
    container.hosts_path = owner.hosts_path
    container.resolv_conf_path = owner.resolv_conf_path


async def hold(
    engine: "Engine", container: Container, stack: contextlib.ExitStack
) -> dict[str, str]:
    """The containers whose namespaces are shared: by kind, a directory in /proc that is theirs
    while *stack* is open.

    :class:`Conflict` for those that do not run or do not share.
    """
    found: dict[str, str] = {}
    for kind, other in _joined(engine, container).items():
        process = await held.hold(other.shim)
        if process is None or stack.enter_context(process).gone:
            raise _not_running(kind, other.container)
        found[kind] = process.path
    return found


async def check_running(engine: "Engine", container: Container) -> None:
    """:class:`Conflict` if one of them has ended."""
    with contextlib.ExitStack() as stack:
        await hold(engine, container, stack)


def _joined(engine: "Engine", container: Container) -> dict[str, Live]:
    found: dict[str, Live] = {}
    for kind, attribute in _JOINABLE.items():
        name = target_of(getattr(container.host_config, attribute))
        if name is None:
            continue
        other = engine.containers.get(name)
        if other.container is container:
            raise Conflict(_OWN[kind].format(id=container.id))
        _check(kind, other.container)
        found[kind] = other
    return found


def _not_running(kind: str, other: Container) -> Conflict:
    return Conflict(_NOT_RUNNING[kind].format(id=other.id))


def _check(kind: str, other: Container) -> None:
    if not other.state.running:
        raise _not_running(kind, other)
    if other.state.status == "restarting":
        raise Conflict(f"Container {other.id} is restarting, wait until the container is running")
    if kind == "ipc" and other.host_config.ipc_mode in ("private", "none"):
        raise Conflict(
            f"failed to join IPC namespace: container {other.id}: "
            "non-shareable IPC (hint: use IpcMode:shareable for the donor container)"
        )
