"""Buffered output to a descriptor, counted and hashed on the way."""

import os

from boxship.kernel import uncached
from boxship.sandbox.workers import digest_beside
from boxship.sandbox.workers.digest_beside import Digest

_FLUSH = 256 * 1024
#: Bytes that stay in memory of a file that need not.
CACHED = 16 << 20


class Sink:
    """Collects small pieces and writes large ones to *fd*, which stays the caller's.

    ``size`` counts the bytes taken in, those included that :meth:`flush` has yet to write.
    One that is *hashed* may have a thread until :meth:`digest` or :meth:`close`. One that is
    *large* is a file, whose beginning is all that has a place in the page cache.
    """

    def __init__(self, fd: int, hashed: bool = False, large: bool = False) -> None:
        self.size = 0
        self._fd = fd
        self._digest = Digest() if hashed else None
        self._enough = digest_beside.PIECE if hashed else _FLUSH
        self._pieces: list[bytes] = []
        self._pending = 0
        self._is_large = large
        # A socket that the daemon read from is non-blocking, and that state is shared.
        os.set_blocking(fd, True)

    def write(self, data: bytes) -> None:
        self._pieces.append(data)
        self._pending += len(data)
        self.size += len(data)
        if self._pending >= self._enough:
            self.flush()

    def flush(self) -> None:
        pieces, self._pieces = self._pieces, []
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._pending = 0
        if self._digest is not None:
            self._digest.update(data)
        view = memoryview(data)
        while view:
            view = view[self._write(view) :]

    def _write(self, view: memoryview) -> int:
        if self._is_large and self.size > CACHED:
            try:
                return uncached.write(self._fd, view)
            except NotImplementedError:
                self._is_large = False
        return os.write(self._fd, view)

    def digest(self) -> str:
        """The digest of everything flushed, ``sha256:<hex>``."""
        assert self._digest is not None
        return "sha256:" + self._digest.hexdigest()

    def close(self) -> None:
        """Nothing more comes; what is pending is not written."""
        if self._digest is not None:
            self._digest.close()
