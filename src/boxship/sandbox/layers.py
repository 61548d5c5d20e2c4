"""Layers and root file systems as detached mounts: nothing appears in the host's mount table.

A *rootfs spec* is ``{"layers": [...], "upper": dir | None, "work": dir | None, "volatile": bool}``
with the topmost layer first; a layer is ``{"kind": "erofs", "index": file, "data": file}`` or
``{"kind": "dir", "path": dir}``.
"""

import os
from collections import OrderedDict
from typing import Any

from boxship.kernel import mount

Layer = dict[str, str]
Rootfs = dict[str, Any]
_CACHED = 400


class LayerMounts:
    """Detached EROFS mounts by index path, kept open so that containers share one page cache."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, int] = OrderedDict()

    def get(self, layer: Layer) -> int:
        """A descriptor of the layer's root, owned by this object."""
        key = layer.get("index") or layer["path"]
        fd = self._open.get(key)
        if fd is None:
            fd = self._open[key] = open_layer(layer)
            if len(self._open) > _CACHED:
                os.close(self._open.popitem(last=False)[1])
        else:
            self._open.move_to_end(key)
        return fd

    def forget(self, keys: list[str]) -> None:
        for key in keys:
            fd = self._open.pop(key, None)
            if fd is not None:
                os.close(fd)


def open_layer(layer: Layer) -> int:
    """A descriptor of the root directory of *layer*."""
    if layer["kind"] == "dir":
        return os.open(layer["path"], os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    context = mount.fsopen("erofs")
    try:
        mount.fsconfig_string(context, "source", layer["index"])
        mount.fsconfig_string(context, "device", layer["data"])
        mount.fsconfig_create(context)
        return mount.fsmount(context, mount.MOUNT_ATTR_RDONLY)
    finally:
        os.close(context)


def overlay(rootfs: Rootfs, layers: list[int], empty: str) -> int:
    """A detached overlay of the open *layers* under the spec's upper directory.

    The features that move data out of the upper directory are off, or it would not be the diff.
    *empty* is a directory that stands in where overlayfs wants more layers than there are.
    """
    context = mount.fsopen("overlay")
    try:
        mount.fsconfig_string(context, "source", "overlay")
        for key in ("index", "redirect_dir", "metacopy"):
            mount.fsconfig_string(context, key, "off")
        for layer in layers:
            mount.fsconfig_fd(context, "lowerdir+", layer)
        missing = 1 if rootfs.get("upper") else 2
        for _ in range(missing - len(layers)):
            mount.fsconfig_string(context, "lowerdir+", empty)
        if rootfs.get("upper"):
            mount.fsconfig_string(context, "upperdir", rootfs["upper"])
            mount.fsconfig_string(context, "workdir", rootfs["work"])
        if rootfs.get("volatile"):
            mount.fsconfig_flag(context, "volatile")
        mount.fsconfig_create(context)
        return mount.fsmount(context)
    finally:
        os.close(context)
