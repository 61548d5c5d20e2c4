"""The user namespace of a container, where the daemon remaps users (``--userns-remap``)."""

import os
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING

from boxship.engine.containers.container import Container
from boxship.engine.options import Mappings
from boxship.network import namespace
from boxship.network.namespace import Namespace

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_HOST = "host"


def mappings(engine: "Engine", container: Container) -> Mappings | None:
    """Whom the container's users are on the host; None where they are themselves."""
    return None if container.host_config.userns_mode == _HOST else engine.options.users


def root(engine: "Engine", container: Container) -> tuple[int, int]:
    """The host's user and group that are root in the container."""
    found = mappings(engine, container)
    return found.root if found else (0, 0)


def give(path: str, owner: tuple[int, int]) -> None:
    """Let a file that was made for a container belong to its root."""
    if owner != (0, 0):
        os.chown(path, *owner, follow_symlinks=False)


async def network_namespace(
    engine: "Engine", container: Container, shared: Mapping[str, str]
) -> Namespace | None:
    """A network namespace that belongs to the container's user namespace, an own one or that of
    the container whose pid or ipc namespace it joins (*shared*, as :func:`joins.hold` has it).

    None where the container has none. The caller closes it.
    """
    found = mappings(engine, container)
    if found is None:
        return None
    theirs = next(iter(shared.values()), None)
    wanted = {**found.rows(), "path": f"{theirs}/ns/user" if theirs else ""}
    ours, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        try:
            task = engine.workers.start("namespaces", wanted, [far.fileno()])
        finally:
            far.close()
        await task
        _, fds, _, _ = socket.recv_fds(ours, 16, 2)
    user, network = fds
    return namespace.adopt(network, user)
