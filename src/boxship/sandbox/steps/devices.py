"""Device nodes and links of a container's /dev."""

import contextlib
import os
import stat
from typing import Any

from boxship.sandbox import userns
from boxship.sandbox.root import Root
from boxship.sandbox.steps.context import Context
from boxship.sandbox.steps.mounts import new_filesystem

LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}
_DEV = "/dev/"
_TYPES = {"c": stat.S_IFCHR, "u": stat.S_IFCHR, "b": stat.S_IFBLK, "p": stat.S_IFIFO}


def make(context: Context, step: dict[str, Any]) -> None:
    """*step*: ``devices``, as linux.devices of the OCI runtime-spec (section Devices)."""
    dev = context.root.directory("/dev")
    mask = os.umask(0)
    for device in step["devices"]:
        directory, name = os.path.split(device["path"])
        if directory == "/dev":
            _make_in(dev, name, device)
        else:
            _make_node(context.root, device)
    os.umask(mask)
    for name, target in LINKS.items():
        with contextlib.suppress(FileExistsError):
            os.symlink(target, name, dir_fd=dev)
    if os.path.exists("/proc/kcore"):
        with contextlib.suppress(FileExistsError):
            os.symlink("/proc/kcore", "core", dir_fd=dev)
    os.close(dev)


def prepare(context: Context, step: dict[str, Any]) -> None:
    """Make the nodes for who is not allowed to, before a user namespace is entered.

    *step*: ``devices`` with owners as the host has them, ``mappings``, and for a /dev of the
    container's own ``options`` of its tmpfs, ``attributes``, and ``source``, under which it then
    is found. On a tmpfs that is made inside the namespace no node could be opened.
    """
    with userns.making_files_for(step["mappings"]):
        dev = _own_dev(context, step) if "source" in step else None
        for device in step["devices"]:
            path = device["path"]
            if dev is not None and path.startswith(_DEV):
                _make_node(dev, device | {"path": path.removeprefix("/dev")})
            else:
                _make_node(context.root, device)


def _own_dev(context: Context, step: dict[str, Any]) -> Root:
    made = new_filesystem("tmpfs", step["options"], step["attributes"])
    context.sources[step["source"]] = made
    return Root(made)


def _make_node(root: Root, device: dict[str, Any]) -> None:
    directory, name = os.path.split(device["path"])
    parent = root.directory(directory)
    try:
        _make_in(parent, name, device)
    finally:
        os.close(parent)


def _make_in(parent: int, name: str, device: dict[str, Any]) -> None:
    """In the open directory *parent*, in the place of what is there."""
    mode = device.get("fileMode")
    permissions = 0o666 if mode is None else mode & 0o7777
    kind = _TYPES[device["type"]] | permissions
    number = os.makedev(device.get("major", 0), device.get("minor", 0))
    try:
        os.mknod(name, kind, number, dir_fd=parent)
    except FileExistsError:
        os.unlink(name, dir_fd=parent)
        os.mknod(name, kind, number, dir_fd=parent)
    fd = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=parent)
    made, wanted = os.fstat(fd), (device.get("uid", 0) or 0, device.get("gid", 0) or 0)
    if (made.st_uid, made.st_gid, stat.S_IMODE(made.st_mode)) != (*wanted, permissions):
        os.chown(f"/proc/self/fd/{fd}", *wanted)
        os.chmod(f"/proc/self/fd/{fd}", permissions)
    os.close(fd)
