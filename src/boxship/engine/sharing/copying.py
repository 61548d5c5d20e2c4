"""Blobs from one repository of a registry to another one of the same."""

from collections.abc import AsyncIterator
from functools import partial

from boxship.oci.layout import Descriptor
from boxship.registry import blobs, uploads
from boxship.registry.errors import Refused
from boxship.registry.http import Content
from boxship.registry.manifests import Manifest
from boxship.registry.repository import Repository


async def copy_blobs(source: Repository, target: Repository, manifest: Manifest) -> None:
    """Have *target* hold what *manifest* needs, which *source* has; layers that lie elsewhere
    stay there."""
    layers = [layer.blob for layer in manifest.layers if not layer.urls]
    wanted = {blob.digest: blob for blob in (*layers, manifest.config)}
    for blob in wanted.values():
        await _copy(source, target, blob)


async def _copy(source: Repository, target: Repository, blob: Descriptor) -> None:
    try:
        upload = await uploads.mount(target, blob, source.name)
    except Refused as error:
        if error.status not in (400, 404, 405):
            raise
        upload = await uploads.begin(target)
    if upload is None or await uploads.exists(target, blob):
        return
    body = Content(partial(_chunks, source, blob), blob.size)
    await uploads.send(target, upload, blob, body)


async def _chunks(source: Repository, blob: Descriptor) -> AsyncIterator[bytes]:
    async with blobs.fetch(source, blob) as stream:
        async for chunk in stream.chunks:
            yield chunk
