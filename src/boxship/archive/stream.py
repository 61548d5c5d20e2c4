"""A forward-only byte stream, read ahead in large pieces and handed out in small ones."""

from collections.abc import Callable, Iterator

from boxship.archive.errors import TarError

AHEAD = 256 * 1024


class Source:
    """Wraps *read*, which returns at most the asked number of bytes and ``b""`` at the end only.

    *skip*, when given, passes over that many bytes without reading them and returns how many there
    were. ``offset`` is the position in the stream of the next byte handed out.
    """

    def __init__(
        self, read: Callable[[int], bytes], skip: Callable[[int], int] | None = None
    ) -> None:
        self.offset = 0
        self._read = read
        self._skip = skip
        self._buffer = b""
        self._at = 0

    def take(self, count: int) -> bytes:
        """Exactly *count* bytes, or fewer at the end of the stream. For small counts."""
        data = self._buffer[self._at : self._at + count]
        self._at += len(data)
        self.offset += len(data)
        if len(data) < count:
            data = b"".join([data, *self._more(count - len(data))])
        return data

    def _more(self, count: int) -> Iterator[bytes]:
        while count:
            data = self._piece(count)
            if not data:
                break
            self.offset += len(data)
            count -= len(data)
            yield data

    def exactly(self, count: int, what: str) -> bytes:
        data = self.take(count)
        if len(data) != count:
            raise TarError(f"unexpected EOF in {what}")
        return data

    def chunks(self, count: int, what: str) -> Iterator[bytes]:
        """The next *count* bytes in pieces of any size; they count as read when handed out."""
        for data in self._more(count):
            count -= len(data)
            yield data
        if count:
            raise TarError(f"unexpected EOF in {what}")

    def _piece(self, limit: int) -> bytes:
        left = len(self._buffer) - self._at
        if not left:
            if limit >= AHEAD:
                return self._read(limit if limit < 4 * AHEAD else 4 * AHEAD)
            self._buffer, self._at = self._read(AHEAD), 0
        data = self._buffer[self._at : self._at + limit]
        self._at += len(data)
        return data

    def discard(self, count: int, what: str) -> None:
        """Pass over *count* bytes."""
        if count <= len(self._buffer) - self._at:
            self._at += count
            self.offset += count
        elif self._skip is None:
            for _ in self.chunks(count, what):
                pass
        else:
            self._seek(count, what)

    def _seek(self, count: int, what: str) -> None:
        assert self._skip is not None
        beyond = count - (len(self._buffer) - self._at)
        self._buffer, self._at = b"", 0
        if self._skip(beyond) != beyond:
            raise TarError(f"unexpected EOF in {what}")
        self.offset += count
