"""``docker pull``: reference, manifest, layers, image (API operation ImageCreate)."""

import asyncio
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace

from boxship.base.errors import BoxshipError, InvalidParameter
from boxship.engine.sharing import choice, refusals
from boxship.engine.sharing.downloads import Downloads
from boxship.engine.sharing.messages import Reporter
from boxship.engine.sharing.registries import Registries
from boxship.images.blob_rows import BlobRow
from boxship.images.exchange import Exchange
from boxship.images.layers import StagedLayer
from boxship.images.platform import Platform
from boxship.images.record import diff_ids_of, validate
from boxship.images.reference import Reference
from boxship.registry.credentials import Credentials
from boxship.registry.errors import Refused
from boxship.registry.manifests import Manifest
from boxship.registry.repository import Fetched, Repository


@dataclass
class Pull:
    """One client's wish. *wanted*: the platform."""

    registries: Registries
    exchange: Exchange
    downloads: Downloads
    credentials: Credentials
    wanted: Platform
    reporter: Reporter

    async def one(self, name: Reference) -> list[str]:
        """Fetch the tag or digest *name*; the ID of the image."""
        return await self._several(name, [name], self.registries.candidates(name, self.credentials))

    async def every_tag(self, name: Reference) -> list[str]:
        """Fetch all tags of the repository *name*."""
        candidates = self.registries.candidates(name, self.credentials)
        tags = await self._tags(name, candidates)
        return await self._several(name, [name.with_tag(tag) for tag in tags], candidates)

    async def _tags(self, name: Reference, candidates: list[Repository]) -> list[str]:
        for repository in candidates[:-1]:
            with suppress(BoxshipError):
                await repository.session.open()
                if found := await repository.tags():
                    return found
        try:
            await candidates[-1].session.open()
            return await candidates[-1].tags()
        except Refused as error:
            raise refusals.of_pull(error, name) from None

    async def _several(
        self, shown: Reference, names: list[Reference], candidates: list[Repository]
    ) -> list[str]:
        found, is_new = [], False
        for name in names:
            image_id, changed = await self._fetch(name, candidates)
            found.append(image_id)
            is_new = is_new or changed
        result = "Downloaded newer image" if is_new else "Image is up to date"
        self.reporter.say(f"Status: {result} for {shown.familiar}")
        return found

    async def _fetch(self, name: Reference, candidates: list[Repository]) -> tuple[str, bool]:
        """From the first candidate that has all of it; what the last one says counts."""
        for repository in candidates[:-1]:
            with suppress(BoxshipError):
                return await self._fetch_from(name, repository)
        try:
            return await self._fetch_from(name, candidates[-1])
        except Refused as error:
            raise refusals.of_pull(error, name) from None

    async def _fetch_from(self, name: Reference, repository: Repository) -> tuple[str, bool]:
        await repository.session.open()
        fetched = await repository.manifest(name.digest or name.tag or "")
        self.reporter.send(
            {"status": f"Pulling from {name.path}", "id": name.tag or name.digest or ""}
        )
        manifest = await choice.image_manifest(repository, fetched, self.wanted)
        known = self.exchange.config(manifest.config.digest)
        raw = known or await choice.config(repository, manifest)
        try:
            image_id, changed = await self._layers(name, repository, fetched, manifest, raw)
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        self.reporter.say(f"Digest: {fetched.digest}")
        return image_id, changed

    async def _layers(
        self,
        name: Reference,
        repository: Repository,
        fetched: Fetched,
        manifest: Manifest,
        raw: bytes,
    ) -> tuple[str, bool]:
        diff_ids = diff_ids_of(validate(raw))
        if len(diff_ids) != len(manifest.layers):
            raise InvalidParameter("rootfs and manifest mismatch: not as many layers as diff IDs")
        digest = replace(name, tag=None, digest=fetched.digest)
        tag = name if name.tag and not name.digest else None
        if self.exchange.has(manifest.config.digest, tag, digest):
            return manifest.config.digest, False
        with ExitStack() as until, self.exchange.lease(diff_ids):
            # Of an image that is here by another name, dockerd says nothing.
            is_here = self.exchange.config(manifest.config.digest) is not None
            got = [] if is_here else await self._download(repository, manifest, diff_ids, until)
            staged, blobs = [one for one, _ in got], [row for _, row in got]
            changed = await self.exchange.adopt(raw, staged, tag, digest, blobs)
        return manifest.config.digest, changed

    async def _download(
        self, repository: Repository, manifest: Manifest, diff_ids: list[str], until: ExitStack
    ) -> list[tuple[StagedLayer, BlobRow]]:
        known = self.exchange.known()
        tasks: dict[str, asyncio.Task[tuple[StagedLayer, BlobRow]]] = {}
        async with asyncio.TaskGroup() as group:
            for layer, diff_id in zip(manifest.layers, diff_ids, strict=True):
                if diff_id in known:
                    self.reporter.say("Already exists", layer.blob.digest)
                elif diff_id not in tasks:
                    fetching = self._layer(repository, manifest, layer.blob.digest, diff_id, until)
                    tasks[diff_id] = group.create_task(fetching)
        return [task.result() for task in tasks.values()]

    async def _layer(
        self,
        repository: Repository,
        manifest: Manifest,
        digest: str,
        diff_id: str,
        until: ExitStack,
    ) -> tuple[StagedLayer, BlobRow]:
        layer = next(one for one in manifest.layers if one.blob.digest == digest)
        got = await self.downloads.fetch(repository, layer, diff_id, self.reporter, until)
        self.reporter.say("Pull complete", digest)
        return got
