"""Image archives made to order, good ones and bad ones."""

import bz2
import gzip
import hashlib
import io
import json
import lzma
import sys
import tarfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

COMPRESS: Mapping[str, Callable[[bytes], bytes]] = {
    "none": lambda data: data,
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "zstd": zstd.compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
}
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def encode(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def tar(members: Iterable[tuple[str | tarfile.TarInfo, bytes]]) -> bytes:
    """An archive of files, or of whatever a TarInfo says."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def layer(**files: str) -> bytes:
    """A layer of small files; underscores in names become slashes."""
    return tar((name.replace("_", "/"), text.encode()) for name, text in files.items())


@dataclass
class Image:
    """An image to be put into an archive. ``layers`` are uncompressed, bottom first."""

    layers: list[bytes]
    names: list[str] = field(default_factory=list)
    architecture: str = "amd64"
    config: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def raw(self) -> bytes:
        diff_ids = [f"sha256:{sha(one)}" for one in self.layers]
        document = {
            "architecture": self.architecture,
            "config": self.config,
            "created": "2024-01-02T03:04:05.678Z",
            "history": [{"created_by": f"step {at}"} for at in range(len(self.layers))],
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
        }
        return encode(document | self.extra)

    @property
    def id(self) -> str:
        return f"sha256:{sha(self.raw)}"


def docker_archive(*images: Image, compression: str = "none", order: int = 1) -> bytes:
    """Docker's layout before OCI: manifest.json, configurations and layers by name."""
    members: dict[str, bytes] = {}
    manifest = []
    for image in images:
        paths = []
        for one in image.layers:
            path = f"{sha(one + b'v1')}/layer.tar"
            members[path] = COMPRESS[compression](one)
            paths.append(path)
        config = f"{sha(image.raw)}.json"
        members[config] = image.raw
        manifest.append({"Config": config, "RepoTags": image.names or None, "Layers": paths})
    members["manifest.json"] = encode(manifest)
    return tar(list(members.items())[::order])


def oci_layout(
    *images: Image, compression: str = "none", nested: bool = False, drop: Iterable[str] = ()
) -> bytes:
    """An OCI image layout; *nested* puts all images below one index named like the first.

    *drop* leaves blobs out, by hex digest.
    """
    blobs: dict[str, bytes] = {}

    def blob(media: str, data: bytes) -> dict[str, Any]:
        blobs[sha(data)] = data
        return {"mediaType": media, "digest": f"sha256:{sha(data)}", "size": len(data)}

    entries = []
    for image in images:
        layers = [blob("layer", COMPRESS[compression](one)) for one in image.layers]
        config = blob("config", image.raw)
        document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}
        entry = blob(MANIFEST, encode(document))
        entry["platform"] = {"os": "linux", "architecture": image.architecture}
        names = [] if nested else image.names
        entries += [entry | _named(name) for name in names] or [entry]
    if nested:
        index = blob(INDEX, encode({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}))
        entries = [index | _named(name) for name in images[0].names]
    members = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}
    members["index.json"] = encode({"schemaVersion": 2, "manifests": entries})
    members |= {f"blobs/sha256/{name}": data for name, data in blobs.items() if name not in drop}
    return tar(members.items())


def _named(name: str) -> dict[str, Any]:
    return {"annotations": {"io.containerd.image.name": name}}
