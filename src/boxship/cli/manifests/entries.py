"""What Docker keeps and shows of one manifest, and the list that several of them make."""

from __future__ import annotations

import base64
import json

from boxship.cli.errors import Failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
_PLATFORM = ("architecture", "os", "os.version", "os.features", "variant")

# What a list may name, by operating system.
SERVED = {
    "darwin": ("386", "amd64", "arm", "arm64"),
    "dragonfly": ("amd64",),
    "freebsd": ("386", "amd64", "arm"),
    "linux": (
        *("386", "amd64", "arm", "arm64", "mips64", "mips64le", "ppc64le", "riscv64", "s390x"),
    ),
    "netbsd": ("386", "amd64", "arm"),
    "openbsd": ("386", "amd64", "arm"),
    "plan9": ("386", "amd64"),
    "solaris": ("amd64",),
    "windows": ("386", "amd64"),
}


def make(
    ref: str, media_type: str, digest: str, raw: bytes, platform: dict[str, Any]
) -> dict[str, Any]:
    """The entry of the manifest *raw*, which is called *ref*."""
    entry = {
        "Ref": ref,
        "Descriptor": {"mediaType": media_type, "digest": digest, "size": len(raw)},
        "Raw": base64.b64encode(raw).decode(),
        "OCIManifest" if media_type == OCI else "SchemaV2Manifest": json.loads(raw),
    }
    if platform:
        entry["Descriptor"]["platform"] = _ordered(platform)
    return entry


def document(entry: dict[str, Any]) -> Any:
    """The manifest itself."""
    return entry.get("OCIManifest") or entry.get("SchemaV2Manifest")


def raw(entry: dict[str, Any]) -> bytes:
    """The manifest byte for byte."""
    try:
        return base64.b64decode(entry["Raw"])
    except (KeyError, TypeError, ValueError):
        raise Failed(f"cannot read the manifest of {entry.get('Ref')}: it has no content") from None


def annotate(entry: dict[str, Any], changes: dict[str, Any]) -> None:
    """Change the platform; :class:`Failed` where a list may not name what comes out."""
    platform = dict(entry["Descriptor"].get("platform") or {})
    platform |= {key: value for key, value in changes.items() if value}
    os, architecture = platform.get("os", ""), platform.get("architecture", "")
    if architecture not in SERVED.get(os, ()):
        raise Failed(
            f"manifest entry for image has unsupported os/arch combination: {os}/{architecture}"
        )
    entry["Descriptor"]["platform"] = _ordered(platform)


def make_list(entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Docker's list where all are Docker's, else OCI's index."""
    rows = [_row(entry["Descriptor"]) for entry in entries]
    is_docker = all(row["mediaType"] == DOCKER for row in rows)
    kind = DOCKER_LIST if is_docker else OCI_INDEX
    return {"schemaVersion": 2, "mediaType": kind, "manifests": rows}


def _row(descriptor: dict[str, Any]) -> dict[str, Any]:
    row = {key: descriptor.get(key) for key in ("mediaType", "size", "digest")}
    return {**row, "platform": _ordered(descriptor.get("platform") or {})}


def _ordered(platform: dict[str, Any]) -> dict[str, Any]:
    """In the order in which Docker writes it; its first two members are never left out."""
    row = {key: platform.get(key, "") for key in _PLATFORM[:2]}
    return row | {key: platform[key] for key in _PLATFORM[2:] if platform.get(key)}
