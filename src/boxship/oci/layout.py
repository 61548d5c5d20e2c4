"""The documents of an image archive: OCI layout (image-layout.md) and Docker's manifest.json.

Serialisation is fixed (no spaces, keys in the order given), because digests are taken of it.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from boxship.base.digests import sha256
from boxship.oci.media_types import OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST

MARKER = b'{"imageLayoutVersion": "1.0.0"}'


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A piece of content by media type, digest and size in bytes (descriptor.md)."""

    media_type: str
    digest: str
    size: int

    def to_json(self) -> dict[str, Any]:
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size}


# A member of Docker's manifest.json that is ours: whose layers an archive leaves out.
SINCE = "Since"


def encode(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "replace"
    )


def blob_path(digest: str) -> str:
    """Where a layout keeps *digest*."""
    return "blobs/" + digest.replace(":", "/", 1)


def manifest(config: bytes, layers: Iterable[Descriptor]) -> bytes:
    """The image manifest (manifest.md) of *config* and *layers*, bottom layer first."""
    return encode(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": Descriptor(OCI_CONFIG, sha256(config), len(config)).to_json(),
            "layers": [layer.to_json() for layer in layers],
        }
    )


def index(entries: Sequence[dict[str, Any]]) -> bytes:
    """An image index (image-index.md) of descriptors that may carry platform and annotations."""
    return encode({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(entries)})


def plain_layer(diff_id: str, size: int) -> Descriptor:
    """An uncompressed layer of *size* bytes: its digest is its diff ID."""
    return Descriptor(OCI_LAYER, diff_id, size)
