"""Making the container's root the root (pivot_root(2))."""

import os
from typing import Any

from boxship.kernel import mount
from boxship.sandbox.root import Root
from boxship.sandbox.steps.context import Context


def pivot(context: Context, step: dict[str, Any]) -> None:
    """The old root is stacked on the new one and detached at once: no directory is needed."""
    os.fchdir(context.root_mount)
    mount.pivot_root(".", ".")
    mount.unmount(".", mount.MNT_DETACH)
    os.chdir("/")
    context.root = Root(os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC))


def make_read_only(context: Context, step: dict[str, Any]) -> None:
    mount.set_attributes(context.root_mount, mount.MOUNT_ATTR_RDONLY)
