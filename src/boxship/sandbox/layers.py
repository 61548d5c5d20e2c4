"""Layers as detached mounts, and overlays over them by descriptor.

A *rootfs spec* is ``{"layers": [...], "upper": dir | None, "work": dir | None, "volatile": bool}``
with the topmost layer first; a layer is ``{"kind": "erofs", "index": file, "data": file}`` or
``{"kind": "dir", "path": dir}``; the first may be ``{"kind": "skeleton", "path": dir}``, see
:mod:`boxship.sandbox.skeleton`. With ``"read_only": True`` the upper directory is no more than the
topmost layer: so it can be looked at while another overlay writes to it.
"""

import errno
import os
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from boxship.kernel import loop, mount

Layer = dict[str, str]
Rootfs = dict[str, Any]
_CACHED = 400
# The features that move data out of the upper directory are off, or it would not be the diff.
OFF = ("index", "redirect_dir", "metacopy")


class LayerCache:
    """Mounted layers by index path, kept so that containers share one page cache.

    A handle is whatever *mount_layer* returns; *drop* ends it.
    """

    def __init__(self, mount_layer: Callable[[Layer], int], drop: Callable[[int], None]) -> None:
        self._mount = mount_layer
        self._drop = drop
        self._known: OrderedDict[str, int] = OrderedDict()

    def get(self, layer: Layer) -> int:
        """The layer's handle, owned by this object."""
        key = key_of(layer)
        handle = self._known.get(key)
        if handle is None:
            handle = self._known[key] = self._mount(layer)
            if len(self._known) > _CACHED:
                self._drop(self._known.popitem(last=False)[1])
        else:
            self._known.move_to_end(key)
        return handle

    def load(self, layers: list[Layer]) -> list[int]:
        """The handles of the :func:`distinct` *layers*, mounted now where they were not."""
        return [self.get(layer) for layer in distinct(layers)]

    def forget(self, keys: list[str]) -> None:
        for key in keys:
            handle = self._known.pop(key, None)
            if handle is not None:
                self._drop(handle)

    def handles(self) -> list[int]:
        return [*self._known.values()]


def key_of(layer: Layer) -> str:
    """Return the name that the cache has for *layer*: its index, or its directory."""
    return layer.get("index") or layer["path"]


def distinct(layers: list[Layer]) -> list[Layer]:
    """Drop the layers that occur again further up, since overlayfs takes no directory twice.

    *layers* are ordered topmost first. The topmost of equal layers hides all that the lower ones
    give and repeats what they delete.
    """
    found: dict[str, Layer] = {}
    for layer in layers:
        found.setdefault(key_of(layer), layer)
    return [*found.values()]


def lone_directory(rootfs: dict[str, Any]) -> str | None:
    """The directory that is all of *rootfs*."""
    layers = rootfs["layers"]
    if len(layers) != 1 or layers[0]["kind"] != "dir" or rootfs.get("upper"):
        return None
    return str(layers[0]["path"])


def open_layer(layer: Layer) -> int:
    """A descriptor of the root directory of *layer*."""
    if layer["kind"] == "dir":
        return os.open(layer["path"], os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return _mount_erofs(layer["index"], layer["data"])
    except OSError as error:
        if error.errno != errno.ENOTBLK:  # no EROFS on plain files (before Linux 6.12)
            raise
        return open_by_loop(layer)


def open_by_loop(layer: Layer) -> int:
    """An EROFS layer mounted through loop devices, which live as long as the mount."""
    index, index_fd = loop.attach(layer["index"])
    try:
        data, data_fd = loop.attach(layer["data"])
        try:
            return _mount_erofs(index, data)
        finally:
            os.close(data_fd)
    finally:
        os.close(index_fd)


def _mount_erofs(index: str, data: str) -> int:
    context = mount.fsopen("erofs")
    try:
        mount.fsconfig_string(context, "source", index)
        mount.fsconfig_string(context, "device", data)
        mount.fsconfig_flag(context, "ro")
        mount.fsconfig_create(context)
        return mount.fsmount(context, mount.MOUNT_ATTR_RDONLY)
    finally:
        os.close(context)


def mapped(directory: int, path: str, userns: int) -> int:
    """A detached copy of a mount, whose owners are shown as the user namespace maps them.

    *directory* and *path* as for :func:`mount.clone`. What root inside makes, root owns below.
    """
    copy = mount.clone(directory, path)
    try:
        mount.set_attributes(copy, mount.MOUNT_ATTR_IDMAP, userns=userns)
    except BaseException:
        os.close(copy)
        raise
    return copy


def mapped_overlay(rootfs: Rootfs, layers: list[int], userns: int) -> int:
    """As :func:`overlay`, for root of the user namespace *userns*; no file changes its owner."""
    copies = [mapped(layer, "", userns) for layer in layers]
    try:
        if not rootfs.get("upper"):
            return overlay(rootfs, copies)
        copies.append(mapped(-100, os.path.dirname(rootfs["upper"]), userns))
        return overlay(rootfs, copies[:-1], copies[-1])
    finally:
        for fd in copies:
            os.close(fd)


def lacking(rootfs: Rootfs) -> int:
    """How many empty layers it takes to satisfy overlayfs, which wants two directories at least."""
    wanted = 1 if rootfs.get("upper") else 2
    return max(0, wanted - len(distinct(rootfs["layers"])))


def overlay(rootfs: Rootfs, layers: list[int], upper: int = -1) -> int:
    """A detached overlay of the open *layers* under the spec's upper directory.

    *upper*: the directory that holds the upper and work directories, if not by their own paths.
    """
    context = mount.fsopen("overlay")
    try:
        mount.fsconfig_string(context, "source", "overlay")
        for key in OFF:
            mount.fsconfig_string(context, key, "off")
        only_read = rootfs.get("read_only", False)
        if only_read:
            _set_directory(context, "lowerdir+", rootfs["upper"], upper)
        for layer in layers:
            mount.fsconfig_fd(context, "lowerdir+", layer)
        if rootfs.get("upper") and not only_read:
            _set_directory(context, "upperdir", rootfs["upper"], upper)
            _set_directory(context, "workdir", rootfs["work"], upper)
        if rootfs.get("volatile"):
            mount.fsconfig_flag(context, "volatile")
        mount.fsconfig_create(context)
        return mount.fsmount(context)
    finally:
        os.close(context)


def _set_directory(context: int, key: str, path: str, parent: int) -> None:
    """By descriptor: a string is limited to 255 bytes."""
    flags = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
    if parent < 0:
        fd = os.open(path, flags)
    else:
        fd = os.open(os.path.basename(path), flags, dir_fd=parent)
    try:
        mount.fsconfig_fd(context, key, fd)
    finally:
        os.close(fd)
