"""openat2(2): opening paths that cannot leave a root."""

import ctypes
import errno
import os
from functools import lru_cache
from typing import Any

from boxship.kernel import libc

NO_XDEV, NO_MAGICLINKS, NO_SYMLINKS, BENEATH, IN_ROOT = 1, 2, 4, 8, 16
INSIDE = IN_ROOT | NO_MAGICLINKS
#: What :func:`openat2` raises if a path does not exist. No other error may be taken for absence.
MISSING = (FileNotFoundError, NotADirectoryError)
_ATTEMPTS = 10_000


class _How(ctypes.Structure):
    _fields_ = [("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64)]


_SIZE = ctypes.sizeof(_How)
_openat2 = libc.system_call(
    libc.OPENAT2, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t
)


@lru_cache(64)
def _how(flags: int, mode: int, resolve: int) -> Any:
    return ctypes.byref(_How(flags | os.O_CLOEXEC, mode, resolve))


def openat2(root: int, path: str | bytes, flags: int, mode: int = 0, resolve: int = INSIDE) -> int:
    """Open *path* below the directory *root*; links and ``..`` stop at it. Close-on-exec.

    Any rename or mount on the host makes the kernel give up a lookup with ``..`` (openat2(2),
    EAGAIN); then it is tried again. :class:`BlockingIOError` after ten thousand attempts.
    """
    encoded, how = libc.encode(path), _how(flags, mode, resolve)
    for _ in range(_ATTEMPTS):
        fd = _openat2(root, encoded, how, _SIZE)
        if fd >= 0:
            return fd
        error = libc.fail(path)
        if error.errno != errno.EAGAIN:
            raise error
    raise OSError(errno.EAGAIN, "the path keeps changing", path)
