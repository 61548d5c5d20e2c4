"""ctypes on the C library: ``call`` for functions, ``syscall`` for what libc does not wrap."""

import ctypes
import os
import platform
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, cast

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

# Numbers above 400 are shared by all architectures (Linux syscall tables, 5.1 and later).
OPEN_TREE, MOVE_MOUNT, FSOPEN, FSCONFIG, FSMOUNT = 428, 429, 430, 431, 432
CLOSE_RANGE, OPENAT2, PROCESS_MADVISE, MOUNT_SETATTR = 436, 437, 440, 442
_LEGACY = {
    "x86_64": {"clone": 56, "pivot_root": 155, "seccomp": 317, "bpf": 321, "keyctl": 250},
    "aarch64": {"clone": 220, "pivot_root": 41, "seccomp": 277, "bpf": 280, "keyctl": 219},
}
_ENCODING = sys.getfilesystemencoding()
_GLIBC, _M_ARENA_MAX = hasattr(_libc, "malloc_trim"), -8
MACHINE = platform.machine()
NUMBERS = _LEGACY.get(MACHINE, _LEGACY["x86_64"])


def fail(path: str | bytes | None = None) -> OSError:
    """The :class:`OSError` for the current ``errno``."""
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), path)


def function(name: str, *kinds: Any) -> Callable[..., int]:
    """libc's *name*, its arguments' types set once; a call raises nothing, see :func:`fail`."""
    found = getattr(ctypes.CDLL(None, use_errno=True), name)
    found.argtypes = kinds
    return cast(Callable[..., int], found)


def system_call(number: int, *kinds: Any) -> Callable[..., int]:
    """syscall(2) for *number*, as :func:`function` has it. What every start of a container calls
    a hundred times must not convert arguments in Python."""
    found = ctypes.CDLL(None, use_errno=True).syscall
    found.argtypes = (ctypes.c_long, *kinds)
    found.restype = ctypes.c_long
    return partial(cast(Callable[..., int], found), number)


def encode(text: str | bytes) -> bytes:
    """As os.fsencode() in one step."""
    return text if isinstance(text, bytes) else text.encode(_ENCODING, "surrogateescape")


def share_heap() -> None:
    """mallopt(3): threads that are made from now on allocate from the heap of the first. Each would
    have one of its own, of a megabyte, for which Python's lock leaves no use."""
    if _GLIBC:
        _libc.mallopt(_M_ARENA_MAX, 1)


def give_back_memory() -> None:
    """malloc_trim(3): what was freed is the system's again."""
    if _GLIBC:
        _libc.malloc_trim(0)


def call(name: str, *args: Any, path: str | bytes | None = None) -> int:
    """Call libc's *name*; a negative result raises :class:`OSError` that carries *path*."""
    result = int(getattr(_libc, name)(*args))
    if result < 0:
        raise fail(path)
    return result


def syscall(number: int, *args: Any, path: str | bytes | None = None) -> int:
    """syscall(2); integers are passed as 64-bit so that flags and offsets keep their upper half."""
    converted = [ctypes.c_long(a) if isinstance(a, int) else a for a in args]
    result = int(_libc.syscall(ctypes.c_long(number), *converted))
    if result < 0:
        raise fail(path)
    return result
