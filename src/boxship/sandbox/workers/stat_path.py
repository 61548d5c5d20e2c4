"""The metadata behind the ``X-Docker-Container-Path-Stat`` header (Engine API, archive calls)."""

import os
import stat
from collections.abc import Sequence
from typing import Any

from boxship.base.times import rfc3339
from boxship.sandbox.workers import lookup
from boxship.sandbox.workers.gomode import file_mode

_EPOCH = "1970-01-01T00:00:00Z"


def run(root: int | None, args: dict[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """``args``: ``path``, ``container`` (a name for messages), ``clean`` (as GET does it).

    The last component is not followed, but ``linkTarget`` says where it leads inside the root.
    """
    assert root is not None
    path = os.fsencode(args["path"])
    if args.get("clean"):
        path = lookup.clean_like(path)
    try:
        node = lookup.open_inside(root, path, os.O_PATH | os.O_NOFOLLOW)
    except OSError as error:
        raise lookup.failure(error, path, args.get("container", ""))
    try:
        return _describe(root, path, os.fstat(node))
    finally:
        os.close(node)


def _describe(root: int, path: bytes, status: os.stat_result) -> dict[str, Any]:
    is_link = stat.S_ISLNK(status.st_mode)
    return {
        "name": lookup.text(lookup.base(path)),
        "size": status.st_size,
        "mode": file_mode(status.st_mode),
        "mtime": rfc3339(status.st_mtime_ns) if status.st_mtime_ns else _EPOCH,
        "linkTarget": lookup.text(lookup.follow(root, path)) if is_link else "",
    }
