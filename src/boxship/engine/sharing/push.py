"""``docker push``: layers, configuration, manifest (API operation ImagePush)."""

import asyncio
from dataclasses import dataclass, replace

from boxship.base.digests import sha256
from boxship.engine.sharing.layer_upload import LayerUpload
from boxship.engine.sharing.messages import Reporter
from boxship.images.exchange import Exchange
from boxship.images.record import ImageRecord
from boxship.images.reference import Reference
from boxship.oci import media_types
from boxship.oci.layout import Descriptor
from boxship.registry import manifests, uploads
from boxship.registry.http import content
from boxship.registry.repository import Repository

_AT_ONCE = 3  # layers


@dataclass
class Push:
    """One image to one repository."""

    exchange: Exchange
    repository: Repository
    reporter: Reporter

    async def tag(self, name: Reference, image: ImageRecord) -> None:
        """Let the tag *name* mean *image* in the registry."""
        for diff_id in reversed(image.diff_ids):
            self.reporter.say("Preparing", diff_id)
        with self.exchange.lease(image.diff_ids):
            layers = await self._layers(name.repository, image)
        config = Descriptor(media_types.DOCKER_CONFIG, image.id, len(image.raw))
        if not await uploads.exists(self.repository, config):
            upload = await uploads.begin(self.repository)
            body = content(image.raw, "application/octet-stream")
            await uploads.send(self.repository, upload, config, body)
        data, media_type = manifests.encode(config, layers)
        await self.repository.put_manifest(name.tag or "", data, media_type)
        digest = sha256(data)
        await self.exchange.add_digest(replace(name, tag=None, digest=digest), image.id)
        self.reporter.say(f"{name.tag}: digest: {digest} size: {len(data)}")
        aux = {"Tag": name.tag, "Digest": digest, "Size": len(data)}
        self.reporter.send({"progressDetail": {}, "aux": aux})

    async def _layers(self, place: str, image: ImageRecord) -> list[Descriptor]:
        upload = LayerUpload(self.exchange, self.repository, place, self.reporter)
        slots = asyncio.Semaphore(_AT_ONCE)
        tasks: dict[str, asyncio.Task[Descriptor]] = {}

        async def send(diff_id: str) -> Descriptor:
            if slots.locked():
                self.reporter.say("Waiting", diff_id)
            async with slots:
                return await upload.send(diff_id)

        async with asyncio.TaskGroup() as group:
            for diff_id in dict.fromkeys(image.diff_ids):
                tasks[diff_id] = group.create_task(send(diff_id))
        return [tasks[diff_id].result() for diff_id in image.diff_ids]
