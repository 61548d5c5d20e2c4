"""Garbage collection beside running pushes and pulls.

A push leaves its marks in the metadata before it relies on anything: an upload's row before its
first byte, a link's time at each HEAD, mount and upload. What is marked lately, and all of a
repository with a running upload, stays.
"""

import asyncio
import logging
import time
from dataclasses import dataclass

from boxship.hub.hub import Hub

_log = logging.getLogger(__name__)
_BATCH = 1000


@dataclass(slots=True)
class Collected:
    """How much went."""

    uploads: int = 0
    manifests: int = 0
    blobs: int = 0
    files: int = 0
    """Of the blob store: blobs, and uploads that became none."""

    def __str__(self) -> str:
        return (
            f"removed {self.uploads} uploads, {self.manifests} manifests, {self.blobs} blobs"
            f" ({self.files} files)"
        )


async def collect(hub: Hub, grace: float, *, untagged: bool = False) -> Collected:
    """Remove what nobody refers to and nobody has touched for *grace* seconds.

    With *untagged* also manifests that no tag leads to: not by default, because people pull by
    digest as well.
    """
    now = time.time()
    found = Collected()
    metadata = hub.metadata
    found.uploads = await metadata.expire_uploads(now - hub.settings.upload_time)
    if untagged:
        found.manifests = await metadata.remove_untagged(now - grace)
    found.blobs = await metadata.unlink_unused(now - grace)
    while keys := await metadata.garbage(_BATCH):
        for key in keys:
            await hub.blobs.remove(key)
        await metadata.forget(keys)
        found.files += len(keys)
    await metadata.sweep_secrets(now)
    return found


async def keep_collecting(hub: Hub) -> None:
    """Collect every ``collect_every`` seconds, for ever. A failure is reported and tried again."""
    while True:
        await asyncio.sleep(hub.settings.collect_every)
        try:
            found = await collect(hub, hub.settings.grace)
        except Exception:
            _log.exception("garbage collection failed")
        else:
            _log.info("garbage collection %s", found)
