"""Manifests and indexes, read from hostile bytes and written the way dockerd writes them.

OCI image-spec (manifest.md, image-index.md) and Docker's image manifest version 2, schema 2.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from boxship.base.digests import is_digest
from boxship.base.errors import InvalidParameter
from boxship.oci import media_types
from boxship.oci.layout import Descriptor

LIMIT = 4 << 20  # bytes of a manifest
_MOST_LAYERS, _MOST_ENTRIES = 512, 4096
_MOST_SIZE = 1 << 50
_MOST_TYPE = 255
ACCEPT = ", ".join(
    (
        media_types.DOCKER_MANIFEST,
        media_types.DOCKER_LIST,
        media_types.OCI_INDEX,
        media_types.OCI_MANIFEST,
    )
)
GZIP_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
ZSTD_LAYER = media_types.OCI_LAYER + "+zstd"
_GZIP_OCI = media_types.OCI_LAYER + "+gzip"
_FOREIGN_OCI = media_types.NONDISTRIBUTABLE + "+gzip"
# What one vocabulary calls the layers of the other.
_IN_DOCKERS = {
    GZIP_LAYER: GZIP_LAYER,
    _GZIP_OCI: GZIP_LAYER,
    media_types.DOCKER_FOREIGN: media_types.DOCKER_FOREIGN,
    _FOREIGN_OCI: media_types.DOCKER_FOREIGN,
}
_IN_OCIS = {GZIP_LAYER: _GZIP_OCI, media_types.DOCKER_FOREIGN: _FOREIGN_OCI}
_SIGNED = "application/vnd.docker.distribution.manifest.v1+prettyjws"


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer's blob. ``urls`` is where a layer lies that registries must not distribute."""

    blob: Descriptor
    urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """One image, bottom layer first."""

    media_type: str
    config: Descriptor
    layers: tuple[Layer, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an index. ``platform`` as it is written, empty when it is not."""

    blob: Descriptor
    platform: Mapping[str, Any] = field(default_factory=dict)
    attestation: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    media_type: str
    entries: tuple[Entry, ...]


def parse(data: bytes, content_type: str) -> Manifest | Index:
    """What *data* says. :class:`InvalidParameter` in terms of what is wrong with it."""
    document = _document(data)
    media_type = _media_type(document, content_type)
    if media_type in media_types.INDEXES:
        return _index(document, media_type)
    if media_type in media_types.MANIFESTS:
        return _manifest(document, media_type)
    if document.get("schemaVersion") == 1 or media_type == _SIGNED:
        raise InvalidParameter(
            "Docker Image Format v1 and Docker Image manifest version 2, schema 1 are not "
            "supported: push the image again with a current tool"
        )
    raise InvalidParameter(f"unsupported manifest media type {media_type!r}")


def _document(data: bytes) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InvalidParameter("invalid manifest: not JSON") from None
    except RecursionError:
        raise InvalidParameter("invalid manifest: nested too deeply") from None
    if not isinstance(document, dict):
        raise InvalidParameter("invalid manifest: not an object")
    return document


def _media_type(document: dict[str, Any], content_type: str) -> str:
    """What the document says of itself; it must not contradict its shape (CVE-2021-41190)."""
    stated = document.get("mediaType")
    given = content_type.partition(";")[0].strip()
    media_type = stated if isinstance(stated, str) and stated else given
    known = media_types.INDEXES | media_types.MANIFESTS
    if media_type not in known and document.get("schemaVersion") == 2:
        if "manifests" in document and "layers" not in document:
            media_type = media_types.OCI_INDEX
        elif "config" in document and "layers" in document:
            media_type = media_types.OCI_MANIFEST
    if media_type in media_types.INDEXES and ("layers" in document or "config" in document):
        raise InvalidParameter("invalid manifest: an index that has layers")
    if media_type in media_types.MANIFESTS and "manifests" in document:
        raise InvalidParameter("invalid manifest: an image manifest that lists manifests")
    return media_type


def _index(document: dict[str, Any], media_type: str) -> Index:
    rows = _rows(document, "manifests", _MOST_ENTRIES)
    return Index(media_type, tuple(_entry(row) for row in rows))


def _entry(row: Any) -> Entry:
    blob = _descriptor(row, "manifests")
    platform, annotations = row.get("platform"), row.get("annotations")
    is_attestation = isinstance(annotations, dict) and media_types.ATTESTATION in annotations
    return Entry(blob, platform if isinstance(platform, dict) else {}, is_attestation)


def _manifest(document: dict[str, Any], media_type: str) -> Manifest:
    config = _descriptor(document.get("config"), "config")
    rows = _rows(document, "layers", _MOST_LAYERS)
    return Manifest(media_type, config, tuple(_layer(row) for row in rows))


def _layer(row: Any) -> Layer:
    blob = _descriptor(row, "layers")
    urls = row.get("urls")
    if not isinstance(urls, list):
        return Layer(blob)
    return Layer(blob, tuple(url for url in urls[:8] if isinstance(url, str)))


def _rows(document: dict[str, Any], key: str, most: int) -> list[Any]:
    rows = document.get(key)
    if rows is None:
        return []
    if not isinstance(rows, list):
        raise InvalidParameter(f"invalid manifest: {key} is no list")
    if len(rows) > most:
        raise InvalidParameter(f"invalid manifest: more than {most} {key}")
    return rows


def _descriptor(value: Any, where: str) -> Descriptor:
    if not isinstance(value, dict):
        raise InvalidParameter(f"invalid manifest: {where} holds no descriptor")
    digest, size, kind = value.get("digest"), value.get("size"), value.get("mediaType")
    if not isinstance(digest, str) or not is_digest(digest):
        raise InvalidParameter(f"invalid manifest: {where} has an unsupported digest")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= _MOST_SIZE:
        raise InvalidParameter(f"invalid manifest: {where} has an impossible size")
    if isinstance(kind, str) and not (kind.isprintable() and len(kind) <= _MOST_TYPE):
        raise InvalidParameter(f"invalid manifest: {where} has a malformed media type")
    return Descriptor(kind if isinstance(kind, str) else "", digest, size)


def encode(config: Descriptor, layers: Sequence[Layer], oci: bool = False) -> tuple[bytes, str]:
    """The manifest of an image, and its media type: Docker's where it can say it and nobody asks
    for *oci*'s, else OCI's.

    Byte for byte what dockerd makes of the same blobs, so that both push the same digest.
    """
    is_docker = not oci and all(layer.blob.media_type in _IN_DOCKERS for layer in layers)
    kinds = (
        (media_types.DOCKER_MANIFEST, media_types.DOCKER_CONFIG)
        if is_docker
        else (media_types.OCI_MANIFEST, media_types.OCI_CONFIG)
    )
    names = _IN_DOCKERS if is_docker else _IN_OCIS
    document = {
        "schemaVersion": 2,
        "mediaType": kinds[0],
        "config": _row(config, kinds[1]),
        "layers": [_layer_row(layer, names) for layer in layers],
    }
    return json.dumps(document, indent=3).encode(), kinds[0]


def encode_index(entries: Sequence[tuple[Descriptor, Mapping[str, Any]]]) -> tuple[bytes, str]:
    """The index of images, each with its platform; and its media type: Docker's where all of them
    are Docker's, else OCI's."""
    is_docker = all(blob.media_type == media_types.DOCKER_MANIFEST for blob, _ in entries)
    kind = media_types.DOCKER_LIST if is_docker else media_types.OCI_INDEX
    rows = [{**_row(blob, blob.media_type), "platform": platform} for blob, platform in entries]
    document = {"schemaVersion": 2, "mediaType": kind, "manifests": rows}
    return json.dumps(document, indent=3).encode(), kind


def _layer_row(layer: Layer, names: Mapping[str, str]) -> dict[str, Any]:
    row = _row(layer.blob, names.get(layer.blob.media_type, layer.blob.media_type))
    return row | ({"urls": list(layer.urls)} if layer.urls else {})


def _row(blob: Descriptor, media_type: str) -> dict[str, Any]:
    return {"mediaType": media_type, "size": blob.size, "digest": blob.digest}
