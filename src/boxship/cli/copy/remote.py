"""Paths inside containers, by the archive endpoints of the Engine API."""

from __future__ import annotations

import base64
import json
import posixpath

from boxship.base.errors import BoxshipError
from boxship.cli.copy.places import DIRECTORY_BIT, SYMLINK_BIT, Place
from boxship.client import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boxship.client.client import Client
    from boxship.client.http import Answer

STAT_HEADER = "x-docker-container-path-stat"


def stat_of(answer: Answer) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.b64decode(answer.headers[STAT_HEADER]))
    return found


def stat(client: Client, container: str, path: str) -> dict[str, Any]:
    """Name, size, mode (Go's bits), mtime, linkTarget; :class:`BoxshipError`."""
    return stat_of(client.call("HEAD", paths.container(container, "archive"), {"path": path}))


def is_directory(found: dict[str, Any]) -> bool:
    return bool(found["mode"] & DIRECTORY_BIT)


def resolve(client: Client, container: str, path: str) -> str:
    """*path*, or where the link there leads (one step: the daemon resolves the rest)."""
    found = stat(client, container, path)
    if not found["mode"] & SYMLINK_BIT:
        return path
    return posixpath.join(posixpath.dirname(path.rstrip("/")), found["linkTarget"])


def target(client: Client, container: str, path: str) -> Place:
    """The place to copy to; one that is not there yet does not exist."""
    try:
        found = stat(client, container, path)
        if found["mode"] & SYMLINK_BIT:
            path = posixpath.join(posixpath.dirname(path), found["linkTarget"])
            found = stat(client, container, path)
    except BoxshipError:
        # Whatever the reason, the copy itself will tell it better.
        return Place(path, False, False)
    return Place(path, True, is_directory(found))


def read(client: Client, container: str, path: str) -> Answer:
    return client.call("GET", paths.container(container, "archive"), {"path": path})


def write(client: Client, container: str, path: str, chunks: Any, archive: bool) -> None:
    query: dict[str, str | bool] = {
        "path": path,
        "noOverwriteDirNonDir": "true",
        "copyUIDGID": archive,
    }
    headers = {"Content-Type": "application/x-tar"}
    client.call("PUT", paths.container(container, "archive"), query, chunks, headers).read()
