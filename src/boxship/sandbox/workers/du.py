"""How many bytes the files of a directory hold (``SizeRw``)."""

from collections.abc import Sequence
from typing import Any

from boxship.sandbox.workers.walk import walk


def run(root: int | None, args: dict[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """The ``size`` of the tree ``fds[0]`` as dockerd counts it: lengths, not blocks; several names
    of one file once; directories not at all.
    """
    seen: set[tuple[int, int]] = set()
    size = 0
    for node in walk(fds[0]):
        status = node.stat
        if node.is_dir:
            continue
        if status.st_nlink > 1:
            inode = (status.st_dev, status.st_ino)
            if inode in seen:
                continue
            seen.add(inode)
        size += status.st_size
    return {"size": size}
