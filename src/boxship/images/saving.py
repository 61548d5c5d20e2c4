"""``docker save``: one tar that is an OCI layout and a docker-archive at once.

The bytes depend on the images and the names asked for alone. Newer tools read ``index.json``, older
ones ``manifest.json``, the oldest ``repositories``; all point at the same uncompressed layers.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from boxship.archive.entry import Entry, Kind
from boxship.archive.headers import BLOCK
from boxship.archive.writer import header
from boxship.base.digests import sha256
from boxship.base.errors import NotFound
from boxship.images import reference as references
from boxship.images.catalog import Catalog
from boxship.images.layers import LayerStore
from boxship.images.platform import Platform
from boxship.images.record import ImageRecord
from boxship.images.reference import Reference
from boxship.images.resolving import is_id_prefix, resolve
from boxship.oci import layout, media_types
from boxship.oci.layout import Descriptor, blob_path, encode

_PIECE = 1 << 20
_FILE_MODE, _DIR_MODE = 0o644, 0o755
Packed = Mapping[str, tuple[Descriptor, Path]]
_NONE: Packed = MappingProxyType({})


@dataclass
class Choice:
    """An image to save: its platforms, the preferred one first, and its tags. *packed* are blobs,
    with their files, that stand for layers, by diff ID; others are written as they are."""

    variants: list[ImageRecord]
    names: list[Reference] = field(default_factory=list)
    packed: Packed = field(default_factory=dict)


@dataclass(frozen=True)
class Base:
    """What the other side has: the name of an image and its layers, of all platforms."""

    name: str = ""
    diff_ids: frozenset[str] = frozenset()


def base(catalog: Catalog, name: str) -> Base:
    """The image *name* as something to build upon; "" is nothing. :class:`NotFound`."""
    choices = choose(catalog, [name], None) if name else []
    images = [image for choice in choices for image in choice.variants]
    return Base(name, frozenset(one for image in images for one in image.diff_ids))


def choose(catalog: Catalog, names: Sequence[str], platform: Platform | None) -> list[Choice]:
    """The images that *names* mean; a repository without a tag means all its tags.

    :class:`NotFound` in dockerd's words.
    """
    chosen: dict[str, Choice] = {}
    for name in names:
        for image_id, reference in _meant(catalog, name):
            ids = catalog.tagged(reference) if reference else [image_id]
            variants = _on(catalog, ids, platform, name)
            choice = chosen.setdefault(variants[0].id, Choice(variants))
            if reference and reference not in choice.names:
                choice.names.append(reference)
    return list(chosen.values())


def _meant(catalog: Catalog, name: str) -> list[tuple[str, Reference | None]]:
    if references.as_image_id(name) is None:
        reference = references.parse(name)
        if not reference.tag and not reference.digest:
            tagged = catalog.repository(reference)
            if tagged:
                return [(image_id, reference.with_tag(tag)) for tag, image_id in tagged]
        elif catalog.tagged(reference):
            named = reference if reference.tag else None
            return [(catalog.tagged(reference)[0], named)]
    try:
        image = resolve(catalog, name)
    except NotFound:
        raise NotFound(f"No such image: {name}") from None
    assert is_id_prefix(image.id, name)
    return [(image.id, None)]


def _on(
    catalog: Catalog, ids: list[str], platform: Platform | None, name: str
) -> list[ImageRecord]:
    records = {record.id: record for record in catalog.records(ids)}
    ordered = [records[image_id] for image_id in ids if image_id in records]
    fitting = [one for one in ordered if platform is None or one.platform.runs(platform)]
    if not fitting:
        raise NotFound(f"no suitable export target found for platform {platform} in {name}")
    return fitting


@dataclass
class _Documents:
    """The archive's small members by digest, its layers by that of their blob (value: size), and
    the files of those that are not stored as they are."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    layers: dict[str, int] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)
    index: list[dict[str, Any]] = field(default_factory=list)
    manifest: list[dict[str, Any]] = field(default_factory=list)
    repositories: dict[str, dict[str, str]] = field(default_factory=dict)

    def blob(self, media_type: str, data: bytes) -> Descriptor:
        digest = sha256(data)
        self.blobs[digest] = data
        return Descriptor(media_type, digest, len(data))


def image_manifest(catalog: Catalog, image: ImageRecord, packed: Packed = _NONE) -> bytes:
    """The OCI manifest of *image* with layers that are uncompressed, but for those *packed*."""
    return layout.manifest(image.raw, _layer_blobs(catalog, image, packed))


def _layer_blobs(catalog: Catalog, image: ImageRecord, packed: Packed) -> list[Descriptor]:
    return [
        packed[diff_id][0]
        if diff_id in packed
        else layout.plain_layer(diff_id, catalog.layer(diff_id).stored)
        for diff_id in image.diff_ids
    ]


def _describe(catalog: Catalog, choices: list[Choice], base: Base) -> _Documents:
    documents = _Documents()
    for choice in choices:
        entries = []
        for image in choice.variants:
            documents.blob(media_types.OCI_CONFIG, image.raw)
            blobs = _layer_blobs(catalog, image, choice.packed)
            documents.layers |= {blob.digest: blob.size for blob in blobs}
            manifest = image_manifest(catalog, image, choice.packed)
            descriptor = documents.blob(media_types.OCI_MANIFEST, manifest)
            entries.append(descriptor.to_json() | {"platform": image.platform.as_oci()})
            is_first = image is choice.variants[0]
            _list_for_docker(documents, choice, image, blobs, is_first)
        if len(entries) > 1:
            top = documents.blob(media_types.OCI_INDEX, layout.index(entries)).to_json()
        else:
            top = {key: value for key, value in entries[0].items() if key != "platform"}
        documents.files |= {blob.digest: path for blob, path in choice.packed.values()}
        documents.index += [top | _annotations(name) for name in choice.names] or [top]
    _add_parents(documents, choices)
    _leave_out(documents, base)
    return documents


@dataclass(frozen=True)
class Layout:
    """What an OCI layout holds of an image: *top* is the descriptor of its manifest or index,
    *blobs* are the documents by digest, *layers* the bytes of the layers' blobs."""

    top: dict[str, Any]
    blobs: dict[str, bytes]
    layers: dict[str, int]


def lay_out(catalog: Catalog, images: Sequence[ImageRecord], packed: Packed) -> Layout:
    """One image for each platform."""
    documents = _describe(catalog, [Choice(list(images), packed=packed)], Base())
    return Layout(documents.index[0], documents.blobs, documents.layers)


def _list_for_docker(
    documents: _Documents,
    choice: Choice,
    image: ImageRecord,
    blobs: list[Descriptor],
    is_first: bool,
) -> None:
    names = [name.familiar for name in choice.names] if is_first else []
    documents.manifest.append(
        {
            "Config": blob_path(image.id),
            "RepoTags": names or None,
            "Layers": [blob_path(blob.digest) for blob in blobs],
            "LayerSources": {
                diff_id: blob.to_json() for diff_id, blob in zip(image.diff_ids, blobs, strict=True)
            },
        }
    )
    for name in choice.names if is_first and image.diff_ids else ():
        top = image.diff_ids[-1].partition(":")[2]
        documents.repositories.setdefault(name.familiar_name, {})[name.tag or ""] = top


def _leave_out(documents: _Documents, base: Base) -> None:
    """The layers of *base* are named and not sent; the loader is told whose they are."""
    for row in documents.manifest:
        if base.diff_ids.intersection(row["LayerSources"]):
            row[layout.SINCE] = base.name
    for diff_id in base.diff_ids:
        documents.layers.pop(diff_id, None)


def _add_parents(documents: _Documents, choices: list[Choice]) -> None:
    """Name the parents that are in the archive too: ``docker load`` links them again."""
    saved = [image for choice in choices for image in choice.variants]
    present = {image.id for image in saved}
    for image, row in zip(saved, documents.manifest, strict=True):
        if image.parent in present:
            row["Parent"] = image.parent


def _annotations(name: Reference) -> dict[str, Any]:
    return {
        "annotations": {
            media_types.CONTAINERD_NAME: str(name),
            media_types.REF_NAME: name.tag or "",
        }
    }


async def stream(
    catalog: Catalog, layers: LayerStore, choices: list[Choice], base: Base
) -> AsyncIterator[bytes]:
    """The archive, in pieces."""
    documents = _describe(catalog, choices, base)
    for directory in ("blobs", "blobs/sha256"):
        yield header(Entry(directory.encode(), Kind.DIR, mode=_DIR_MODE))
    for digest in sorted({*documents.blobs, *documents.layers}):
        if digest in documents.layers:
            path = documents.files.get(digest) or layers.tar(digest)
            async for piece in _layer(path, digest, documents.layers[digest]):
                yield piece
        else:
            yield _document(blob_path(digest), documents.blobs[digest])
    yield _document("index.json", layout.index(documents.index))
    yield _document("manifest.json", encode(documents.manifest))
    yield _document("oci-layout", layout.MARKER)
    if documents.repositories:
        yield _document("repositories", encode(documents.repositories))
    yield bytes(2 * BLOCK)


def _head(path: str, size: int) -> bytes:
    return header(Entry(path.encode(), Kind.FILE, mode=_FILE_MODE, size=size))


def _document(path: str, data: bytes) -> bytes:
    return _head(path, len(data)) + data + bytes(-len(data) % BLOCK)


async def _layer(path: Path, digest: str, size: int) -> AsyncIterator[bytes]:
    yield _head(blob_path(digest), size)
    with await asyncio.to_thread(open, path, "rb", 0) as tar:
        while piece := await asyncio.to_thread(tar.read, _PIECE):
            yield piece
    if size % BLOCK:
        yield bytes(-size % BLOCK)
