"""The columns of ``boxship network ls``."""

from __future__ import annotations

from boxship.cli.output.formatter import Listing
from boxship.cli.output.texts import pairs, short_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

DEFAULT = ("ID", "Name", "Driver", "Scope")
TITLES = {
    "ID": "NETWORK ID",
    "Name": "NAME",
    "Driver": "DRIVER",
    "Scope": "SCOPE",
    "IPv6": "IPV6",
    "Internal": "INTERNAL",
    "Labels": "LABELS",
    "CreatedAt": "CREATED AT",
}


def networks(truncate: bool) -> Listing:
    columns: dict[str, Callable[..., object]] = {
        "ID": lambda n: short_id(n["Id"]) if truncate else n["Id"],
        "Name": lambda n: n["Name"],
        "Driver": lambda n: n["Driver"],
        "Scope": lambda n: n["Scope"],
        "IPv6": lambda n: str(bool(n.get("EnableIPv6"))).lower(),
        "Internal": lambda n: str(bool(n.get("Internal"))).lower(),
        "Labels": lambda n: pairs(n.get("Labels")),
        "Label": lambda n, name: (n.get("Labels") or {}).get(name, ""),
        "CreatedAt": lambda n: _created(n.get("Created", "")),
    }
    return Listing("*network.networkContext", columns, TITLES)


def _created(text: str) -> Any:
    """Go's default text of an RFC 3339 time."""
    day, _, clock = text.partition("T")
    if clock.endswith("Z"):
        return (
            f"{day} {clock[:-1].rstrip('0').rstrip('.') if '.' in clock else clock[:-1]} +0000 UTC"
        )
    return text
