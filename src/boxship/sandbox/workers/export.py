"""A container's whole root file system as an archive (Engine API, GET /containers/{id}/export)."""

import itertools
from collections.abc import Sequence
from typing import Any

from boxship.sandbox.workers.pack import Mount, Packer
from boxship.sandbox.workers.sink import Sink
from boxship.sandbox.workers.walk import walk

_PLACEHOLDER_MODE = 0o755


def run(root: int | None, args: dict[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """Write *root* to ``fds[0]``. What is mounted in it appears as an empty place to mount on."""
    assert root is not None
    packer = Packer(sink := Sink(fds[0]))
    mount = Mount(root)
    for node in itertools.islice(walk(root), 1, None):
        if mount.has(node):
            packer.add(node.path, node.fd, node.stat)
            continue
        node.names.clear()
        if node.is_dir:
            packer.add(node.path, node.fd, node.stat)
        else:
            packer.add_empty(node.path, _PLACEHOLDER_MODE)
    packer.close()
    return {"size": sink.size}
