"""User namespaces (user_namespaces(7)): making, entering, and acting for one from outside.

*Mappings* are ``{"uid": rows, "gid": rows}`` with rows of ``[inside, outside, length]``.
"""

import contextlib
import errno
import os
from collections.abc import Iterator
from typing import Any

from boxship.kernel import caps, process

Mappings = dict[str, Any]


def open_or_make(spec: dict[str, Any]) -> int:
    """The namespace at ``spec["path"]``, or a new one with the mappings; the caller closes it."""
    if spec.get("path"):
        return os.open(spec["path"], os.O_RDONLY | os.O_CLOEXEC)
    return make(spec)


def make(mappings: Mappings) -> int:
    """A new namespace without processes; the caller, who has root's rights, closes it.

    Only who has the rights outside may write the mappings, so a helper is the first one in it.
    """
    ours, theirs = process.packet_pair()
    helper = os.fork()
    if helper == 0:
        _be_first(ours, theirs)
    os.close(theirs)
    try:
        answer = os.read(ours, 16)
        if answer != b"0":
            number = int(answer or errno.EPERM)
            raise OSError(number, os.strerror(number), "user namespace")
        for kind in ("uid", "gid"):
            _write_map(f"/proc/{helper}/{kind}_map", mappings[kind])
        return os.open(f"/proc/{helper}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(ours)
        os.waitpid(helper, 0)


def _be_first(ours: int, theirs: int) -> None:
    try:
        os.close(ours)
        process.unshare(process.CLONE_NEWUSER)
        os.write(theirs, b"0")
        os.read(theirs, 1)
    except OSError as error:
        os.write(theirs, str(error.errno).encode())
    finally:
        os._exit(0)


def _write_map(path: str, rows: list[list[int]]) -> None:
    """One write(2): the kernel takes a map once."""
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, "".join("{} {} {}\n".format(*row) for row in rows).encode())
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.path.basename(path)) from None
    finally:
        os.close(fd)


def enter(fd: int) -> None:
    """Be root of the namespace; all rights outside are gone then."""
    process.setns(fd, process.CLONE_NEWUSER)
    become_root()


def become_root() -> None:
    """After a namespace was joined: until now we are somebody whom it has no number for."""
    os.setgroups([])
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    # Changing credentials makes a process dumpable as /proc/sys/fs/suid_dumpable says.
    process.set_dumpable(False)


def outside(rows: list[list[int]], number: int) -> int | None:
    """Who *number* is outside; None for one that is not mapped."""
    for inside, start, length in rows:
        if inside <= number < inside + length:
            return start + number - inside
    return None


def root_of(mappings: Mappings) -> tuple[int, int]:
    """User and group outside of root inside; :class:`OSError` (EINVAL) where it is not mapped."""
    user, group = outside(mappings["uid"], 0), outside(mappings["gid"], 0)
    if user is None or group is None:
        raise OSError(errno.EINVAL, "0 is not mapped in the user namespace")
    return user, group


@contextlib.contextmanager
def making_files_for(mappings: Mappings) -> Iterator[None]:
    """What we make meanwhile belongs to the namespace's root; we keep all rights (setfsuid(2))."""
    uid, gid = root_of(mappings)
    held = caps.get()
    process.set_file_owner(uid, gid)
    caps.put(*held)
    try:
        yield
    finally:
        process.set_file_owner(0, 0)
        caps.put(*held)
