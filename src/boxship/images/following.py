"""The digest of a layer's archive, taken while a worker is still writing it.

What the daemon reads itself it need not believe a worker that deals with hostile data; and the
two have a processor each.
"""

import hashlib
import os
import threading
from pathlib import Path

_PIECE = 1 << 20


class FollowedArchive:
    """The archive *path*, which somebody else makes and only ever appends to. Blocking; whoever
    made this closes it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._hash = hashlib.sha256()
        self._offset = 0
        self._file = -1
        self._is_closed = False

    def follow(self, size: int) -> None:
        """Take in the first *size* bytes, as far as they are there."""
        with self._lock:
            if self._is_closed:
                return  # somebody who was late
            if self._file < 0:
                self._file = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            while self._offset < size:
                most = min(_PIECE, size - self._offset)
                data = os.pread(self._file, most, self._offset)
                if not data:
                    return
                self._hash.update(data)
                self._offset += len(data)

    def digest(self, size: int) -> str:
        """That of all of it, which has *size* bytes; "" when it is shorter."""
        self.follow(size)
        return f"sha256:{self._hash.hexdigest()}" if self._offset == size else ""

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            if self._file >= 0:
                os.close(self._file)
