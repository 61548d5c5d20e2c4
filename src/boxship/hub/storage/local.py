"""Blobs as files of a local directory: ``<root>/<first two digits>/<key>``."""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from boxship.base.errors import InvalidParameter, NotFound
from boxship.hub.storage.blobs import Busy, Hash
from boxship.hub.storage.keys import is_key

T = TypeVar("T")
_PIECE = 1 << 20
_VECTORS = 512


class LocalBlobs:
    """The files below *root*, which is made when missing; safe for several processes at once."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        for number in range(256):
            (root / f"{number:02x}").mkdir(parents=True, exist_ok=True, mode=0o700)

    def _path(self, key: str) -> str:
        if not is_key(key):
            raise InvalidParameter(f"invalid key of a blob: {key!r}")
        return f"{self._root}/{key[:2]}/{key}"

    async def append(self, key: str) -> "LocalWriter":
        path = self._path(key)
        return await asyncio.to_thread(_open_writer, path)

    async def size(self, key: str) -> int:
        try:
            return os.stat(self._path(key)).st_size
        except FileNotFoundError:
            return 0

    async def open(self, key: str) -> "LocalReader":
        """Opening does not wait for the disk longer than for a directory's entry."""
        try:
            return _open_reader(self._path(key))
        except FileNotFoundError:
            raise NotFound(f"no such blob: {key}") from None

    async def remove(self, key: str) -> None:
        path = self._path(key)
        with contextlib.suppress(FileNotFoundError):
            await asyncio.to_thread(os.unlink, path)


def _open_reader(path: str) -> "LocalReader":
    return LocalReader(open(path, "rb", buffering=0))


def _open_writer(path: str) -> "LocalWriter":
    """The lock is the kernel's, and ends with the process that holds it."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise Busy("another request writes this upload") from None
    return LocalWriter(fd, os.path.dirname(path))


class LocalWriter:
    """Owns the locked descriptor *fd*.

    A cancelled request leaves a thread that still writes: closing waits for it, so that nobody
    else gets the lock, nor the number of the descriptor, before it is done.
    """

    def __init__(self, fd: int, directory: str) -> None:
        self._fd = fd
        self._directory = directory
        self._running: asyncio.Future[Any] | None = None
        self._closed = False
        self.offset = os.fstat(fd).st_size

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._running is not None:  # of a caller that was cancelled
            await asyncio.wait([self._running])
        future = asyncio.get_running_loop().run_in_executor(None, work)
        self._running = future
        try:
            return await asyncio.shield(future)
        finally:
            if future.done():
                self._running = None

    async def write(self, chunks: Sequence[bytes], digest: Hash | None) -> None:
        def work() -> None:
            for chunk in chunks:
                if digest is not None:
                    digest.update(chunk)
            for first in range(0, len(chunks), _VECTORS):
                _write_all(self._fd, chunks[first : first + _VECTORS])
            # The disk begins now (posix_fadvise(2)), and sync() finds little left to wait for.
            os.posix_fadvise(self._fd, self.offset, size, os.POSIX_FADV_DONTNEED)

        size = sum(map(len, chunks))
        await self._in_thread(work)
        self.offset += size

    async def truncate(self, size: int) -> None:
        await self._in_thread(lambda: os.ftruncate(self._fd, size))
        self.offset = size

    async def hash(self, digest: Hash) -> None:
        def work() -> None:
            position = 0
            while piece := os.pread(self._fd, _PIECE, position):
                digest.update(piece)
                position += len(piece)

        await self._in_thread(work)

    async def sync(self) -> None:
        def work() -> None:
            os.fsync(self._fd)
            directory = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)

        await self._in_thread(work)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._running is None or self._running.done():
            os.close(self._fd)
        else:
            self._running.add_done_callback(self._close_after)

    def _close_after(self, future: "asyncio.Future[Any]") -> None:
        os.close(self._fd)
        if not future.cancelled():
            future.exception()  # nobody else looks at it any more


def _write_all(fd: int, chunks: Sequence[bytes]) -> None:
    written = os.writev(fd, chunks)
    for chunk in chunks:
        rest = memoryview(chunk)[min(written, len(chunk)) :]
        written -= min(written, len(chunk))
        while rest:
            rest = rest[os.write(fd, rest) :]


class LocalReader:
    """Owns *file*."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    @property
    def size(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    @property
    def file(self) -> BinaryIO:
        return self._file

    async def chunks(self, start: int, count: int) -> AsyncIterator[bytes]:
        while count:
            piece = await asyncio.to_thread(
                os.pread, self._file.fileno(), min(_PIECE, count), start
            )
            if not piece:
                raise NotFound("the blob ends before its announced length")
            yield piece
            start += len(piece)
            count -= len(piece)

    def close(self) -> None:
        self._file.close()
