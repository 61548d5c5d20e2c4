"""Joining the container's cgroups and showing them in its /sys/fs/cgroup (cgroups(7))."""

import os
from typing import Any

from boxship.kernel import mount
from boxship.sandbox.steps.context import Context
from boxship.sandbox.steps.mounts import new_filesystem

_ATTRIBUTES = mount.MOUNT_ATTR_NOSUID | mount.MOUNT_ATTR_NODEV | mount.MOUNT_ATTR_NOEXEC


def join(context: Context, step: dict[str, Any]) -> None:
    """Write ourselves into each hierarchy through the descriptors that the shim opened."""
    for fd in context.cgroup_files:
        os.write(fd, b"0")
        os.close(fd)
    context.cgroup_files = []


def mount_hierarchies(context: Context, step: dict[str, Any]) -> None:
    """*step*: ``version``, ``read_only``, and for v1 ``hierarchies``: name to opened source."""
    attributes = _ATTRIBUTES | (mount.MOUNT_ATTR_RDONLY if step["read_only"] else 0)
    target = context.root.directory("/sys/fs/cgroup")
    if step["version"] == 2:
        hierarchy = new_filesystem("cgroup2", [], attributes)
        _attach(hierarchy, target)
        os.close(hierarchy)
        return
    base = new_filesystem("tmpfs", [["mode", "755"]], _ATTRIBUTES)
    _attach(base, target)
    for name, source in step["hierarchies"].items():
        os.mkdir(name, 0o755, dir_fd=base)
        mount.move_mount_into(context.sources[source], base, name)
        os.close(context.sources[source])
    mount.set_attributes(base, attributes, recursive=True)
    os.close(base)


def _attach(source: int, target: int) -> None:
    mount.move_mount(source, target)
    os.close(target)
