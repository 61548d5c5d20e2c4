"""A worker: one errand in a process of its own (read an archive, copy files out of a container)."""

import os
import signal
import socket
from typing import Any

from boxship.base import errors
from boxship.kernel import mount, process
from boxship.sandbox import messages
from boxship.sandbox.root import Root, is_directory
from boxship.sandbox.stacks import Stacks
from boxship.sandbox.workers import WORKERS


def _enter(message: dict[str, Any], root: int | None) -> int | None:
    """A private mount namespace, and the root that the errand looks at."""
    process.unshare(process.CLONE_NEWNS)
    mount.mount(None, "/", None, mount.MS_REC | mount.MS_SLAVE)
    if root is not None:
        target = os.open(message["mountpoint"], os.O_PATH | os.O_DIRECTORY)
        mount.move_mount(root, target)
        os.close(target)
        for row in message.get("mounts", ()):
            _bind(Root(root), row)
    pid = message.get("pid")
    if pid is not None:
        return os.open(f"/proc/{pid}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    return root


def _bind(root: Root, row: dict[str, Any]) -> None:
    """A mount of a stopped container, so that the errand sees what the container would see."""
    flags = mount.OPEN_TREE_CLONE | mount.AT_RECURSIVE
    try:
        source = mount.open_tree(-100, row["source"], flags)
    except FileNotFoundError:
        return
    make = root.directory if is_directory(source) else root.file
    target = make(row["target"])
    if row["read_only"]:
        mount.set_attributes(source, mount.MOUNT_ATTR_RDONLY)
    mount.move_mount(source, target)
    os.close(source)
    os.close(target)


def main(message: dict[str, Any], fds: list[int], stacks: Stacks, layers: list[int]) -> None:
    """Run the errand and send its result on the first descriptor; *layers* are open for it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    reply = socket.socket(fileno=fds[0])
    process.set_name("boxship-worker")
    try:
        rootfs = message.get("rootfs")
        root = None if rootfs is None else stacks.mount(rootfs)
        for fd in {*layers}:
            os.close(fd)
        seen = _enter(message, root)
        result = WORKERS[message["kind"]](seen, message["args"], fds[1:])
        messages.send(reply, {"result": result})
    except errors.BoxshipError as error:
        messages.send(reply, {"error": {"kind": _kind(error), "message": str(error)}})
    except OSError as error:
        place = f"{os.fsdecode(error.filename)}: " if error.filename else ""
        text = f"{place}{error.strerror}"
        messages.send(reply, {"error": {"errno": error.errno, "message": text}})
    os._exit(0)


def _kind(error: errors.BoxshipError) -> str:
    """The nearest class that the daemon knows: workers have finer ones of their own."""
    classes = type(error).__mro__
    return next(cls.__name__ for cls in classes if cls.__module__ == errors.__name__)
