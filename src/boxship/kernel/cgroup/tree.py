"""A cgroup directory and those below it: processes, removal."""

import contextlib
import errno
import os
import signal
import time
from collections.abc import Iterator

from boxship.kernel.cgroup import files

_FIRST_PAUSE, _LONGEST_PAUSE = 0.0002, 0.02
_LEAF_LINKS = 2


def children(directory: str) -> list[str]:
    """The directories right below; a group without any costs one stat(2)."""
    try:
        if os.stat(directory).st_nlink == _LEAF_LINKS:
            return []
        with os.scandir(directory) as entries:
            return [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []


def walk(directory: str) -> Iterator[str]:
    """*directory* and everything below it, parents first."""
    yield directory
    for child in children(directory):
        yield from walk(child)


def processes(directory: str) -> list[int]:
    """The pids in *directory* and below, as seen from our pid namespace; 0 stands for others."""
    found: list[int] = []
    for place in walk(directory):
        with contextlib.suppress(OSError):
            found += map(int, files.read(place, "cgroup.procs").split())
    return found


def kill_all(directory: str) -> bool:
    """Send SIGKILL to each process; False when there was none."""
    pids = processes(directory)
    for pid in pids:
        if pid > 0:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    return bool(pids)


def make(directory: str) -> bool:
    """Make *directory* alone, fresh: an empty one left there is replaced. False: no parent."""
    try:
        os.mkdir(directory)
    except FileNotFoundError:
        return False
    except FileExistsError:
        remove(directory, 0)
        os.mkdir(directory)
    return True


def remove(directory: str, timeout: float) -> None:
    """rmdir(2), nested groups first. While processes are dying it is busy: retried for *timeout* s.

    A directory that is gone is fine. Raises OSError (EBUSY) when processes remain.
    """
    deadline, pause = time.monotonic() + timeout, _FIRST_PAUSE
    while not _try_remove(directory):
        if time.monotonic() >= deadline:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), directory)
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _try_remove(directory: str) -> bool:
    if _rmdir(directory):
        return True
    for child in children(directory):
        _try_remove(child)
    return _rmdir(directory)


def _rmdir(directory: str) -> bool:
    try:
        os.rmdir(directory)
    except FileNotFoundError:
        return True
    except OSError as error:
        if error.errno in (errno.EBUSY, errno.ENOTEMPTY):
            return False
        raise
    return True
