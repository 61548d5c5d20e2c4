"""The images of an engine: everything that can be done with them, one method a verb.

Methods that change anything are serialised by one lock and are durable when they return (layers:
see :mod:`boxship.images.durability`). Errors are those of the tree in :mod:`boxship.base.errors`,
in dockerd's words where clients read them.
"""

import asyncio
import builtins
import errno
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from boxship.base.errors import Internal
from boxship.base.times import now_ns
from boxship.content.store import BlobStore
from boxship.images import catalog as changes
from boxship.images import config_changes, inspecting, listing, loading, pruning, saving
from boxship.images import platform as platforms
from boxship.images import reference as references
from boxship.images.adopt import Adopter, NewImage
from boxship.images.blob_rows import BlobRows
from boxship.images.catalog import Catalog, Change
from boxship.images.collecting import Collector
from boxship.images.creation import EMPTY_CONFIG, Origin, encode_image
from boxship.images.durability import Syncer, damaged
from boxship.images.exchange import Exchange
from boxship.images.filters import FilterSet
from boxship.images.layers import LayerStore, StagedLayer
from boxship.images.partial import Partials
from boxship.images.record import ImageRecord
from boxship.images.reference import Reference
from boxship.images.removal import ContainersUsing, Emit, Removed, Remover
from boxship.images.resolving import is_id_prefix, resolve
from boxship.images.snapshots.choose import best, make_snapshotter
from boxship.images.snapshots.snapshotter import RootfsLayer
from boxship.images.staging import Staging, measure, staged
from boxship.images.steps import Steps
from boxship.images.workers import WorkerRunner
from boxship.state.database import Database

_DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# An archive without entries: such a layer changes nothing and is left out.
_EMPTY_TAR = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"


def _ignore(action: str, image_id: str, attributes: dict[str, str]) -> None:
    pass


class Images:
    """Owns ``root/{layers,blobs,staging}`` and the ``image_`` tables of *database*.

    *emit* is told what happens (``docker events``); *forget_layers* that layers of the rootfs spec
    are about to vanish, so that whoever holds them open lets go. *pinned* are layers that stay
    though no image has them, *step_users* who needs the image of a step. *snapshotter* names the
    way layers become mounts (:mod:`boxship.images.snapshots`); without it the kernel decides.
    """

    def __init__(
        self,
        root: Path,
        database: Database,
        workers: WorkerRunner,
        *,
        emit: Emit = _ignore,
        forget_layers: Callable[[list[RootfsLayer]], object] = lambda layers: None,
        pinned: Callable[[], Iterable[str]] = lambda: (),
        step_users: ContainersUsing = lambda image_id: (),
        snapshotter: str | None = None,
    ) -> None:
        self.blobs = BlobStore(root / "blobs")
        self._catalog = Catalog(database)
        self.steps = Steps(database, self._catalog, step_users)
        self._layers = LayerStore(root / "layers")
        self._staging = Staging(root / "staging")
        self._workers = workers
        self._emit = emit
        self._snapshotter = make_snapshotter(
            snapshotter or best(), self._layers, root / "snapshots", workers
        )
        self._syncer = Syncer(self._catalog, self._layers)
        self._adopter = Adopter(self._catalog, self._layers, self._syncer, self._snapshotter)
        self._lock = asyncio.Lock()
        self._collector = Collector(
            self._catalog,
            self.steps,
            self._layers,
            self._snapshotter,
            forget_layers,
            pinned,
            lambda: self.exchange.forget_stray(),
        )
        self.exchange = Exchange(
            self._catalog,
            BlobRows(database),
            self._layers,
            self.blobs,
            Partials(root / "partial"),
            self._staging,
            self._adopter,
            self._lock,
            self.lease,
            lambda fds, staging: self._worker("import", fds, staging, ()),
        )

    @property
    def driver(self) -> str:
        """The storage driver's name, for ``docker info``."""
        return self._snapshotter.name

    @property
    def count(self) -> int:
        """How many images there are."""
        return self._catalog.count()

    # life

    async def recover(self, containers_using: ContainersUsing) -> list[str]:
        """Tidy up after the last daemon, however it ended. Call once, before anything else.

        Returns the IDs of images that a crash of the machine has damaged: they are gone.
        """
        self._staging.sweep()
        self.blobs.sweep()
        await self.exchange.recover()
        rows = self._catalog.layers()
        bad, good = await asyncio.to_thread(damaged, rows.values(), self._layers)
        stacks = self._catalog.images_with(bad)
        lost = [record.id for record in self._catalog.records(stacks)]

        def change(connection: Change) -> None:
            for image_id in stacks:
                changes.remove_image(connection, image_id)
                changes.remove_stack(connection, image_id)
            changes.remove_layers(connection, bad)
            changes.mark_durable(connection, good)

        await self._catalog.write(change)
        await asyncio.to_thread(self._layers.sweep, set(rows) - set(bad))
        await self.collect(containers_using)
        for image_id in [*self._catalog.ids(), *self._catalog.ghosts()]:
            await self._snapshotter.prepare(self._catalog.stack(image_id))
        return lost

    async def close(self) -> None:
        """Wait until every layer is on disk."""
        await self._syncer.drain()
        await self.exchange.drain()

    def lease(self, diff_ids: Iterable[str]) -> AbstractContextManager[None]:
        """Keep layers from being removed meanwhile."""
        return self._collector.lease(diff_ids)

    async def collect(self, containers_using: ContainersUsing) -> None:
        """Remove the layers that nothing needs. To be called when a container is removed whose
        image had been removed before."""
        async with self._lock:
            await self._collector.collect(containers_using)

    async def forget_steps(self) -> None:
        """Remove the steps of builds that no image is on top of, and their layers."""
        async with self._lock:
            await self._collector.drop(await self.steps.forget())

    # looking

    def resolve(self, name: str, platform: str | None = None) -> ImageRecord:
        """The image that *name* means (see :func:`boxship.images.resolving.resolve`)."""
        return resolve(self._catalog, name, platform)

    def rootfs_layers(self, image_id: str) -> list[RootfsLayer]:
        """The layers for a rootfs spec, topmost first. Works for as long as containers exist that
        were made from the image, even if it was removed; NotFound otherwise."""
        return self._snapshotter.layers(self._catalog.stack(image_id))

    def list(
        self,
        filters: FilterSet,
        all: bool = False,
        shared_size: bool = False,
        manifests: bool = False,
    ) -> list[dict[str, Any]]:
        """API operation ImageList; NotFound and InvalidParameter for what filters name."""
        return listing.summaries(self._catalog, filters, all, shared_size, manifests)

    def inspect(self, name: str, platform: str | None = None) -> dict[str, Any]:
        """API operation ImageInspect."""
        return inspecting.inspect(self.resolve(name, platform), self.driver)

    def children(self, image_id: str) -> builtins.list[ImageRecord]:
        """The images whose parent *image_id* is; of ``""`` those that have none."""
        return self._catalog.records(self._catalog.children(image_id))

    def layer_users(self, diff_id: str) -> int | None:
        """How many images that are shown have a layer, None when there is no such layer."""
        return self._catalog.users(diff_id) if self._catalog.present([diff_id]) else None

    def layer_tar(self, diff_id: str) -> Path:
        """The archive of a layer that is stored."""
        return self._layers.tar(diff_id)

    def history(self, name: str, platform: str | None = None) -> builtins.list[dict[str, Any]]:
        """API operation ImageHistory."""
        return inspecting.history(self._catalog, self.resolve(name, platform))

    def disk_usage(self, containers_using: ContainersUsing) -> dict[str, Any]:
        """``LayersSize`` and ``Images`` of API operation SystemDataUsage."""
        return listing.disk_usage(self._catalog, containers_using)

    # changing

    async def tag(self, source: str, repository: str, tag: str) -> None:
        """Let ``repository:tag`` mean what *source* means, all platforms of it."""
        reference = references.parse_tagged(repository, tag)
        async with self._lock:
            image = self.resolve(source)
            ids = [image.id]
            if not is_id_prefix(image.id, source):
                ids = self._catalog.tagged(references.parse(source).with_default_tag())
            await self._catalog.tag(reference, ids)
        self._emit_tag(image, reference)

    async def remove(
        self, name: str, force: bool, noprune: bool, containers_using: ContainersUsing
    ) -> Removed:
        """``rmi``: what was untagged and deleted; Conflict in dockerd's words."""
        async with self._lock:
            return await self._remove(name, force, not noprune, containers_using)

    async def _remove(
        self, name: str, force: bool, prune: bool, containers_using: ContainersUsing
    ) -> Removed:
        async def drop(candidates: Iterable[str]) -> builtins.list[str]:
            steps = await self.steps.forget()
            return await self._collector.drop({*candidates, *steps})

        is_held = self.steps.is_held
        remover = Remover(self._catalog, containers_using, is_held, drop, self._emit)
        return await remover.remove(name, force, prune)

    async def prune(self, filters: FilterSet, containers_using: ContainersUsing) -> dict[str, Any]:
        """API operation ImagePrune."""
        async with self._lock:
            report = await pruning.prune(
                self._catalog,
                filters,
                lambda name: self._remove(name, False, True, containers_using),
            )
        self._emit("prune", "", {"reclaimed": str(report["SpaceReclaimed"])})
        return report

    def _emit_tag(self, image: ImageRecord, reference: Reference) -> None:
        self._emit("tag", image.id, {**image.labels, "name": reference.familiar})

    def _emit_named_by_id(self, action: str, image_id: str) -> None:
        image = self._catalog.get(image_id)
        self._emit(action, image_id, {**image.labels, "name": image_id})

    # bringing in

    async def load(
        self, stream_fd: int, quiet: bool, platform: str | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        """``docker load``: messages of its JSON stream. *stream_fd* stays the caller's.

        Everything is stored, and all errors are raised, before the first message.
        """
        wanted = platforms.parse(platform) if platform else None
        known = builtins.list(self._catalog.layers())
        with self._staging.directory() as staging, self.lease(known):
            result = await self._worker("load", [stream_fd], staging, known)
            async with self._lock:
                loaded = loading.understand(result, staging, wanted)
                renamed = builtins.list(loading.renamed(loaded, self._catalog))
                await self._adopter.adopt(loaded.images, loaded.names.items())
        for image in loaded.images:
            self._emit_named_by_id("load", image.id)
        if not quiet:
            for message in loading.progress(loaded):
                yield message
        for message in (*renamed, *loading.announcements(loaded)):
            yield message

    async def import_(
        self,
        stream_fd: int,
        repo: str = "",
        tag: str = "",
        message: str = "",
        changes: Sequence[str] = (),
        platform: str | None = None,
    ) -> str:
        """``docker import``: the ID of the new image. *stream_fd* stays the caller's."""
        reference = references.parse_tagged(repo, tag) if repo else None
        config = config_changes.apply(dict(EMPTY_CONFIG), changes)
        where = platforms.parse_served(platform) if platform else platforms.host()
        with self._staging.directory() as staging:
            layer = staged(staging, await self._worker("import", [stream_fd], staging, ()))
            assert layer is not None
            origin = Origin(now_ns(), message or "Imported from -")
            raw = encode_image(config, where, origin, None, layer.diff_id)
            image = await self.add(NewImage(raw, [layer]), reference)
        self._emit_named_by_id("import", image.id)
        return image.id

    def staging(self) -> AbstractContextManager[Path]:
        """A directory on the store's file system for a layer that is being made."""
        return self._staging.directory()

    async def commit(
        self,
        parent_id: str | None,
        layer: tuple[Path, str] | None,
        config: Mapping[str, Any],
        origin: Origin,
        changes: Sequence[str] = (),
        repo: str = "",
        tag: str = "",
    ) -> str:
        """``docker commit``: the ID of a new image on top of *parent_id*.

        *layer* is the directory that holds ``layer.tar`` and ``index``, on the file system of the
        store, and the archive's digest; the directory is moved away. A layer without entries is
        left out. *config* is a container's configuration in the API's spelling; its command is
        what made the layer, unless *origin* says so.
        """
        reference = references.parse_tagged(repo, tag) if repo else None
        if not origin.created_by:
            origin = replace(origin, created_by=" ".join(config.get("Cmd") or ()))
        final = config_changes.apply({**EMPTY_CONFIG, **config}, changes)
        parent = self._catalog.get(parent_id) if parent_id else None
        staged_layer: StagedLayer | None = None
        if layer is not None and layer[1] != _EMPTY_TAR:
            staged_layer = await asyncio.to_thread(measure, *layer)
        where = parent.platform if parent else platforms.host()
        diff_id = staged_layer.diff_id if staged_layer else None
        raw = encode_image(final, where, origin, parent, diff_id)
        new = NewImage(raw, [staged_layer] if staged_layer else [], parent.id if parent else "")
        return (await self.add(new, reference)).id

    async def add(self, new: NewImage, reference: Reference | None = None) -> ImageRecord:
        """Store an image whose layers are there or staged; *reference* then means it."""
        tags = [(reference, [new.id])] if reference else []
        async with self._lock:
            await self._adopter.adopt([new], tags)
            image = self._catalog.get(new.id)
        if reference:
            self._emit_tag(image, reference)
        return image

    async def _worker(
        self, kind: str, fds: Sequence[int], staging: Path, known: Iterable[str]
    ) -> dict[str, Any]:
        args = {
            "staging": str(staging),
            "limit": self._staging.room(),
            "known": [diff_id.partition(":")[2] for diff_id in known],
        }
        try:
            return await self._workers.run(kind, args, fds)
        except OSError as error:
            if error.errno in _DISK_IS_FULL:
                raise Internal(f"{staging}: no space left on device") from None
            raise

    # sending out

    def save(
        self, names: Sequence[str], platform: str | None = None, since: str = ""
    ) -> AsyncIterator[bytes]:
        """``docker save``: the archive in pieces, without the layers of the image *since*. NotFound
        is raised at once, not while sending."""
        wanted = platforms.parse(platform) if platform else None
        choices = saving.choose(self._catalog, names, wanted)
        base = saving.base(self._catalog, since)
        return self._save(choices, base)

    async def _save(
        self, choices: builtins.list[saving.Choice], base: saving.Base
    ) -> AsyncIterator[bytes]:
        held = [one for choice in choices for image in choice.variants for one in image.diff_ids]
        with self.lease(held):
            async for piece in saving.stream(self._catalog, self._layers, choices, base):
                yield piece
        for choice in choices:
            self._emit_named_by_id("save", choice.variants[0].id)
