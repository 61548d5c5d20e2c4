"""The archive that ``load`` takes: an OCI image layout with dockerd's manifest.json beside it."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from boxship.archive.entry import Entry, Kind
from boxship.archive.writer import TarWriter
from boxship.base.times import rfc3339

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_INDEX = "application/vnd.oci.image.index.v1+json"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Layer:
    """A finished layer in ``file``; ``digest`` is hexadecimal SHA-256, ``size`` in bytes."""

    file: BinaryIO
    digest: str
    size: int

    def chunks(self) -> Iterator[bytes]:
        self.file.seek(0)
        while data := self.file.read(_CHUNK):
            yield data


@dataclass(frozen=True, slots=True)
class Description:
    """What the image's configuration says. ``created`` is nanoseconds since 1970."""

    architecture: str
    variant: str
    created: int
    command: Sequence[str]
    path: str
    created_by: str
    labels: dict[str, str]


def write(out: BinaryIO, layer: Layer, description: Description, tag: str) -> str:
    """Write the archive to *out*, which need not be seekable; the image's id, hexadecimal.

    *tag* is a full reference like ``name:tag``, ``""`` for none.
    """
    config = _encode(_config(layer, description))
    manifest = _encode(_manifest(layer, config))
    identity = hashlib.sha256(config).hexdigest()
    documents = {
        f"blobs/sha256/{identity}": config,
        f"blobs/sha256/{hashlib.sha256(manifest).hexdigest()}": manifest,
        "index.json": _encode(_index(manifest, tag)),
        "manifest.json": _encode(_docker_manifest(layer, identity, tag)),
        "oci-layout": _encode({"imageLayoutVersion": "1.0.0"}),
    }
    writer = TarWriter(out.write)
    for name in ("blobs", "blobs/sha256"):
        writer.add(Entry(name.encode(), Kind.DIR, 0o755))
    entry = Entry(f"blobs/sha256/{layer.digest}".encode(), Kind.FILE, size=layer.size)
    writer.add(entry, layer.chunks())
    for name, data in documents.items():
        writer.add(Entry(name.encode(), Kind.FILE, size=len(data)), [data])
    writer.close()
    return identity


def _encode(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


def _config(layer: Layer, description: Description) -> dict[str, Any]:
    created = rfc3339(description.created)
    found = {
        "architecture": description.architecture,
        "os": "linux",
        "created": created,
        "config": {
            "Env": [f"PATH={description.path}"],
            "Cmd": list(description.command),
            "WorkingDir": "/",
            "Labels": description.labels,
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer.digest}"]},
        "history": [{"created": created, "created_by": description.created_by}],
    }
    return found | ({"variant": description.variant} if description.variant else {})


def _descriptor(kind: str, data: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(data).hexdigest()
    return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(data)}


def _manifest(layer: Layer, config: bytes) -> dict[str, Any]:
    blob = {"mediaType": _LAYER, "digest": f"sha256:{layer.digest}", "size": layer.size}
    return {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": _descriptor(_CONFIG, config),
        "layers": [blob],
    }


def _index(manifest: bytes, tag: str) -> dict[str, Any]:
    descriptor = _descriptor(_MANIFEST, manifest)
    if tag:
        name = {"io.containerd.image.name": tag}
        short = {"org.opencontainers.image.ref.name": tag.rpartition(":")[2]}
        descriptor["annotations"] = name | short
    return {"schemaVersion": 2, "mediaType": _INDEX, "manifests": [descriptor]}


def _docker_manifest(layer: Layer, identity: str, tag: str) -> list[dict[str, Any]]:
    row = {
        "Config": f"blobs/sha256/{identity}",
        "RepoTags": [tag] if tag else None,
        "Layers": [f"blobs/sha256/{layer.digest}"],
    }
    return [row]
