"""The first process of a running container, held so that its number cannot become another's.

A process may end at any moment, and a pid is free for others then. A descriptor of its directory in
/proc stays that process's: what is opened through it is the container's, or fails (proc(5)).
"""

import asyncio
import contextlib
import os
from collections.abc import Iterable

from boxship.engine.containers.store import Live
from boxship.runtime.channel import ShimError
from boxship.runtime.supervisor import Shim

_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


class Held:
    """Owns the descriptor of a directory in /proc; a context manager that closes it."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    @property
    def path(self) -> str:
        """The directory, for other processes of the host to open while this is not closed."""
        return f"/proc/{os.getpid()}/fd/{self._fd}"

    def open(self, name: str, flags: int = os.O_RDONLY) -> int:
        """A descriptor, the caller's, of what *name* is there. :class:`OSError` after its end."""
        return os.open(name, flags | os.O_CLOEXEC, dir_fd=self._fd)

    @property
    def gone(self) -> bool:
        """Whether it has left its namespaces, as it does some time before it is reaped."""
        try:
            os.close(self.open("ns/net"))
        except OSError:
            return True
        return False

    def __enter__(self) -> "Held":
        return self

    def __exit__(self, *exception: object) -> None:
        os.close(self._fd)


async def hold(shim: Shim | None) -> Held | None:
    """The process that *shim* started; None if it has ended.

    Its shim is asked after the directory is open: a pid that nobody has reaped yet is the same's.
    """
    if shim is None:
        return None
    try:
        fd = os.open(f"/proc/{shim.pid}", _DIRECTORY)
    except OSError:
        return None
    try:
        ended = (await shim.request("state"))["exited"]
    except ShimError:
        ended = True
    except BaseException:
        os.close(fd)
        raise
    if ended:
        os.close(fd)
        return None
    return Held(fd)


async def over(live: Live, shim: Shim) -> None:
    """Wait until the end of *shim*'s process has been dealt with; nobody may hold *live*'s lock."""
    async with live.lock:
        monitor = live.monitor if live.shim is shim else None
    if monitor is not None:
        await asyncio.wait({monitor})


def close_all(descriptors: Iterable[int]) -> None:
    for fd in descriptors:
        with contextlib.suppress(OSError):
            os.close(fd)
