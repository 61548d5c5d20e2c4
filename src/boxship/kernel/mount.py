"""Mounts: mount(2), umount2(2) and the descriptor-based calls (fsopen(2), open_tree(2), ...)."""

import ctypes
import os

from boxship.kernel import libc

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_SYNCHRONOUS = 1, 2, 4, 8, 16
MS_REMOUNT, MS_NOATIME, MS_NODIRATIME, MS_BIND, MS_MOVE, MS_REC = 32, 1024, 2048, 4096, 8192, 16384
MS_UNBINDABLE, MS_PRIVATE, MS_SLAVE, MS_SHARED = 1 << 17, 1 << 18, 1 << 19, 1 << 20
MS_RELATIME, MS_STRICTATIME = 1 << 21, 1 << 24
MNT_DETACH = 2

_AT_EMPTY_PATH, _AT_RECURSIVE = 0x1000, 0x8000
_OPEN_TREE_CLONE, _OPEN_TREE_CLOEXEC = 1, 0o2000000
# MOVE_MOUNT_F_EMPTY_PATH, MOVE_MOUNT_T_EMPTY_PATH.
_SOURCE_OPEN, _BOTH_OPEN = 0x04, 0x04 | 0x40
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


_ATTR_SIZE = ctypes.sizeof(_MountAttr)
_int, _uint, _text = ctypes.c_int, ctypes.c_uint, ctypes.c_char_p
_mount = libc.function("mount", _text, _text, _text, ctypes.c_ulong, _text)
_fsopen = libc.system_call(libc.FSOPEN, _text, _uint)
_fsconfig = libc.system_call(libc.FSCONFIG, _int, _uint, _text, _text, _int)
_fsmount = libc.system_call(libc.FSMOUNT, _int, _uint, _uint)
_open_tree = libc.system_call(libc.OPEN_TREE, _int, _text, _uint)
_move_mount = libc.system_call(libc.MOVE_MOUNT, _int, _text, _int, _text, _uint)
_mount_setattr = libc.system_call(
    libc.MOUNT_SETATTR, _int, _text, _uint, ctypes.c_void_p, ctypes.c_size_t
)


def mount(
    source: str | None, target: str, fstype: str | None, flags: int = 0, data: str = ""
) -> None:
    """mount(2). *target* is resolved by the kernel: give ``/proc/self/fd/N`` for a checked one."""
    names = [None if text is None else libc.encode(text) for text in (source, target, fstype)]
    if _mount(*names, flags, libc.encode(data) if data else None):
        raise libc.fail(target)


def unmount(target: str, flags: int = 0) -> None:
    libc.call("umount2", libc.encode(target), flags, path=target)


def pivot_root(new_root: str, put_old: str) -> None:
    paths = libc.encode(new_root), libc.encode(put_old)
    libc.syscall(libc.NUMBERS["pivot_root"], *paths, path=new_root)


def fsopen(fstype: str) -> int:
    """A configuration context for a new file system; the caller closes the descriptor."""
    fd = _fsopen(libc.encode(fstype), _CLOEXEC)
    if fd < 0:
        raise libc.fail(fstype)
    return fd


def fsconfig_string(context: int, key: str, value: str) -> None:
    if _fsconfig(context, _SET_STRING, libc.encode(key), libc.encode(value), 0):
        raise libc.fail(f"{key}={value}")


def fsconfig_fd(context: int, key: str, fd: int) -> None:
    if _fsconfig(context, _SET_FD, libc.encode(key), None, fd):
        raise libc.fail(f"{key}=fd:{fd}")


def fsconfig_flag(context: int, key: str) -> None:
    if _fsconfig(context, _SET_FLAG, libc.encode(key), None, 0):
        raise libc.fail(key)


def fsconfig_create(context: int) -> None:
    if _fsconfig(context, _CMD_CREATE, None, None, 0):
        raise libc.fail()


def fsmount(context: int, attributes: int = 0) -> int:
    """A detached mount of a created context; closing the descriptor unmounts it."""
    fd = _fsmount(context, _CLOEXEC, attributes)
    if fd < 0:
        raise libc.fail()
    return fd


def clone(dirfd: int, path: str = "", recursive: bool = False, peers: bool = False) -> int:
    """Return a detached copy of the mount at *path*, or of *dirfd* itself; the caller closes it.

    A copy of a shared mount is a peer of that mount, to which mounts below the copy propagate
    (mount_namespaces(7)). So the copy is made private, unless the caller asks for *peers*.
    """
    flags = _OPEN_TREE_CLONE | _OPEN_TREE_CLOEXEC | (_AT_RECURSIVE if recursive else 0)
    fd = _open_tree(dirfd, libc.encode(path), flags | (0 if path else _AT_EMPTY_PATH))
    if fd < 0:
        raise libc.fail(path)
    try:
        if not peers:
            set_attributes(fd, propagation=MS_PRIVATE, recursive=recursive)
    except BaseException:
        os.close(fd)
        raise
    return fd


def move_mount(mount_fd: int, target_fd: int) -> None:
    """Attach the detached mount *mount_fd* on the very object that *target_fd* has open."""
    if _move_mount(mount_fd, b"", target_fd, b"", _BOTH_OPEN):
        raise libc.fail()


def move_mount_into(mount_fd: int, directory: int, name: str) -> None:
    """Attach the detached mount *mount_fd* on *name*, right in the open *directory*."""
    if _move_mount(mount_fd, b"", directory, libc.encode(name), _SOURCE_OPEN):
        raise libc.fail(name)


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
    flags = _AT_EMPTY_PATH | (_AT_RECURSIVE if recursive else 0)
    if _mount_setattr(fd, b"", flags, ctypes.byref(attr), _ATTR_SIZE):
        raise libc.fail()
