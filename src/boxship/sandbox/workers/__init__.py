"""Errands of their own process: reading archives, copying files in and out of containers.

Each module has ``run(root, args, fds)``. *root* is an O_PATH descriptor of the container's root, or
None; *fds* are the data descriptors that the daemon passed; the result is sent back as JSON.
"""

from collections.abc import Callable, Sequence
from typing import Any

from boxship.sandbox.workers import (
    build_digest,
    build_layer,
    build_read,
    build_squash,
    changes,
    copy_up,
    diff,
    du,
    export,
    get_archive,
    import_,
    load,
    namespaces,
    put_archive,
    stat_path,
    unpack,
)

Worker = Callable[[int | None, dict[str, Any], Sequence[int]], dict[str, Any]]

WORKERS: dict[str, Worker] = {
    "build_digest": build_digest.run,
    "build_layer": build_layer.run,
    "build_read": build_read.run,
    "build_squash": build_squash.run,
    "changes": changes.run,
    "copy_up": copy_up.run,
    "diff": diff.run,
    "du": du.run,
    "export": export.run,
    "get_archive": get_archive.run,
    "import": import_.run,
    "load": load.run,
    "namespaces": namespaces.run,
    "put_archive": put_archive.run,
    "stat_path": stat_path.run,
    "unpack": unpack.run,
}
