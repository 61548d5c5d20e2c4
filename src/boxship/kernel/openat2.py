"""openat2(2): opening paths that cannot leave a root."""

import ctypes
import os

from boxship.kernel import libc

NO_XDEV, NO_MAGICLINKS, NO_SYMLINKS, BENEATH, IN_ROOT = 1, 2, 4, 8, 16
INSIDE = IN_ROOT | NO_MAGICLINKS


class _How(ctypes.Structure):
    _fields_ = [("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64)]


def openat2(root: int, path: str | bytes, flags: int, mode: int = 0, resolve: int = INSIDE) -> int:
    """Open *path* below the directory *root*; links and ``..`` stop at it. Close-on-exec."""
    how = _How(flags | os.O_CLOEXEC, mode, resolve)
    arguments = (root, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how))
    return libc.syscall(libc.OPENAT2, *arguments, path=path)
