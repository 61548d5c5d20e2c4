"""The columns of ``boxship ps``."""

from __future__ import annotations

from boxship.base.go_text import quote
from boxship.cli.listings.ports import show_ports
from boxship.cli.output.formatter import Listing
from boxship.cli.output.texts import ago, ellipsis, local_time, pairs, short_id
from boxship.cli.output.units import short_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Container = dict[str, Any]

DEFAULT = ("ID", "Image", "Command", "RunningFor", "Status", "Ports", "Names")

TITLES = {
    "ID": "CONTAINER ID",
    "Names": "NAMES",
    "Image": "IMAGE",
    "Command": "COMMAND",
    "CreatedAt": "CREATED AT",
    "RunningFor": "CREATED",
    "Ports": "PORTS",
    "Reach": "REACH",
    "State": "STATE",
    "Status": "STATUS",
    "Size": "SIZE",
    "Labels": "LABELS",
    "Mounts": "MOUNTS",
    "LocalVolumes": "LOCAL VOLUMES",
    "Networks": "NETWORKS",
}

# Docker looks into this listing's template before it asks the daemon.
WRONG = ("failed to parse template", "failed to execute template")
MOUNT_LENGTH = 15
COMMAND_LENGTH = 20


def containers(truncate: bool) -> Listing:
    """The listing; *truncate* shortens ids, commands, mounts and digests."""
    columns: dict[str, Callable[..., object]] = {
        "ID": lambda c: short_id(c["Id"]) if truncate else c["Id"],
        "Names": lambda c: _names(c, truncate),
        "Image": lambda c: _image(c, truncate),
        "Command": lambda c: quote(
            ellipsis(c["Command"], COMMAND_LENGTH) if truncate else c["Command"]
        ),
        "CreatedAt": lambda c: local_time(c["Created"]),
        "RunningFor": lambda c: ago(c["Created"]),
        "Ports": lambda c: show_ports(c.get("Ports")),
        "Reach": _reach,
        "State": lambda c: c["State"],
        "Status": lambda c: c["Status"],
        "Size": _size,
        "Labels": lambda c: pairs(c.get("Labels")),
        "Label": lambda c, name: (c.get("Labels") or {}).get(name, ""),
        "Mounts": lambda c: _mounts(c, truncate),
        "LocalVolumes": lambda c: str(
            sum(mount.get("Driver") == "local" for mount in c.get("Mounts") or [])
        ),
        "Networks": _networks,
    }
    return Listing("*formatter.ContainerContext", columns, TITLES, WRONG)


def _names(container: Container, truncate: bool) -> str:
    names = [name.removeprefix("/") for name in container.get("Names") or []]
    if truncate:
        # Links give a container further names, "other/alias".
        names = [name for name in names if "/" not in name]
    return ",".join(names)


def _image(container: Container, truncate: bool) -> str:
    image: str = container.get("Image", "")
    if not image:
        return "<no image>"
    if not truncate:
        return image
    if short_id(container.get("ImageID", "")) == short_id(image):
        return short_id(image)
    name, at, _ = image.partition("@")
    return name if at else image


def _reach(container: Container) -> str:
    """Who can reach published ports, each answer once."""
    reached = container.get("Reach") or {}
    return "; ".join(dict.fromkeys(who for each in reached.values() for who in each))


def _size(container: Container) -> str:
    own = short_size(container.get("SizeRw", 0))
    whole = container.get("SizeRootFs", 0)
    return f"{own} (virtual {short_size(whole)})" if whole else own


def _mounts(container: Container, truncate: bool) -> str:
    names = [mount.get("Name") or mount["Source"] for mount in container.get("Mounts") or []]
    return ",".join(ellipsis(name, MOUNT_LENGTH) if truncate else name for name in names)


def _networks(container: Container) -> str:
    settings = container.get("NetworkSettings") or {}
    return ",".join(sorted(settings.get("Networks") or {}))
