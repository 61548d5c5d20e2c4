"""The json-file writer: appends, rotates by size, keeps a number of old files."""

import contextlib
import os
import time
from collections.abc import Iterator
from typing import Any

from boxship.sandbox.log import format as log_format
from boxship.sandbox.log.replay import replay


class LogFile:
    """Owns the file *path*; at *max_size* bytes it becomes ``path.1`` and so on to *max_files*.

    A full disk loses log lines, never the container: errors of writing are dropped.
    """

    def __init__(self, path: str, max_size: int, max_files: int, attributes: str = "") -> None:
        self._path = path
        self._max_size = max_size
        self._max_files = max(1, max_files)
        self._attributes = attributes
        self._splitters: dict[str, log_format.Splitter] = {}
        self._last = 0
        self.fd = -1
        self._size = 0

    def open(self) -> None:
        """Open the file, which otherwise is done for the first line. :class:`OSError`."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self.fd = os.open(self._path, flags, 0o640)
        self._size = os.fstat(self.fd).st_size

    def write(self, stream: str, data: bytes) -> None:
        """Log *data*; an unfinished line waits for its end."""
        splitter = self._splitters.setdefault(stream, log_format.Splitter())
        self._append(stream, splitter.feed(data))

    def finish(self) -> None:
        """Log the unfinished lines and close the file."""
        for stream, splitter in self._splitters.items():
            self._append(stream, splitter.finish())
        if self.fd >= 0:
            os.close(self.fd)

    def history(self, client: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
        """All that was written so far and is kept, of the streams that *client* wants."""
        yield from replay(self._path, self._max_files, client)
        for stream, splitter in self._splitters.items():
            if splitter.rest and client.get(stream):
                yield stream, splitter.rest

    def _append(self, stream: str, pieces: list[bytes]) -> None:
        if not pieces:
            return
        # A clock that is set back must not make readers skip lines.
        self._last = max(self._last, time.time_ns())
        for piece in pieces:
            self._put(log_format.encode(stream, piece, self._last, self._attributes))

    def _put(self, encoded: bytes) -> None:
        with contextlib.suppress(OSError):
            if self.fd < 0:
                self.open()
        if 0 < self._max_size <= self._size + len(encoded):
            encoded = self._fill(encoded)
        with contextlib.suppress(OSError):
            self._size += os.write(self.fd, encoded)

    def _fill(self, encoded: bytes) -> bytes:
        """Write what fits, rotate, and return the rest (as often as it takes)."""
        while self._size + len(encoded) > self._max_size:
            room = max(0, self._max_size - self._size)
            cut = encoded.rfind(b"\n", 0, room) + 1
            if cut == 0 and self._size == 0:
                cut = encoded.find(b"\n") + 1
            with contextlib.suppress(OSError):
                os.write(self.fd, encoded[:cut])
            encoded = encoded[cut:]
            self._rotate()
            if not encoded:
                break
        return encoded

    def _rotate(self) -> None:
        with contextlib.suppress(OSError):
            if self._max_files == 1:
                os.ftruncate(self.fd, 0)
                self._size = 0
                return
            for number in range(self._max_files - 1, 0, -1):
                source = f"{self._path}.{number - 1}" if number > 1 else self._path
                with contextlib.suppress(FileNotFoundError):
                    os.rename(source, f"{self._path}.{number}")
            os.close(self.fd)
            self.open()


class NoLog:
    """The ``none`` driver."""

    def open(self) -> None:
        return

    def write(self, stream: str, data: bytes) -> None:
        return

    def history(self, client: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
        return iter(())

    def finish(self) -> None:
        return


def open_log(spec: dict[str, Any]) -> LogFile | NoLog:
    """The writer for a plan's ``log`` part: driver, path, max_size in bytes, and so on."""
    if spec["driver"] == "none":
        return NoLog()
    return LogFile(spec["path"], spec["max_size"], spec["max_files"], spec.get("attributes", ""))
