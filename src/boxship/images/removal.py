"""``rmi``: Docker's rules on tags, children and use (API operation ImageDelete)."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from boxship.base.digests import sha256
from boxship.base.errors import Conflict
from boxship.base.ids import short_id
from boxship.images import catalog as changes
from boxship.images import reference as references
from boxship.images.catalog import Catalog, Change
from boxship.images.record import ImageRecord
from boxship.images.reference import Reference
from boxship.images.resolving import is_id_prefix, resolve

Emit = Callable[[str, str, dict[str, str]], None]


@dataclass(frozen=True, slots=True)
class ContainerUse:
    """A container that was made from an image; without an ID a build that needs it."""

    id: str
    running: bool


ContainersUsing = Callable[[str], Sequence[ContainerUse]]
Removed = list[dict[str, str]]


class Remover:
    """Decides, then changes the tables step by step as dockerd does.

    An image that a build has (*is_held*) only goes out of sight, and later for good.
    *drop_layers* removes those of the given layers that nothing needs any longer, and returns
    them; *emit* (action, image ID, attributes) announces.
    """

    def __init__(
        self,
        catalog: Catalog,
        using: ContainersUsing,
        is_held: Callable[[str], bool],
        drop_layers: Callable[[Iterable[str]], Awaitable[list[str]]],
        emit: Emit,
    ) -> None:
        self._catalog = catalog
        self._using = using
        self._is_held = is_held
        self._drop_layers = drop_layers
        self._emit = emit
        self._removed: Removed = []

    async def remove(self, name: str, force: bool, prune: bool) -> Removed:
        """:class:`Conflict` in dockerd's words when the image must stay."""
        image = resolve(self._catalog, name)
        if is_id_prefix(image.id, name):
            await self._untag_for_id(image, force)
            await self._delete(image.id, force, prune, quiet=False)
            return self._removed
        variants = self._catalog.tagged(references.parse(name).with_default_tag())
        if await self._untag(image, name, force):
            await self._delete(image.id, force, prune, quiet=True)
        for other in variants[1:]:
            # What this tag meant on other platforms goes with it, unless it is in use.
            if not self._catalog.get(other).references:
                await self._delete(other, force, prune, quiet=True)
        return self._removed

    async def _untag(self, image: ImageRecord, name: str, force: bool) -> bool:
        """Take the name *name* off; True when the image has no other left."""
        if not force and is_single(image.references):
            for use in self._using(image.id):
                raise Conflict(
                    f'conflict: unable to remove repository reference "{name}" (must force) - '
                    f"container {short_id(use.id)} is using its referenced image {image.short_id}"
                )
        reference = references.parse(name).with_default_tag()
        await self._remove_reference(image, reference)
        left = list(self._catalog.get(image.id).references)
        repository = reference.repository
        same = [other for other in left if other.repository == repository]
        if not reference.digest and not any(other.tag for other in same):
            # Digests only ever came with a tag of their repository.
            for other in same:
                await self._remove_reference(image, other, quiet=True)
                left.remove(other)
        return not left

    async def _untag_for_id(self, image: ImageRecord, force: bool) -> None:
        if not is_single(image.references):
            return
        self._check(image, hard=True, stopped=not force, referenced=False)
        for reference in image.references:
            await self._remove_reference(image, reference)

    async def _delete(self, image_id: str, force: bool, prune: bool, quiet: bool) -> None:
        parent = await self._delete_one(image_id, force, quiet)
        while prune and parent and self._catalog.records([parent]):
            parent = await self._delete_one(parent, False, True)

    async def _delete_one(self, image_id: str, force: bool, quiet: bool) -> str:
        """Its parent; empty when it has none, or stays."""
        image = self._catalog.get(image_id)
        try:
            self._check(image, hard=True, stopped=not force, referenced=not force)
        except _InUse as conflict:
            if quiet and (conflict.used or image.references or self._catalog.children(image_id)):
                return ""
            raise Conflict(str(conflict)) from None
        with self._catalog.leaving([] if self._is_held(image_id) else [image_id]):
            for reference in image.references:
                await self._remove_reference(image, reference)
            await self._catalog.write(self._forget(image_id))
        self._emit("delete", image_id, {"name": image_id})
        self._removed.append({"Deleted": image_id})
        gone = set(await self._drop_layers(image.diff_ids))
        self._removed += [{"Deleted": chain} for chain in released_chains(image.diff_ids, gone)]
        return image.parent

    def _forget(self, image_id: str) -> Callable[[Change], None]:
        if self._is_held(image_id):
            return lambda connection: changes.hide(connection, image_id)
        in_use = bool(self._using(image_id))

        def change(connection: Change) -> None:
            changes.remove_image(connection, image_id)
            if not in_use:
                changes.remove_stack(connection, image_id)

        return change

    async def _remove_reference(
        self, image: ImageRecord, reference: Reference, quiet: bool = False
    ) -> None:
        def change(connection: Change) -> None:
            changes.remove_reference(connection, reference)

        await self._catalog.write(change)
        if not quiet:
            self._emit("untag", image.id, {**image.labels, "name": image.id})
        self._removed.append({"Untagged": reference.familiar})

    def _check(self, image: ImageRecord, hard: bool, stopped: bool, referenced: bool) -> None:
        uses = self._using(image.id)
        if hard and self._catalog.children(image.id):
            raise _InUse(image, "cannot be forced", "image has dependent child images")
        for use in uses:
            if hard and use.running:
                text = f"image is being used by running container {short_id(use.id)}"
                raise _InUse(image, "cannot be forced", text, used=True)
        if referenced and image.references:
            text = "image is referenced in multiple repositories"
            raise _InUse(image, "must be forced", text)
        for use in uses:
            if stopped and not use.running:
                text = f"image is being used by stopped container {short_id(use.id)}"
                raise _InUse(image, "must be forced", text, used=True)


class _InUse(Conflict):
    def __init__(self, image: ImageRecord, force: str, why: str, used: bool = False) -> None:
        super().__init__(f"conflict: unable to delete {image.short_id} ({force}) - {why}")
        self.used = used


def is_single(found: Sequence[Reference]) -> bool:
    """Whether the references are but one name: a tag, its repository's digests, or both."""
    if len(found) <= 1:
        return True
    tags = [reference for reference in found if reference.tag]
    repositories = {reference.repository for reference in found}
    return len(tags) <= 1 and len(repositories) == 1


def chain_ids(diff_ids: Sequence[str]) -> list[str]:
    """The names of the stacks that end in each layer (OCI image-spec, config.md, ChainID)."""
    chains: list[str] = []
    for diff_id in diff_ids:
        chains.append(sha256(f"{chains[-1]} {diff_id}".encode()) if chains else diff_id)
    return chains


def released_chains(diff_ids: Sequence[str], gone: set[str]) -> list[str]:
    """The chain IDs, topmost first, of the layers *gone*."""
    pairs = zip(chain_ids(diff_ids), diff_ids, strict=True)
    return [chain for chain, diff_id in reversed(list(pairs)) if diff_id in gone]
