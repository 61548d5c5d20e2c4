"""Buffered output to a descriptor, counted and hashed on the way."""

import hashlib
import os

_FLUSH = 256 * 1024


class Sink:
    """Collects small pieces and writes large ones to *fd*, which stays the caller's.

    ``size`` counts the bytes taken in, those included that :meth:`flush` has yet to write.
    """

    def __init__(self, fd: int, hashed: bool = False) -> None:
        self.size = 0
        self._fd = fd
        self._hash = hashlib.sha256() if hashed else None
        self._pieces: list[bytes] = []
        self._pending = 0
        # A socket that the daemon read from is non-blocking, and that state is shared.
        os.set_blocking(fd, True)

    def write(self, data: bytes) -> None:
        self._pieces.append(data)
        self._pending += len(data)
        self.size += len(data)
        if self._pending >= _FLUSH:
            self.flush()

    def flush(self) -> None:
        pieces, self._pieces = self._pieces, []
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._pending = 0
        if self._hash is not None:
            self._hash.update(data)
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]

    def digest(self) -> str:
        """The digest of everything flushed, ``sha256:<hex>``."""
        assert self._hash is not None
        return "sha256:" + self._hash.hexdigest()
