"""Bytes between this process's streams and a hijacked connection, in one poll loop."""

from __future__ import annotations

import os
import select

from boxship.client.frames import STDERR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.detach import DetachScanner
    from boxship.client.hijack import Hijacked

CHUNK = 65536
_READABLE = select.POLLIN | select.POLLHUP | select.POLLERR | select.POLLNVAL


def write_all(descriptor: int, data: bytes) -> None:
    """All of *data*, also to a descriptor that somebody made non-blocking."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:
            poll = select.poll()
            poll.register(descriptor, select.POLLOUT)
            poll.poll()


class Pump:
    """Runs until the daemon ends the stream or the user detaches.

    Input is read only when the last of it was sent, so a container that does not read its input
    still gets its output written.
    """

    def __init__(
        self, stream: Hijacked, input_descriptor: int | None, scanner: DetachScanner | None
    ) -> None:
        self._stream = stream
        self._input = input_descriptor
        self._scanner = scanner
        self._pending = b""
        self._ended = False

    def run(self) -> bool:
        """False when the user detached."""
        while True:
            input_ready, stream_ready, writable = self._wait()
            if stream_ready and not self._copy_output():
                return True
            if writable:
                self._send()
            if input_ready and not self._read_input():
                return False

    def _wait(self) -> tuple[bool, bool, bool]:
        if self._stream.ready():
            return False, True, False
        poll = select.poll()
        waiting = self._pending or self._stream.unsent()
        wanted = select.POLLIN | (select.POLLOUT if waiting else 0)
        poll.register(self._stream, wanted)
        if self._input is not None and not self._pending:
            poll.register(self._input, select.POLLIN)
        ready = dict(poll.poll())
        events = ready.get(self._stream.fileno(), 0)
        input_ready = self._input is not None and bool(ready.get(self._input, 0) & _READABLE)
        return input_ready, bool(events & _READABLE), bool(events & select.POLLOUT)

    def _copy_output(self) -> bool:
        pieces = self._stream.receive()
        if pieces is None:
            return False
        for stream, data in pieces:
            write_all(2 if stream == STDERR else 1, data)
        return True

    def _read_input(self) -> bool:
        assert self._input is not None
        try:
            data = os.read(self._input, CHUNK)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        if not data:
            self._end_input()
            return True
        detached = False
        if self._scanner is not None:
            data, detached = self._scanner.feed(data)
        self._pending = data
        self._send()
        return not detached

    def _send(self) -> None:
        try:
            self._pending = self._pending[self._stream.send(self._pending) :]
        except OSError:
            # The container's input is closed; its output may go on.
            self._pending = b""
            self._input = None

    def _end_input(self) -> None:
        self._input = None
        self._stream.close_write()
