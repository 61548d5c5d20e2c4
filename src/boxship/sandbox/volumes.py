"""Volumes that are more than a directory: file systems of their own, and paths within volumes.

Nothing of them is mounted in the host's namespace. The first container that uses a file system
mounts it; others take a copy of that mount from it while it runs, so that all see the same files
even where each mount would be a new file system, as with tmpfs.
"""

import errno
import os
import re
import socket
from typing import Any

from boxship.kernel import mount, process
from boxship.kernel.openat2 import BENEATH, NO_MAGICLINKS, openat2
from boxship.sandbox.failure import StageError
from boxship.sandbox.steps.mounts import new_filesystem
from boxship.sandbox.steps.namespaces import join

_INSIDE = BENEATH | NO_MAGICLINKS
#: What a lookup fails with where the process or the mount is gone, or was replaced by a link.
_GONE = (errno.ESRCH, errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EXDEV)
_NONE = b"-"
#: How mountinfo shows what would divide its fields.
_ESCAPES = {ord(each): f"\\{ord(each):03o}" for each in " \t\n\\#"}
_ACCESS = (
    mount.MOUNT_ATTR_RDONLY
    | mount.MOUNT_ATTR_NOSUID
    | mount.MOUNT_ATTR_NODEV
    | mount.MOUNT_ATTR_NOEXEC
)


def open_filesystem(row: dict[str, Any]) -> int:
    """A detached mount of a volume's file system; the caller closes it. :class:`StageError`.

    *row*: ``type``, ``device``, ``options`` (pairs for fsconfig), ``attributes``, ``users`` (a
    process's directory in /proc and a path in its root, of containers that may have it mounted),
    ``failure`` (how messages begin).
    To be called in the host's namespaces: a network file system is reached by the host's network.
    """
    for process_directory, path in row["users"]:
        shared = _copy_from(process_directory, path, row)
        if shared is not None:
            attributes = row["attributes"] & _ACCESS
            mount.set_attributes(shared, attributes, _ACCESS & ~attributes)
            return shared
    try:
        return new_filesystem(row["type"], row["options"], row["attributes"], row["device"])
    except OSError as error:
        reason = str(error.strerror).lower()
        raise StageError(f"{row['failure']}: {reason}", errno=error.errno or 0) from None


def _copy_from(process_directory: str, path: str, row: dict[str, Any]) -> int | None:
    """Return a copy of the mount at *path* in the namespace of a process, None if it is gone.

    Any other failure is a :class:`StageError`: a new file system would not be the shared one.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    child = os.fork()
    if child == 0:
        try:
            own = os.open("/proc/self", os.O_PATH | os.O_DIRECTORY)
            join(f"{process_directory}/ns/mnt", process.CLONE_NEWNS)
            _send_mount(theirs, path, own, row)
        except OSError as error:
            theirs.send(_NONE if error.errno in _GONE else os.strerror(error.errno or 0).encode())
        finally:
            os._exit(0)
    theirs.close()
    answer, fds, _, _ = socket.recv_fds(ours, 256, 1)
    ours.close()
    os.waitpid(child, 0)
    if fds:
        return fds[0]
    if answer == _NONE:
        return None
    reason = answer.decode().lower() or "the lookup in another container was interrupted"
    raise StageError(f"{row['failure']}: {reason}")


def _send_mount(channel: socket.socket, path: str, own: int, row: dict[str, Any]) -> None:
    """In the container's namespace, whose root is ours by now. *own*: our directory in the host's
    procfs."""
    root = os.open("/", os.O_PATH | os.O_DIRECTORY)
    there = openat2(root, path.lstrip("/"), os.O_PATH, 0, _INSIDE)
    # The container may have unmounted it: then the directory is its own.
    if os.fstat(there).st_dev != os.fstat(root).st_dev and _is_of(own, there, row):
        socket.send_fds(channel, [b"m"], [mount.clone(there)])
    else:
        channel.send(_NONE)


def _is_of(own: int, there: int, row: dict[str, Any]) -> bool:
    """Whether the mount is the volume's: the container may have renamed the directories above it
    and put a link in their place that leads to procfs, which is masked where it is, and no copy
    would be (proc_pid_fdinfo(5), proc_pid_mountinfo(5))."""
    identity = re.search(r"^mnt_id:\s+(\d+)$", _text(own, f"fdinfo/{there}"), re.MULTILINE)
    for line in _text(own, "mountinfo").splitlines() if identity else ():
        mounted, _, behind = line.partition(" - ")
        if identity is not None and mounted.split(" ", 1)[0] == identity[1]:
            fstype, source = behind.split(" ")[:2]
            wanted = row["device"] or row["type"]
            # One of NFS may have become one of its fourth version.
            same = fstype in (row["type"], f"{row['type']}4")
            return same and source == wanted.translate(_ESCAPES)
    return False


def _text(directory: int, name: str) -> str:
    with open(os.open(name, os.O_RDONLY, dir_fd=directory), errors="surrogateescape") as file:
        return file.read()


def within(whole: int, row: dict[str, Any], place: str) -> int:
    """A detached mount of ``row["subpath"]`` within the detached mount *whole*, which is closed.

    *place* is a directory of a mount namespace of our own: kernels before 6.15 copy only what is
    attached. A link that leads out of the volume is an error. :class:`StageError` names the host's
    path, ``row["base"]``, as Docker does.
    """
    subpath, base = row["subpath"], row["base"]
    target = os.open(place, os.O_PATH | os.O_DIRECTORY)
    mount.move_mount(whole, target)
    os.close(target)
    try:
        inner = openat2(whole, subpath, os.O_PATH, 0, _INSIDE)
        copy = mount.clone(inner, recursive=True)
        os.close(inner)
        return copy
    except OSError as error:
        if error.errno in (errno.EXDEV, errno.ELOOP):
            raise StageError(
                f"path concatenation escapes the base directory, base: {base}, subpath: {subpath}"
            ) from None
        path = os.path.join(base, os.path.normpath(subpath))
        reason = str(error.strerror).lower()
        raise StageError(f"cannot access path {path}: lstat {path}: {reason}") from None
    finally:
        mount.unmount(f"/proc/self/fd/{whole}", mount.MNT_DETACH)
        os.close(whole)
