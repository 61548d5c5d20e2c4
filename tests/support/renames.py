"""Renames that never end, beside which the kernel gives up lookups with ``..`` (openat2(2))."""

import contextlib
import ctypes
import errno
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from boxship.kernel import libc, process

#: The ways from one directory to itself: the more of them, the likelier a rename comes between.
DETOUR = "a/b/../../" * 8
_HOW = ctypes.c_uint64 * 3


@contextlib.contextmanager
def renaming(directory: Path) -> Iterator[None]:
    """Rename a file of *directory* in another process for as long as the context lasts."""
    names = directory / "renamed", directory / "renamed-too"
    names[0].touch()
    pid = os.fork()
    if pid == 0:
        process.set_parent_death_signal(signal.SIGKILL)
        with contextlib.suppress(BaseException):
            while True:
                os.rename(*names)
                os.rename(*reversed(names))
        os._exit(1)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def is_given_up(root: int, path: str, resolve: int) -> bool:
    """Return whether the kernel gives up one lookup of *path*, which is not tried again."""
    how = _HOW(os.O_PATH | os.O_CLOEXEC, 0, resolve)
    try:
        fd = libc.syscall(libc.OPENAT2, root, path.encode(), how, ctypes.sizeof(how))
    except OSError as error:
        if error.errno != errno.EAGAIN:
            raise
        return True
    os.close(fd)
    return False
