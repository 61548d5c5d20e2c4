"""What images offer to whoever fetches them from a registry or sends them there.

Nothing here knows a registry: blobs come and go as files and chunks.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

from boxship.base.errors import Internal, InvalidParameter
from boxship.content.store import BlobStore
from boxship.images import blob_rows, catalog, saving
from boxship.images.adopt import Adopter, NewImage
from boxship.images.blob_rows import BlobRow, BlobRows
from boxship.images.catalog import Catalog, Change
from boxship.images.durability import boot_id
from boxship.images.following import FollowedArchive
from boxship.images.layers import TAR, LayerStore, StagedLayer
from boxship.images.partial import Partials
from boxship.images.record import ImageRecord
from boxship.images.reference import Reference
from boxship.images.staging import Staging, staged
from boxship.sandbox.workers.import_ import LAYER as STAGED

StoreArchive = Callable[[Sequence[int], Path], Awaitable[dict[str, Any]]]
Lease = Callable[[Iterable[str]], AbstractContextManager[None]]


class Exchange:
    """The store's door to registries. *store_archive* runs the worker that stores a layer below a
    staging directory (:mod:`boxship.sandbox.workers.import_`); *lock* is the store's."""

    def __init__(
        self,
        rows: Catalog,
        blob_rows: BlobRows,
        layers: LayerStore,
        blobs: BlobStore,
        partials: Partials,
        staging: Staging,
        adopter: Adopter,
        lock: asyncio.Lock,
        lease: Lease,
        store_archive: StoreArchive,
    ) -> None:
        self._catalog = rows
        self._rows = blob_rows
        self._layers = layers
        self._blobs = blobs
        self.partials = partials
        self._staging = staging
        self._adopter = adopter
        self._lock = lock
        self.lease = lease
        self._store_archive = store_archive
        self._syncing: set[asyncio.Task[None]] = set()

    # bringing in

    def known(self) -> set[str]:
        """Diff IDs of the layers that are here."""
        return set(self._catalog.layers())

    def config(self, image_id: str) -> bytes | None:
        """The configuration of an image that is here."""
        return self._catalog.get(image_id).raw if image_id in self._catalog.ids() else None

    def has(self, image_id: str, tag: Reference | None, digest: Reference) -> bool:
        """Whether the image is here by both names."""
        is_tagged = tag is None or self._catalog.tagged(tag)[:1] == [image_id]
        return is_tagged and image_id in self._catalog.tagged(digest)

    @contextmanager
    def directory(self) -> Iterator[Path]:
        """Where layers of one fetch are staged."""
        with self._staging.directory() as path:
            yield path

    def check_room(self, size: int) -> None:
        """:class:`Internal` when *size* bytes more do not fit on the disk."""
        if size > self._staging.room():
            raise Internal(f"{self._staging.root}: no space left on device")

    def archive(self, directory: Path) -> FollowedArchive:
        """What :meth:`stage` makes below *directory*."""
        return FollowedArchive(directory / STAGED / TAR)

    async def stage(
        self, fds: Sequence[int], directory: Path, archive: FollowedArchive, diff_id: str
    ) -> StagedLayer:
        """Store the archive, compressed or not, that comes from *fds*, a file and what is told of
        it.

        :class:`InvalidParameter` when it is not the layer *diff_id*, or no archive.
        """
        result = await self._store_archive(fds, directory)
        found = await asyncio.to_thread(archive.digest, result["stored"])
        layer = staged(directory, {**result, "diff_id": found.removeprefix("sha256:")})
        if layer is None or found != diff_id:
            raise InvalidParameter(
                f"wrong diff id calculated on extraction {found!r}, expected {diff_id!r}"
            )
        return layer

    async def stage_file(self, fd: int, directory: Path, diff_id: str) -> StagedLayer:
        """As :meth:`stage`, of an archive that is whole."""
        with closing(self.archive(directory)) as archive:
            return await self.stage([fd], directory, archive, diff_id)

    async def adopt(
        self,
        raw: bytes,
        layers: Sequence[StagedLayer],
        tag: Reference | None,
        digest: Reference,
        blobs: Sequence[BlobRow],
    ) -> bool:
        """Store an image with its names and *blobs*, whose files are complete partial ones;
        whether *tag*, or else *digest*, meant something else so far."""
        new = NewImage(raw, list(layers))
        boot = boot_id()

        def also(connection: Change) -> None:
            catalog.add_digest(connection, digest, new.id)
            blob_rows.add(connection, kept, boot, digest.repository)

        async with self._lock:
            kept = [
                blob
                for blob in blobs
                if self.partials.publish(blob.digest, self._blobs.path(blob.digest))
            ]
            before = self._catalog.tagged(tag or digest)[:1]
            tags = [(tag, [new.id])] if tag and before != [new.id] else []
            await self._adopter.adopt([new], tags, also)
        self._sync([blob.digest for blob in kept])
        return before != [new.id]

    def record(self, image_id: str) -> ImageRecord:
        return self._catalog.get(image_id)

    # sending out

    def tags(self, reference: Reference) -> list[Reference]:
        """The tags that the reference's repository has here."""
        return [reference.with_tag(tag) for tag, _ in self._catalog.repository(reference)]

    def tagged(self, reference: Reference) -> list[ImageRecord]:
        """The images behind a tag, one for each platform, the preferred one first."""
        ids = self._catalog.tagged(reference)
        records = {record.id: record for record in self._catalog.records(ids)} if ids else {}
        return [records[image_id] for image_id in ids if image_id in records]

    def layout(self, images: Sequence[ImageRecord], packed: saving.Packed) -> saving.Layout:
        """*images*, one for each platform, as parts of an OCI layout; *packed* blobs stand for some
        of their layers."""
        return saving.lay_out(self._catalog, images, packed)

    async def saved(
        self, images: Sequence[ImageRecord], names: Sequence[Reference], packed: saving.Packed
    ) -> AsyncIterator[bytes]:
        """What ``save`` would write if *names* meant *images*, one for each platform; *packed*
        blobs stand for some of their layers."""
        choice = saving.Choice(list(images), list(names), packed)
        with self.lease([one for image in images for one in image.diff_ids]):
            async for piece in saving.stream(self._catalog, self._layers, [choice], saving.Base()):
                yield piece

    def tar(self, diff_id: str) -> Path:
        """A layer's uncompressed archive; lease the layer while you read it."""
        return self._layers.tar(diff_id)

    def blobs_of(self, diff_id: str) -> list[BlobRow]:
        """The known compressed forms of a layer; not all of them are files."""
        return self._rows.of_layer(diff_id)

    def places(self, digest: str) -> list[str]:
        """Repositories that have a blob, as far as is known."""
        return self._rows.places(digest)

    def blob_path(self, digest: str) -> Path:
        """Where a blob is, or would be."""
        return self._blobs.path(digest)

    async def keep(self, rows: Sequence[BlobRow], repository: str = "") -> None:
        """Record blobs whose files are in place, and that *repository* has them."""
        boot = boot_id()
        await self._rows.write(lambda change: blob_rows.add(change, rows, boot, repository))
        self._sync([row.digest for row in rows])

    async def take(self, blob: BlobRow, repository: str) -> None:
        """Keep a blob that has been fetched whole, if its file is still there."""
        async with self._lock:
            is_here = self.partials.publish(blob.digest, self._blobs.path(blob.digest))
        if is_here:
            await self.keep([blob], repository)

    async def name(self, reference: Reference, image_ids: Sequence[str]) -> None:
        """Let the tag *reference* mean several images, the preferred one first."""
        async with self._lock:
            await self._catalog.tag(reference, list(image_ids))

    async def add_digest(self, reference: Reference, image_id: str) -> None:
        """Record what a registry calls an image."""
        await self._catalog.write(lambda change: catalog.add_digest(change, reference, image_id))

    # life

    async def recover(self) -> None:
        """Forget blobs that a crash may have damaged and files that no row speaks of."""
        self.partials.sweep()
        lost = self._rows.doubtful(boot_id())
        await self._rows.write(lambda change: blob_rows.remove(change, lost))
        known = self._rows.digests()
        await asyncio.to_thread(self._remove_files, lambda digest: digest not in known)

    async def forget_stray(self) -> None:
        """Remove the blobs of layers that are gone. The caller holds the store's lock."""
        stray = self._rows.stray()
        if stray:
            await self._rows.write(lambda change: blob_rows.remove(change, stray))
            await asyncio.to_thread(self._remove_files, set(stray).__contains__)

    async def drain(self) -> None:
        """Wait until what was kept is on disk."""
        while self._syncing:
            await asyncio.gather(*self._syncing, return_exceptions=True)

    def _remove_files(self, unwanted: Callable[[str], bool]) -> None:
        for digest in [one for one in self._blobs if unwanted(one)]:
            self._blobs.delete(digest)

    def _sync(self, digests: list[str]) -> None:
        task = asyncio.create_task(self._make_durable(digests))
        self._syncing.add(task)
        task.add_done_callback(self._syncing.discard)

    async def _make_durable(self, digests: list[str]) -> None:
        done = []
        for digest in digests:
            try:
                await asyncio.to_thread(_sync_file, self._blobs.path(digest))
            except FileNotFoundError:
                continue
            done.append(digest)
        await self._rows.write(lambda change: blob_rows.mark_durable(change, done))


def _sync_file(path: Path) -> None:
    for one in (path, path.parent):
        fd = os.open(one, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
