"""A worker: one errand in a process of its own (read an archive, copy files out of a container)."""

import contextlib
import errno
import fcntl
import os
import select
import signal
import socket
from typing import Any

from boxship.base import errors
from boxship.kernel import mount, process
from boxship.sandbox import messages, userns, worker_mounts
from boxship.sandbox.layers import lone_directory
from boxship.sandbox.setup import mapped_roots
from boxship.sandbox.stacks import Stacks
from boxship.sandbox.workers import WORKERS


def _open_root(message: dict[str, Any], stacks: Stacks) -> tuple[int | None, list[int], int]:
    """Detached mounts of the root, of images in it and of sources that stay outside, and the user
    namespace to work in or -1."""
    rootfs, user = message.get("rootfs"), message.get("user_namespace")
    root, fd = None, -1
    if rootfs is not None and user:
        (root,), fd = mapped_roots(stacks, [rootfs], user)
    elif rootfs is not None:
        root = stacks.mount(rootfs)
    images = [stacks.mount(each, fd) for each in message.get("images", ())]
    images += [_source(stacks, each) for each in message.get("sources", ())]
    for layer in stacks.descriptors():
        os.close(layer)
    return root, images, fd


def _source(stacks: Stacks, rootfs: dict[str, Any]) -> int:
    """A detached mount of *rootfs*, which is only read. A directory alone is no overlay: that would
    cost time with every file and number inodes' devices anew. One of another mount namespace cannot
    be mounted in ours (open_tree(2)), and is read where it is."""
    directory = lone_directory(rootfs)
    if directory is None:
        return stacks.mount(rootfs)
    try:
        return mount.clone(-100, directory)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)


def _enter(message: dict[str, Any], root: int | None, images: list[int], user: int) -> int | None:
    """A private mount namespace, and the root that the errand looks at.

    Whose files are whose it sees as the container does: in the user namespace of that.
    """
    process.unshare(process.CLONE_NEWNS)
    mount.mount(None, "/", None, mount.MS_REC | mount.MS_SLAVE)
    if root is not None:
        place = message["mountpoint"]
        rows = worker_mounts.open_all(message.get("mounts", []), images, place)
        target = os.open(place, os.O_PATH | os.O_DIRECTORY)
        mount.move_mount(root, target)
        os.close(target)
        owner = message.get("user_namespace")
        with userns.making_files_for(owner) if owner else contextlib.nullcontext():
            for row, source in rows:
                worker_mounts.attach(root, row, source)
    if user >= 0 and not _is_ours(user):
        userns.enter(user)
        os.close(user)
    return root


def _is_ours(user: int) -> bool:
    """Whether the user namespace is the one that we are in, which cannot be entered again."""
    return os.path.samestat(os.fstat(user), os.stat("/proc/self/ns/user"))


def _inside(message: dict[str, Any], fds: list[int]) -> dict[str, int]:
    """Take the descriptors of a running container, by name, from the end of *fds*."""
    names = message.get("inside") or ()
    found = dict(zip(reversed(names), reversed(fds), strict=False))
    del fds[len(fds) - len(names) :]
    return found


def main(message: dict[str, Any], fds: list[int], stacks: Stacks) -> None:
    """Run the errand and send its result on the first descriptor."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # The spawner ends with the daemon, and the next one clears up what was being written.
    process.set_parent_death_signal(signal.SIGKILL)
    reply = socket.socket(fileno=fds[0])
    process.set_name("boxship-worker")
    _end_with(reply)
    try:
        inside = _inside(message, fds)
        root, mounts, user = _open_root(message, stacks)
        count = len(message.get("images", ()))
        seen = _enter(message, root, mounts[:count], inside.get("user", user))
        seen = inside.get("root", seen)
        result = WORKERS[message["kind"]](seen, message["args"], [*fds[1:], *mounts[count:]])
        _answering(reply)
        messages.send(reply, {"result": result})
    except errors.BoxshipError as error:
        messages.send(reply, {"error": {"kind": _kind(error), "message": str(error)}})
    except OSError as error:
        place = f"{os.fsdecode(error.filename)}: " if error.filename else ""
        text = f"{place}{error.strerror}"
        messages.send(reply, {"error": {"errno": error.errno, "message": text}})
    os._exit(0)


def _end_with(reply: socket.socket) -> None:
    """Have SIGIO end us when the other end closes: nobody waits any more, and what somebody's
    files make us do could take for ever. No code of ours has to run for that."""
    fcntl.fcntl(reply, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(reply, fcntl.F_SETFL, fcntl.fcntl(reply, fcntl.F_GETFL) | os.O_ASYNC)
    poll = select.poll()
    poll.register(reply, 0)
    if poll.poll(0):
        os._exit(0)


def _answering(reply: socket.socket) -> None:
    """An answer that waits for room raises the same signal."""
    fcntl.fcntl(reply, fcntl.F_SETFL, fcntl.fcntl(reply, fcntl.F_GETFL) & ~os.O_ASYNC)


def _kind(error: errors.BoxshipError) -> str:
    """The nearest class that the daemon knows: workers have finer ones of their own."""
    classes = type(error).__mro__
    return next(cls.__name__ for cls in classes if cls.__module__ == errors.__name__)
