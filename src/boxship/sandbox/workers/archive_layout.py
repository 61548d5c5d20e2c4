"""What images an archive holds: Docker's ``manifest.json``, an OCI ``index.json``, or both.

Pure: works on the documents that :mod:`boxship.sandbox.workers.archive_members` collected.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from boxship.base.errors import InvalidParameter
from boxship.oci import media_types
from boxship.oci.layout import SINCE, blob_path
from boxship.sandbox.workers.archive_members import Members
from boxship.sandbox.workers.layer_sink import StoredLayer

_MAX_DEPTH = 4
_MAX_SHOWN = 300  # characters of a name in a message
_MAX_IMAGES = 1000
_MAX_DESCRIPTORS = 10_000
_MAX_LAYERS = 500  # overlayfs stacks no more (fs/overlayfs, OVL_MAX_STACK)


@dataclass
class FoundImage:
    """``config``: the configuration, byte for byte. ``layers``: the stored ones, bottom first.
    ``names``: as the archive spells them. ``parent``: the image ID of the parent, or None."""

    config: bytes
    layers: list[StoredLayer]
    names: list[str] = field(default_factory=list)
    parent: str | None = None


def find(members: Members) -> list[FoundImage]:
    """The images of an archive, each verified: the configuration's diff IDs are those of the
    layers. :class:`InvalidParameter` when there is none, or anything that one needs is missing.
    """
    found: dict[str, FoundImage] = {}
    listed = members.document("manifest.json")
    if listed is not None:
        _merge(found, _docker_images(members, listed))
    index = members.document("index.json")
    if index is not None:
        _merge(found, _OciReader(members, skip_absent=listed is not None).images(index))
    if not found:
        raise InvalidParameter(_why_empty(members))
    for image in found.values():
        _verify(image)
    return list(found.values())


def _merge(found: dict[str, FoundImage], images: Iterator[FoundImage]) -> None:
    for image in images:
        known = found.setdefault(hashlib.sha256(image.config).hexdigest(), image)
        known.names += [name for name in image.names if name not in known.names]
        if len(found) > _MAX_IMAGES:
            raise InvalidParameter(f"the archive holds more than {_MAX_IMAGES} images")


def _why_empty(members: Members) -> str:
    if members.document("repositories") is not None:
        return (
            "the archive has the layout of Docker before 1.10 (repositories without "
            "manifest.json), which is not supported: load and save it with a newer Docker first"
        )
    if members.document("manifest.json") is None and members.document("index.json") is None:
        return "the archive holds neither manifest.json nor index.json: not an image archive"
    return "the archive holds no image"


def parse_json(data: bytes, what: str) -> Any:
    """:class:`InvalidParameter` when *data* is no JSON in UTF-8."""
    try:
        return json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InvalidParameter(f"{what} is malformed: {error}") from None


def _objects(value: Any, what: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise InvalidParameter(f"{what} is malformed: expected a list of objects")
    return value


def _strings(value: Any, what: str) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidParameter(f"{what} is malformed: expected a list of strings")
    return value


def _docker_images(members: Members, listed: bytes) -> Iterator[FoundImage]:
    """Docker's image specification v1.2: one object an image, paths into the archive."""
    for item in _objects(parse_json(listed, "manifest.json"), "manifest.json"):
        path = item.get("Config")
        config = members.document(path) if isinstance(path, str) else None
        if config is None:
            raise InvalidParameter(f"manifest.json names {path!r}, which the archive lacks")
        names = _strings(item.get("Layers"), "Layers")
        layers = [_docker_layer(members, name, item.get(SINCE)) for name in names]
        parent = item.get("Parent")
        yield FoundImage(
            config,
            layers,
            _strings(item.get("RepoTags"), "RepoTags").copy(),
            parent if isinstance(parent, str) and parent else None,
        )


def _docker_layer(members: Members, path: str, base: Any) -> StoredLayer:
    layer = members.layer(path)
    if layer is None and isinstance(base, str):
        shown = "".join(char for char in base[:_MAX_SHOWN] if char.isprintable())
        raise InvalidParameter(
            f"the archive lacks the layer {path!r}: it was saved without the layers of {shown}, "
            "which has to be loaded or pulled first"
        )
    if layer is None:
        raise InvalidParameter(f"manifest.json names the layer {path!r}, which the archive lacks")
    return layer


class _OciReader:
    """Walks index.json down to the image manifests. *skip_absent*: an index may list platforms
    that the archive does not carry; they are an error only when nothing else was found."""

    def __init__(self, members: Members, skip_absent: bool) -> None:
        self._members = members
        self._skip_absent = skip_absent
        self._seen = 0

    def images(self, index: bytes) -> Iterator[FoundImage]:
        absent: list[InvalidParameter] = []
        count = 0
        for descriptor, names in self._manifests(parse_json(index, "index.json"), [], 0):
            try:
                image = self._image(descriptor, names)
            except _Absent as error:
                absent.append(error)
                continue
            if image is not None:
                count += 1
                yield image
        if absent and not count and not self._skip_absent:
            raise absent[0]

    def _manifests(
        self, index: Any, names: list[str], depth: int
    ) -> Iterator[tuple[dict[str, Any], list[str]]]:
        if not isinstance(index, dict) or depth > _MAX_DEPTH:
            raise InvalidParameter("index.json is malformed or nested too deeply")
        for descriptor in _objects(index.get("manifests") or [], "index.json"):
            self._seen += 1
            if self._seen > _MAX_DESCRIPTORS:
                raise InvalidParameter("index.json lists too many manifests")
            own = names or _names(descriptor)
            if descriptor.get("mediaType") in media_types.INDEXES:
                nested = self._document(descriptor)
                if nested is not None:
                    yield from self._manifests(parse_json(nested, "an index"), own, depth + 1)
            elif not _is_attestation(descriptor):
                yield descriptor, own

    def _document(self, descriptor: dict[str, Any]) -> bytes | None:
        """The blob of *descriptor*, verified."""
        digest = descriptor.get("digest")
        if not isinstance(digest, str):
            raise InvalidParameter("a descriptor without a digest")
        data = self._members.document(blob_path(digest))
        if data is not None and digest != "sha256:" + hashlib.sha256(data).hexdigest():
            raise InvalidParameter(f"blob {digest} has other content than its name says")
        return data

    def _need(self, descriptor: Any) -> bytes:
        if not isinstance(descriptor, dict):
            raise InvalidParameter("a manifest is malformed: no descriptor")
        data = self._document(descriptor)
        if data is None:
            raise _Absent(f"the archive lacks the blob {descriptor.get('digest')}")
        return data

    def _image(self, descriptor: dict[str, Any], names: list[str]) -> FoundImage | None:
        manifest = parse_json(self._need(descriptor), "a manifest")
        if not isinstance(manifest, dict):
            raise InvalidParameter("a manifest is malformed")
        if manifest.get("mediaType", media_types.OCI_MANIFEST) not in media_types.MANIFESTS:
            return None
        config = self._need(manifest.get("config"))
        layers = []
        for layer in _objects(manifest.get("layers") or [], "a manifest's layers"):
            digest = layer.get("digest")
            stored = self._members.layer(blob_path(digest)) if isinstance(digest, str) else None
            if stored is None:
                raise _Absent(f"the archive lacks the layer {digest}")
            layers.append(stored)
        return FoundImage(config, layers, list(names))


class _Absent(InvalidParameter):
    """A blob that a manifest names is not in the archive."""


def _names(descriptor: dict[str, Any]) -> list[str]:
    annotations = descriptor.get("annotations")
    if not isinstance(annotations, dict):
        return []
    name = annotations.get(media_types.CONTAINERD_NAME)
    if isinstance(name, str) and name:
        return [name]
    name = annotations.get(media_types.REF_NAME)
    # A bare tag says nothing about the repository.
    return [name] if isinstance(name, str) and (":" in name or "/" in name) else []


def _is_attestation(descriptor: dict[str, Any]) -> bool:
    annotations = descriptor.get("annotations")
    platform = descriptor.get("platform")
    return (isinstance(annotations, dict) and media_types.ATTESTATION in annotations) or (
        isinstance(platform, dict) and platform.get("os") == "unknown"
    )


def _verify(image: FoundImage) -> None:
    config = parse_json(image.config, "an image configuration")
    rootfs = config.get("rootfs") if isinstance(config, dict) else None
    if not isinstance(rootfs, dict):
        raise InvalidParameter("invalid image JSON, no RootFS key")
    diff_ids = _strings(rootfs.get("diff_ids"), "diff_ids")
    if len(diff_ids) != len(image.layers):
        raise InvalidParameter(
            f"invalid manifest, layers length mismatch: expected {len(diff_ids)}, "
            f"got {len(image.layers)}"
        )
    if len(diff_ids) > _MAX_LAYERS:
        raise InvalidParameter("max depth exceeded")
    for expected, layer in zip(diff_ids, image.layers, strict=True):
        if expected != f"sha256:{layer.diff_id}":
            raise InvalidParameter(
                f'invalid diffID for layer: expected "{expected}", got "sha256:{layer.diff_id}"'
            )
