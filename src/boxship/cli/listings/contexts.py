"""The columns of ``boxship context ls``."""

from __future__ import annotations

from boxship.cli.output.formatter import Listing
from boxship.cli.output.texts import ellipsis

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEFAULT = ("Marked", "Description", "DockerEndpoint", "Error")
TITLES = {
    "Name": "NAME",
    "Marked": "NAME",
    "Description": "DESCRIPTION",
    "DockerEndpoint": "DOCKER ENDPOINT",
    "Error": "ERROR",
}
# What ``json`` shows, in Docker's order.
FIELDS = ("Name", "Description", "DockerEndpoint", "Current", "Error", "ContextType")
ERROR_LENGTH = 45


def contexts() -> Listing:
    columns: dict[str, Any] = {name: _field(name) for name in FIELDS}
    columns["Error"] = lambda c: ellipsis(c["Error"], ERROR_LENGTH)
    columns["Marked"] = lambda c: c["Name"] + (" *" if c["Current"] else "")
    return Listing("*formatter.clientContextContext", columns, TITLES)


def _field(name: str) -> Any:
    return lambda context: context[name]
