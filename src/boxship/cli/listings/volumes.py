"""The columns of ``boxship volume ls``."""

from __future__ import annotations

from boxship.cli.output.formatter import Listing
from boxship.cli.output.texts import pairs
from boxship.cli.output.units import human_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Volume = dict[str, Any]

DEFAULT = ("Driver", "Name")
TITLES = {
    "Driver": "DRIVER",
    "Name": "VOLUME NAME",
    "Scope": "SCOPE",
    "Mountpoint": "MOUNTPOINT",
    "Labels": "LABELS",
    "Links": "LINKS",
    "Size": "SIZE",
    "Group": "GROUP",
    "Availability": "AVAILABILITY",
    "Status": "STATUS",
}
UNKNOWN = "N/A"


def volumes() -> Listing:
    columns: dict[str, Callable[..., object]] = {
        "Driver": lambda v: v["Driver"],
        "Name": lambda v: v["Name"],
        "Scope": lambda v: v.get("Scope", "local"),
        "Mountpoint": lambda v: v.get("Mountpoint", ""),
        "Labels": lambda v: pairs(v.get("Labels")),
        "Label": lambda v, name: (v.get("Labels") or {}).get(name, ""),
        "Links": lambda v: _usage(v, "RefCount", str),
        "Size": lambda v: _usage(v, "Size", human_size),
        # Those of cluster volumes, which there are none of.
        "Group": lambda v: UNKNOWN,
        "Availability": lambda v: UNKNOWN,
        "Status": lambda v: UNKNOWN,
    }
    return Listing("*formatter.volumeContext", columns, TITLES)


def _usage(volume: Volume, name: str, show: Any) -> str:
    data = volume.get("UsageData")
    return show(data.get(name, -1)) if data else UNKNOWN
