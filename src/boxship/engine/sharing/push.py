"""``docker push``: layers, configuration, manifest (API operation ImagePush)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from boxship.base.digests import sha256
from boxship.engine.sharing.layer_upload import LayerUpload
from boxship.engine.sharing.messages import Reporter
from boxship.images.compress import USUAL, Compression
from boxship.images.exchange import Exchange
from boxship.images.record import ImageRecord
from boxship.images.reference import Reference
from boxship.oci import media_types
from boxship.oci.layout import Descriptor
from boxship.registry import manifests, uploads
from boxship.registry.http import content
from boxship.registry.manifests import Layer
from boxship.registry.repository import Repository

_AT_ONCE = 3  # layers


@dataclass(frozen=True, slots=True)
class Manner:
    """How an image is to be written: its layers, and the manifest in *oci*'s terms even where
    Docker's do."""

    layers: Compression = USUAL
    oci: bool = False


@dataclass
class Push:
    """One image to one repository. *sends_foreign*: layers that are not to be distributed too;
    *manners*: how images are to be written, by their IDs."""

    exchange: Exchange
    repository: Repository
    reporter: Reporter
    sends_foreign: bool = False
    manners: Mapping[str, Manner] = field(default_factory=dict)

    async def tag(self, name: Reference, images: Sequence[ImageRecord]) -> Descriptor:
        """Let the tag *name* mean *images* in the registry: one, or an index of several
        platforms; without a tag they are there by their digest alone. Return the descriptor of the
        manifest or index."""
        found = [await self._image(name, image) for image in images]
        if len(found) == 1:
            data, media_type = found[0]
        else:
            data, media_type = await self._index(images, found)
        digest = sha256(data)
        await self.repository.put_manifest(name.tag or digest, data, media_type)
        reference = replace(name, tag=None, digest=digest)
        for image in images:
            await self.exchange.add_digest(reference, image.id)
        self.reporter.say(f"{name.tag}: digest: {digest} size: {len(data)}")
        aux = {"Tag": name.tag, "Digest": digest, "Size": len(data)}
        self.reporter.send({"progressDetail": {}, "aux": aux})
        return Descriptor(media_type, digest, len(data))

    async def _index(
        self, images: Sequence[ImageRecord], found: list[tuple[bytes, str]]
    ) -> tuple[bytes, str]:
        entries = []
        for image, (data, media_type) in zip(images, found, strict=True):
            blob = Descriptor(media_type, sha256(data), len(data))
            await self.repository.put_manifest(blob.digest, data, media_type)
            entries.append((blob, image.platform.as_oci()))
        return manifests.encode_index(entries)

    async def _image(self, name: Reference, image: ImageRecord) -> tuple[bytes, str]:
        """The manifest of *image*, whose blobs are in the registry then."""
        for diff_id in reversed(image.diff_ids):
            self.reporter.say("Preparing", diff_id)
        with self.exchange.lease(image.diff_ids):
            manner = self.manners.get(image.id, Manner())
            layers = await self._layers(name.repository, image, manner.layers)
        config = Descriptor(media_types.DOCKER_CONFIG, image.id, len(image.raw))
        if not await uploads.exists(self.repository, config):
            upload = await uploads.begin(self.repository)
            body = content(image.raw, "application/octet-stream")
            await uploads.send(self.repository, upload, config, body)
        return manifests.encode(config, layers, manner.oci)

    async def _layers(self, place: str, image: ImageRecord, how: Compression) -> list[Layer]:
        upload = LayerUpload(
            self.exchange, self.repository, place, self.reporter, self.sends_foreign, how
        )
        slots = asyncio.Semaphore(_AT_ONCE)
        tasks: dict[str, asyncio.Task[Layer]] = {}

        async def send(diff_id: str) -> Layer:
            if slots.locked():
                self.reporter.say("Waiting", diff_id)
            async with slots:
                return await upload.send(diff_id)

        async with asyncio.TaskGroup() as group:
            for diff_id in dict.fromkeys(image.diff_ids):
                tasks[diff_id] = group.create_task(send(diff_id))
        return [tasks[diff_id].result() for diff_id in image.diff_ids]
