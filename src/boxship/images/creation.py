"""New image configurations, as ``import`` and ``commit`` make them (OCI image-spec, config.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from boxship import __version__
from boxship.base.times import rfc3339
from boxship.images.platform import Platform
from boxship.images.record import ImageRecord
from boxship.oci.layout import encode

# What Docker writes for a container that nothing was said about; tools expect the keys.
EMPTY_CONFIG: Mapping[str, Any] = {
    "Hostname": "",
    "Domainname": "",
    "User": "",
    "AttachStdin": False,
    "AttachStdout": False,
    "AttachStderr": False,
    "Tty": False,
    "OpenStdin": False,
    "StdinOnce": False,
    "Env": None,
    "Cmd": None,
    "Image": "",
    "Volumes": None,
    "WorkingDir": "",
    "Entrypoint": None,
    "OnBuild": None,
    "Labels": None,
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an image comes from; ``created`` in nanoseconds since 1970."""

    created: int
    comment: str = ""
    author: str = ""
    created_by: str = ""
    container: str = ""


def encode_image(
    config: Mapping[str, Any],
    platform: Platform,
    origin: Origin,
    parent: ImageRecord | None,
    diff_id: str | None,
    *,
    steps: Sequence[Origin] | None = None,
    docker_version: str = __version__,
) -> bytes:
    """The configuration of an image that adds *diff_id*, if any, to *parent*, if any. *steps*, the
    last of which made the layer, are what the history gets where that is not just *origin*.
    *docker_version* is empty where none is to be told."""
    base: Mapping[str, Any] = parent.document if parent else {}
    document: dict[str, Any] = {"architecture": platform.architecture}
    if platform.variant:
        document["variant"] = platform.variant
    for key in ("author", "comment"):
        if getattr(origin, key):
            document[key] = getattr(origin, key)
    document["config"] = dict(config)
    if origin.container:
        document["container"] = origin.container
    document["created"] = rfc3339(origin.created)
    if docker_version:
        document["docker_version"] = docker_version
    before = base.get("history")
    *between, last = (origin,) if steps is None else steps or (None,)
    document["history"] = [
        *(before if isinstance(before, list) else []),
        *(_step(one, empty=True) for one in between),
        *([_step(last, empty=diff_id is None)] if last else []),
    ]
    document["os"] = platform.os
    for key in ("os.version", "os.features"):
        if base.get(key):
            document[key] = base[key]
    below = parent.layers() if parent else []
    document["rootfs"] = {"type": "layers", "diff_ids": below + ([diff_id] if diff_id else [])}
    return encode(document)


def _step(origin: Origin, empty: bool) -> dict[str, Any]:
    step: dict[str, Any] = {"created": rfc3339(origin.created)}
    for key in ("created_by", "author", "comment"):
        if getattr(origin, key):
            step[key] = getattr(origin, key)
    return step | ({"empty_layer": True} if empty else {})
