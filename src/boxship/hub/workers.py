"""Several processes that serve the same sockets, and the one that looks after them."""

import os
import signal
from collections.abc import Callable

from boxship.base.errors import Internal

_STOP = {signal.SIGTERM, signal.SIGINT}
_WATCHED = {*_STOP, signal.SIGHUP, signal.SIGCHLD}


def run_workers(count: int, work: Callable[[int], None]) -> None:
    """Run *work* in *count* processes until SIGTERM or SIGINT, which each of them gets as SIGTERM.

    *work* gets a descriptor that ends when this process does, and has to end then too. A process
    that was killed is replaced; one that fails by itself stops all, and is an :class:`Internal`.
    The caller must have no threads.
    """
    reader, writer = os.pipe()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
    crew = _Crew(work, reader, writer, before)
    try:
        for _ in range(count):
            crew.fork()
        crew.look_after()
    finally:
        crew.signal(signal.SIGKILL)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(reader)
        os.close(writer)


class _Crew:
    def __init__(
        self, work: Callable[[int], None], reader: int, writer: int, mask: set[int | signal.Signals]
    ) -> None:
        self._work = work
        self._reader = reader
        self._writer = writer
        self._mask = mask
        self._pids: set[int] = set()
        self._stopping = False
        self._failed = 0

    def fork(self) -> None:
        pid = os.fork()
        if pid:
            self._pids.add(pid)
            return
        status = 1
        try:
            os.close(self._writer)
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
            self._work(self._reader)
            status = 0
        finally:
            os._exit(status)

    def signal(self, number: int) -> None:
        for pid in self._pids:
            os.kill(pid, number)

    def look_after(self) -> None:
        while self._pids:
            number = signal.sigwait(_WATCHED)
            if number in _STOP:
                self._stop()
            elif number == signal.SIGHUP:
                self.signal(signal.SIGHUP)
            else:
                self._reap()
        if self._failed:
            raise Internal(f"{self._failed} of the hub's processes failed: see its log")

    def _stop(self) -> None:
        self._stopping = True
        self.signal(signal.SIGTERM)

    def _reap(self) -> None:
        for pid in list(self._pids):
            found, status = os.waitpid(pid, os.WNOHANG)
            if not found:
                continue
            self._pids.discard(pid)
            if self._stopping:
                continue
            if os.WIFSIGNALED(status):
                self.fork()
            else:
                self._failed += 1
                self._stop()
