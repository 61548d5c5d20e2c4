"""Notices a peer that has gone although its side of the stream ended long ago.

End of file means "I have sent everything", not "I have gone": such a client still wants its answer.
The kernel tells the two apart with EPOLLHUP, which asyncio does not ask for. A unix socket hangs up
as soon as its peer closes; a TCP one after a reset, which keep-alive probes provoke.
"""

import asyncio
import select
from collections.abc import Callable


class HangupWatch:
    """One epoll instance in the event loop for all connections of a server."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._epoll = select.epoll()
        self._callbacks: dict[int, Callable[[], None]] = {}
        loop.add_reader(self._epoll.fileno(), self._ready)

    def add(self, fd: int, callback: Callable[[], None]) -> None:
        """Call *callback* once when *fd* hangs up; the caller keeps *fd* open until then."""
        if fd not in self._callbacks:
            self._callbacks[fd] = callback
            self._epoll.register(fd, 0)

    def remove(self, fd: int) -> None:
        if self._callbacks.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    def _ready(self) -> None:
        for fd, _ in self._epoll.poll(0):
            callback = self._callbacks.get(fd)
            self.remove(fd)
            if callback is not None:
                callback()

    def close(self) -> None:
        if not self._epoll.closed:
            self._loop.remove_reader(self._epoll.fileno())
            self._epoll.close()
