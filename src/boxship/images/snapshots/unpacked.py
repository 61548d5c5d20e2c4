"""Directories that a worker has unpacked layers into: complete, or not there."""

import asyncio
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from boxship.base.trees import remove_tree
from boxship.images.layers import LayerStore
from boxship.images.workers import WorkerRunner


async def unpack(
    workers: WorkerRunner,
    store: LayerStore,
    diff_ids: Sequence[str],
    whiteouts: str,
    directory: Path,
) -> None:
    """Make *directory* the content of the layers *diff_ids*, bottom first.

    *whiteouts*: see :mod:`boxship.sandbox.workers.unpack`. Its parent has to exist.
    """
    making = directory.with_name(f"{directory.name}.{secrets.token_hex(4)}")
    making.mkdir(mode=0o755)
    fds: list[int] = []
    try:
        for diff_id in diff_ids:
            fds.append(os.open(store.tar(diff_id), os.O_RDONLY | os.O_CLOEXEC))
        await workers.run("unpack", {"target": str(making), "whiteouts": whiteouts}, fds)
        if not directory.exists():
            making.rename(directory)
    finally:
        for fd in fds:
            os.close(fd)
        await asyncio.to_thread(remove_tree, making)
