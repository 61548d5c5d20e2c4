"""Paths of the API's objects, names quoted."""

from __future__ import annotations

from boxship.base.errors import InvalidParameter
from boxship.client.query import quote_name


def container(name: str, verb: str = "") -> str:
    return _path("containers", "container", name, verb)


def image(name: str, verb: str = "") -> str:
    return _path("images", "image", name, verb)


def network(name: str, verb: str = "") -> str:
    return _path("networks", "network", name, verb)


def volume(name: str) -> str:
    return _path("volumes", "volume", name, "")


def _path(collection: str, kind: str, name: str, verb: str) -> str:
    if not name.strip("/"):
        raise InvalidParameter(f"invalid {kind} name or ID: value is empty")
    return f"/{collection}/{quote_name(name)}" + (f"/{verb}" if verb else "")
