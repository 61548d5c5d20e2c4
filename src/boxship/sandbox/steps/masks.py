"""Masked and read-only paths (OCI runtime-spec, config-linux, Masked Paths and Readonly Paths)."""

import os
from typing import Any

from boxship.kernel import mount
from boxship.sandbox.failure import StageError
from boxship.sandbox.launch import is_null
from boxship.sandbox.root import is_directory
from boxship.sandbox.steps.context import Context
from boxship.sandbox.steps.mounts import new_filesystem


def mask(context: Context, step: dict[str, Any]) -> None:
    """Hide files behind a null device and directories behind an empty read-only tmpfs.

    The device is the container's own: on the host's, root in the container could change the mode
    and the owner. It is looked at first, since the image may have put something else in its place.
    """
    empty: int | None = None
    for path in step["paths"]:
        target = context.root.find(path)
        if target is None:
            continue
        if not is_directory(target):
            cover = _null_device(context)
        elif empty is None:
            cover = empty = new_filesystem("tmpfs", [["size", "0"]], mount.MOUNT_ATTR_RDONLY)
        else:
            # By now it is attached: kernels before 6.15 copy no other mounts.
            cover = mount.clone(empty)
        mount.move_mount(cover, target)
        os.close(target)
        if cover != empty:
            os.close(cover)
    if empty is not None:
        os.close(empty)


def _null_device(context: Context) -> int:
    """A detached mount of the container's /dev/null."""
    null = context.root.open("/dev/null")
    try:
        if not is_null(null):
            raise StageError("/dev/null of the container is not the null device")
        return mount.clone(null)
    finally:
        os.close(null)


def protect(context: Context, step: dict[str, Any]) -> None:
    """Mount each path on itself, read-only."""
    for path in step["paths"]:
        target = context.root.find(path)
        if target is None:
            continue
        copy = mount.clone(target, recursive=True)
        mount.set_attributes(copy, mount.MOUNT_ATTR_RDONLY, recursive=True)
        mount.move_mount(copy, target)
        os.close(target)
        os.close(copy)
