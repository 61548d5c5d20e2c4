"""A file or directory of a container as an archive (Engine API, GET /containers/{id}/archive)."""

import os
import stat
from collections.abc import Callable, Sequence
from typing import Any

from boxship.sandbox.workers import lookup
from boxship.sandbox.workers.pack import Packer, without_kernel_objects
from boxship.sandbox.workers.sink import Sink
from boxship.sandbox.workers.walk import walk


def run(root: int | None, args: dict[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """Write the archive to ``fds[0]``. ``args``: ``path``, ``container`` (a name for messages).

    Links on the way are followed inside *root*; one at the end only before a slash or a dot.
    """
    assert root is not None
    path = lookup.clean_like(os.fsencode(args["path"]))
    try:
        node = lookup.open_inside(root, path, os.O_PATH | os.O_NOFOLLOW)
    except OSError as error:
        raise lookup.failure(error, path, args.get("container", ""))
    sink = Sink(fds[0])
    packer = Packer(sink)
    try:
        _pack(packer, node, lookup.base(path))
    finally:
        os.close(node)
    packer.close()
    return {"size": sink.size}


def _pack(packer: Packer, node: int, base: bytes) -> None:
    status = os.fstat(node)
    if stat.S_ISDIR(status.st_mode):
        packer.add_tree(without_kernel_objects(walk(node)), _renamer(base))
    else:
        packer.add(base, node, status)


def _renamer(base: bytes) -> Callable[[bytes], bytes]:
    """Names as dockerd gives them: ``base/…``, ``./…`` for a path that ends in a dot, and ``/…``
    for the root.
    """
    if base == b"/":
        return lambda path: b"/" + path
    return lambda path: base + b"/" + path if path else base
