"""All flags of ``run`` and ``create``, and the create body that they make."""

from __future__ import annotations

from boxship.cli.run_flags import (
    env,
    health,
    identity,
    lifecycle,
    mounts,
    namespaces,
    network,
    ports,
    process,
    resources,
    security,
    windows,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.flags.arguments import Arguments
    from boxship.cli.flags.flag import Flag
    from boxship.cli.run_flags.placed import Body, Placed

_GROUPS = (
    identity,
    env,
    process,
    resources,
    namespaces,
    security,
    network,
    ports,
    mounts,
    health,
    lifecycle,
    windows,
)
# What the groups do beyond their rows.
_APPLIED = (
    identity.apply,
    env.apply,
    process.apply,
    resources.apply,
    namespaces.apply,
    security.apply,
    network.apply,
    ports.apply,
    mounts.apply,
    health.apply,
    lifecycle.apply,
    windows.apply,
)
PLACED: tuple[Placed, ...] = tuple(row for group in _GROUPS for row in group.ROWS)
FLAGS: tuple[Flag, ...] = tuple(row.flag for row in PLACED)


# What Docker's client sends even if nothing was asked for, and inspection shows.
_EMPTY_LISTS: dict[str, list[object]] = {
    name: []
    for name in (
        "BlkioDeviceReadBps",
        "BlkioDeviceReadIOps",
        "BlkioDeviceWriteBps",
        "BlkioDeviceWriteIOps",
        "BlkioWeightDevice",
        "Devices",
        "Dns",
        "DnsOptions",
        "DnsSearch",
        "Ulimits",
    )
}


def create_body(arguments: Arguments, image: str, command: list[str]) -> Body:
    """The body of ``POST /containers/create``. Raises what ``main`` shows with exit code 125."""
    body: Body = {"Image": image, "HostConfig": {**_EMPTY_LISTS, "PortBindings": {}}}
    if command:
        body["Cmd"] = command
    for row in PLACED:
        row.place(arguments, body)
    for apply in _APPLIED:
        apply(arguments, body)
    return body
