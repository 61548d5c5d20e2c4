"""The shim's reactor: descriptors with callbacks, children, and timers, on one epoll."""

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable

from boxship.sandbox.forked import set_handler

READ = select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR
WRITE = select.EPOLLOUT
Callback = Callable[[int], None]
_SIGCHLD = int(signal.SIGCHLD)


def _wake(number: int, frame: object) -> None:
    """The wake-up descriptor does the work; Python writes to it where there is a handler."""


def _nothing() -> None:
    """For a loop that serves nobody."""


class Loop:
    """Callbacks get the epoll event mask."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._callbacks: dict[int, Callback] = {}
        self._masks: dict[int, int] = {}
        self._timers: list[tuple[float, Callable[[], None]]] = []
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.on_child: Callable[[], None] = _nothing
        self.stopped = False

    def watch_children(self) -> None:
        """Have :attr:`on_child` called after each SIGCHLD."""
        set_handler(_SIGCHLD, _wake)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        self.watch(self._wake_read, READ, self._woken)

    def _woken(self, mask: int) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake_read, 4096)
        self.on_child()

    def watch(self, fd: int, mask: int, callback: Callback) -> None:
        """Watch *fd* for *mask*; replaces what it was watched for."""
        self._callbacks[fd] = callback
        if fd in self._masks:
            if self._masks[fd] != mask:
                self._epoll.modify(fd, mask)
        else:
            self._epoll.register(fd, mask)
        self._masks[fd] = mask

    def forget(self, fd: int) -> None:
        """Stop watching *fd*; call it before the descriptor is closed."""
        if self._masks.pop(fd, None) is not None:
            del self._callbacks[fd]
            with contextlib.suppress(OSError):
                self._epoll.unregister(fd)

    def after(self, seconds: float, callback: Callable[[], None]) -> None:
        self._timers.append((time.monotonic() + seconds, callback))
        self._timers.sort(key=lambda timer: timer[0])

    def _timeout(self) -> float:
        return max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else -1

    def close(self) -> None:
        """Hear of nothing any more. What is watched stays open."""
        self._callbacks.clear()
        self._timers.clear()
        self.on_child = _nothing
        signal.set_wakeup_fd(-1)
        self._epoll.close()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def run(self) -> None:
        while not self.stopped:
            self.turn()

    def turn(self) -> None:
        """Wait for something to happen and deal with it."""
        ready = self._epoll.poll(self._timeout())
        # A number that is closed and opened again meanwhile is not meant by its old event.
        called = [(fd, mask, self._callbacks.get(fd)) for fd, mask in ready]
        for fd, mask, callback in called:
            if callback is not None and self._callbacks.get(fd) == callback:
                callback(mask)
        while self._timers and self._timers[0][0] <= time.monotonic():
            self._timers.pop(0)[1]()
