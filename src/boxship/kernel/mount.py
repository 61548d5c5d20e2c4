"""Mounts: mount(2), umount2(2) and the descriptor-based calls (fsopen(2), open_tree(2), ...)."""

import ctypes
import os

from boxship.kernel import libc

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_SYNCHRONOUS = 1, 2, 4, 8, 16
MS_REMOUNT, MS_NOATIME, MS_NODIRATIME, MS_BIND, MS_MOVE, MS_REC = 32, 1024, 2048, 4096, 8192, 16384
MS_UNBINDABLE, MS_PRIVATE, MS_SLAVE, MS_SHARED = 1 << 17, 1 << 18, 1 << 19, 1 << 20
MS_RELATIME, MS_STRICTATIME = 1 << 21, 1 << 24
MNT_DETACH = 2

AT_EMPTY_PATH, AT_RECURSIVE = 0x1000, 0x8000
OPEN_TREE_CLONE, OPEN_TREE_CLOEXEC = 1, 0o2000000
MOVE_MOUNT_F_EMPTY_PATH, MOVE_MOUNT_T_EMPTY_PATH = 0x04, 0x40
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC = 1, 2, 4, 8
MOUNT_ATTR_IDMAP = 0x100000
_SET_FLAG, _SET_STRING, _SET_FD, _CMD_CREATE = 0, 1, 5, 6
_CLOEXEC = 1


class _MountAttr(ctypes.Structure):
    _fields_ = [
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    ]


def _bytes(text: str | bytes | None) -> bytes | None:
    return os.fsencode(text) if text is not None else None


def mount(
    source: str | None, target: str, fstype: str | None, flags: int = 0, data: str = ""
) -> None:
    """mount(2). *target* is resolved by the kernel: give ``/proc/self/fd/N`` for a checked one."""
    arguments = (_bytes(source), _bytes(target), _bytes(fstype), ctypes.c_ulong(flags))
    libc.call("mount", *arguments, _bytes(data) if data else None, path=target)


def unmount(target: str, flags: int = 0) -> None:
    libc.call("umount2", _bytes(target), flags, path=target)


def pivot_root(new_root: str, put_old: str) -> None:
    libc.syscall(libc.NUMBERS["pivot_root"], _bytes(new_root), _bytes(put_old), path=new_root)


def fsopen(fstype: str) -> int:
    """A configuration context for a new file system; the caller closes the descriptor."""
    return libc.syscall(libc.FSOPEN, _bytes(fstype), _CLOEXEC, path=fstype)


def fsconfig_string(context: int, key: str, value: str) -> None:
    libc.syscall(
        libc.FSCONFIG, context, _SET_STRING, _bytes(key), _bytes(value), 0, path=f"{key}={value}"
    )


def fsconfig_fd(context: int, key: str, fd: int) -> None:
    libc.syscall(libc.FSCONFIG, context, _SET_FD, _bytes(key), None, fd, path=f"{key}=fd:{fd}")


def fsconfig_flag(context: int, key: str) -> None:
    libc.syscall(libc.FSCONFIG, context, _SET_FLAG, _bytes(key), None, 0, path=key)


def fsconfig_create(context: int) -> None:
    libc.syscall(libc.FSCONFIG, context, _CMD_CREATE, None, None, 0)


def fsmount(context: int, attributes: int = 0) -> int:
    """A detached mount of a created context; closing the descriptor unmounts it."""
    return libc.syscall(libc.FSMOUNT, context, _CLOEXEC, attributes)


def open_tree(dirfd: int, path: str, flags: int) -> int:
    full = flags | OPEN_TREE_CLOEXEC
    return libc.syscall(libc.OPEN_TREE, dirfd, _bytes(path), full, path=path)


def move_mount(mount_fd: int, target_fd: int) -> None:
    """Attach the detached mount *mount_fd* on the very object that *target_fd* has open."""
    flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH
    libc.syscall(libc.MOVE_MOUNT, mount_fd, b"", target_fd, b"", flags)


def set_attributes(
    fd: int,
    set_: int = 0,
    clear: int = 0,
    propagation: int = 0,
    recursive: bool = False,
    userns: int = 0,
) -> None:
    """mount_setattr(2) on the mount that *fd* has open; *propagation* is an ``MS_*`` type."""
    attr = _MountAttr(set_, clear, propagation, userns)
    flags = AT_EMPTY_PATH | (AT_RECURSIVE if recursive else 0)
    libc.syscall(libc.MOUNT_SETATTR, fd, b"", flags, ctypes.byref(attr), ctypes.sizeof(attr))
