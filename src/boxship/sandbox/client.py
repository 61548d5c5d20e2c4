"""One attached client: the socket of a hijacked connection, handed over by the daemon."""

import contextlib
import select
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from boxship.sandbox.detach import DetachScanner
from boxship.sandbox.loop import READ, Loop

STREAMS = {"stdin": 0, "stdout": 1, "stderr": 2}
HIGH_WATER = 1 << 20
_REFILL = 1 << 16
_HEADER = struct.Struct(">BxxxI")
# Without it a client that closes only its write side looks the same as one that is idle.
_HALF_CLOSED = select.EPOLLRDHUP


class Client:
    """Owns the socket. *spec*: stdin, stdout, stderr, tty, raw, framed (bools), keys, leftover
    (lists). What has no terminal is framed, unless ``raw`` or ``framed`` say otherwise.

    ``on_input(data)`` returns False when no more can be taken at present; ``on_input(b"")`` means
    that the client closed its side. ``on_gone(detached)`` is called once, at the end.
    """

    def __init__(self, loop: Loop, fd: int, spec: dict[str, Any]) -> None:
        self._loop = loop
        self.socket = socket.socket(fileno=fd)
        self.socket.setblocking(False)
        self.wants = {name: bool(spec.get(name)) for name in STREAMS}
        self._framed = bool(spec.get("framed", not (spec["tty"] or spec.get("raw"))))
        self._scanner = DetachScanner(bytes(spec.get("keys") or ())) if spec["tty"] else None
        self._leftover = bytes(spec.get("leftover") or ())
        self._pending: deque[memoryview] = deque()
        self.pending_bytes = 0
        self._history: Iterator[tuple[str, bytes]] | None = None
        self._input_open = True
        self._input_paused = False
        self._ending = False
        self._gone = False
        self.on_input: Callable[[bytes], bool] = lambda data: True
        self.on_gone: Callable[[bool], None] = lambda detached: None
        self.on_drained: Callable[[], None] = lambda: None

    def start(self) -> None:
        if self._leftover:
            self._take(self._leftover)
        self._rewatch()

    def _rewatch(self) -> None:
        if self._gone:
            return
        mask = select.EPOLLHUP | select.EPOLLERR
        if self._input_open and not self._input_paused:
            mask |= READ | _HALF_CLOSED
        if self._pending:
            mask |= select.EPOLLOUT
        self._loop.watch(self.socket.fileno(), mask, self._ready)

    def _ready(self, mask: int) -> None:
        if mask & select.EPOLLOUT:
            self._flush()
        if not self._gone and mask & READ and self._input_open:
            self._read()
        elif not self._gone and mask & (select.EPOLLHUP | select.EPOLLERR):
            self._end(False)

    def _read(self) -> None:
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            self._end(False)
            return
        if data:
            self._take(data)
        else:
            self._input_open = False
            self.on_input(b"")
            self._rewatch()

    def _take(self, data: bytes) -> None:
        if not self.wants["stdin"]:
            return
        detached = False
        if self._scanner is not None:
            data, detached = self._scanner.feed(data)
        if data and not self.on_input(data):
            self._input_paused = True
            self._rewatch()
        if detached:
            self._end(True)

    def resume_input(self) -> None:
        """The program can take input again."""
        if self._input_paused:
            self._input_paused = False
            self._rewatch()

    def replay(self, history: Iterator[tuple[str, bytes]]) -> None:
        """Send *history* before anything else, read as fast as the client takes it."""
        self._history = history
        self._flush()

    def send(self, stream: str, data: bytes) -> None:
        """Queue output; nothing is lost or reordered, see :attr:`behind`."""
        if self._gone or not self.wants[stream]:
            return
        if self._history is not None:
            self._refill(None)
        self._queue(stream, data)
        self._flush()

    def _queue(self, stream: str, data: bytes) -> None:
        if self._framed:
            data = _HEADER.pack(STREAMS[stream], len(data)) + data
        self._pending.append(memoryview(data))
        self.pending_bytes += len(data)

    def _refill(self, limit: int | None) -> None:
        """Queue up to *limit* bytes of history, or all that is left."""
        while self._history is not None and (limit is None or self.pending_bytes < limit):
            entry = next(self._history, None)
            if entry is None:
                self._history = None
            else:
                self._queue(*entry)

    @property
    def behind(self) -> bool:
        """Whether reading the program's output should wait for this client."""
        return self._history is not None or self.pending_bytes > HIGH_WATER

    def _transmit(self) -> bool:
        """Send what the socket takes; False when there is no client any more."""
        while True:
            if not self._pending:
                self._refill(_REFILL)
            if not self._pending:
                return True
            chunk = self._pending[0]
            try:
                sent = self.socket.send(chunk, socket.MSG_NOSIGNAL)
            except BlockingIOError:
                return True
            except OSError:
                return False
            self.pending_bytes -= sent
            if sent == len(chunk):
                self._pending.popleft()
            else:
                self._pending[0] = chunk[sent:]

    def _flush(self) -> None:
        had = bool(self._pending) or self._history is not None
        if not self._transmit():
            self._end(False)
            return
        self._rewatch()
        if had and self._history is None and self.pending_bytes < HIGH_WATER // 2:
            self.on_drained()
        if self._ending and not self._pending and self._history is None:
            self._end(False)

    def finish(self) -> None:
        """Close once everything queued is sent."""
        self._ending = True
        if not self._pending and self._history is None:
            self._end(False)

    @property
    def gone(self) -> bool:
        return self._gone

    def _hang_up(self) -> None:
        """Close the socket; unread input would make the client see an error instead of the end."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
            while self.socket.recv(1 << 16):
                pass
        self.socket.close()

    def _end(self, detached: bool) -> None:
        if self._gone:
            return
        self._gone = True
        self._loop.forget(self.socket.fileno())
        self._hang_up()
        self.pending_bytes = 0
        self._pending.clear()
        self._history = None
        self.on_drained()
        self.on_gone(detached)
