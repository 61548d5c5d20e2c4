"""Masked and read-only paths (OCI runtime-spec, config-linux, Masked Paths and Readonly Paths)."""

import os
from typing import Any

from boxship.kernel import mount
from boxship.sandbox.root import is_directory
from boxship.sandbox.steps.context import Context
from boxship.sandbox.steps.mounts import new_filesystem


def mask(context: Context, step: dict[str, Any]) -> None:
    """Hide files behind /dev/null and directories behind an empty read-only tmpfs."""
    empty: int | None = None
    for path in step["paths"]:
        try:
            target = context.root.open(path)
        except OSError:
            continue
        if is_directory(target):
            if empty is None:
                empty = new_filesystem("tmpfs", [["size", "0"]], mount.MOUNT_ATTR_RDONLY)
            cover = mount.open_tree(empty, "", mount.OPEN_TREE_CLONE | mount.AT_EMPTY_PATH)
        else:
            cover = mount.open_tree(-100, "/dev/null", mount.OPEN_TREE_CLONE)
        mount.move_mount(cover, target)
        os.close(target)
        os.close(cover)


def protect(context: Context, step: dict[str, Any]) -> None:
    """Mount each path on itself, read-only."""
    flags = mount.OPEN_TREE_CLONE | mount.AT_EMPTY_PATH | mount.AT_RECURSIVE
    for path in step["paths"]:
        try:
            target = context.root.open(path)
        except OSError:
            continue
        copy = mount.open_tree(target, "", flags)
        mount.set_attributes(copy, mount.MOUNT_ATTR_RDONLY, recursive=True)
        mount.move_mount(copy, target)
        os.close(target)
        os.close(copy)
