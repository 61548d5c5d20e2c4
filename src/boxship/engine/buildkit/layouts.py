"""``--build-context name=oci-layout://…``: an image in a store of the client's."""

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING

from boxship.base.errors import InvalidParameter
from boxship.engine.buildkit.client_store import Store
from boxship.images import platform as platforms
from boxship.images.adopt import NewImage
from boxship.images.durability import file_digest
from boxship.images.layers import StagedLayer
from boxship.images.record import ImageRecord, diff_ids_of
from boxship.oci.layout import Descriptor
from boxship.registry import manifests
from boxship.registry.manifests import Index, Manifest

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_DEEPEST = 4  # indexes of indexes


async def load(engine: "Engine", store: Store, digest: str, platform: str) -> ImageRecord:
    """The image *digest* for *platform*, stored here without a name. Every blob is verified.

    :class:`InvalidParameter` and GrpcError.
    """
    manifest = await _manifest(store, digest, platform)
    raw = await store.document(manifest.config.digest)
    try:
        diff_ids = diff_ids_of(json.loads(raw))
    except (ValueError, RecursionError):
        raise InvalidParameter(f"invalid image configuration {manifest.config.digest}") from None
    if len(diff_ids) != len(manifest.layers):
        raise InvalidParameter(f"{digest} has {len(manifest.layers)} layers for {len(diff_ids)}")
    with contextlib.ExitStack() as stack:
        stack.enter_context(engine.images.exchange.lease(diff_ids))
        staged = []
        for diff_id, layer in zip(diff_ids, manifest.layers, strict=True):
            if engine.images.layer_users(diff_id) is None:
                staged.append(await _layer(engine, store, layer.blob, diff_id, stack))
        return await engine.images.add(NewImage(raw, staged))


async def _manifest(store: Store, digest: str, platform: str) -> Manifest:
    wanted = platforms.parse(platform) if platform else platforms.host()
    for _ in range(_DEEPEST):
        found = manifests.parse(await store.document(digest), "")
        if isinstance(found, Manifest):
            return found
        digest = _chosen(found, wanted)
    raise InvalidParameter("invalid OCI layout: indexes are nested too deeply")


def _chosen(index: Index, wanted: platforms.Platform) -> str:
    for entry in index.entries:
        fits = not entry.platform or platforms.of_config(entry.platform).runs(wanted)
        if fits and not entry.attestation:
            return entry.blob.digest
    raise InvalidParameter(f"no match for platform in manifest: {wanted} not found")


async def _layer(
    engine: "Engine", store: Store, blob: Descriptor, diff_id: str, until: contextlib.ExitStack
) -> StagedLayer:
    exchange = engine.images.exchange
    directory = until.enter_context(exchange.directory())
    exchange.check_room(blob.size)
    path = directory / "blob"
    with path.open("x+b") as file:
        async for piece in store.read(blob):
            await asyncio.to_thread(file.write, piece)
        file.flush()
        if blob.digest != "sha256:" + await asyncio.to_thread(file_digest, path):
            raise InvalidParameter(f"{blob.digest} has another content")
        file.seek(0)
        return await exchange.stage_file(file.fileno(), directory, diff_id)
