"""SHA-256 in a thread beside the one who makes the bytes: Python's lock is free meanwhile."""

import _thread
import hashlib

#: Bytes that are worth handing over.
PIECE = 1 << 20
# So many have to have come before a thread saves more than it costs to begin with it.
_WORTHWHILE = 4 * PIECE


class Digest:
    """Of all that :meth:`update` gets, in that order.

    A stream that turns out to be long gets a thread, which :meth:`hexdigest` and :meth:`close` end;
    one of them is due. Two pieces are held at most: the one at work and the next.
    """

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._thread: _Thread | None = None
        self._error: Exception | None = None
        self._before = 0

    def update(self, piece: bytes) -> None:
        if self._thread is not None:
            self._thread.give(piece)
            return
        self._hash.update(piece)
        self._before += len(piece)
        if self._before >= _WORTHWHILE:
            self._start()

    def _start(self) -> None:
        try:
            self._thread = _Thread(self._hash)
        except RuntimeError:
            # There are as many as the system allows (clone(2), EAGAIN).
            pass

    def hexdigest(self) -> str:
        """Raises what the thread met with."""
        self.close()
        if self._error is not None:
            raise self._error
        return self._hash.hexdigest()

    def close(self) -> None:
        """Returns when the thread has taken in what it was given."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._error = thread.end()


class _Thread:
    """Begins at once. RuntimeError if it cannot."""

    def __init__(self, digest: "hashlib._Hash") -> None:
        self._hash = digest
        self._piece: bytes | None = None
        self._error: Exception | None = None
        self._free = _thread.allocate_lock()
        self._given = _thread.allocate_lock()
        self._ended = _thread.allocate_lock()
        self._given.acquire()
        self._ended.acquire()
        _thread.start_new_thread(self._run, ())

    def give(self, piece: bytes | None) -> None:
        """The next piece, or None for the end; waits until the last one is at work."""
        self._free.acquire()
        self._piece = piece
        self._given.release()

    def end(self) -> Exception | None:
        self.give(None)
        self._ended.acquire()
        return self._error

    def _run(self) -> None:
        while (piece := self._next()) is not None:
            try:
                self._hash.update(piece)
            except Exception as error:
                # Who gives pieces must not wait for ever.
                self._error = error
        self._ended.release()

    def _next(self) -> bytes | None:
        self._given.acquire()
        piece, self._piece = self._piece, None
        self._free.release()
        return piece
