"""From log files to a client's stream, with tail, time limits and following."""

import asyncio
import itertools
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator

from boxship.logs.entries import Selection, decode, encode, select
from boxship.logs.follow import Watch

_BLOCK = 1 << 18
# Bytes of a log that are sent in a frame for each line.
_IN_LINES = 4 << 20


def _files_of(path: str) -> list[str]:
    """The log's files up to the first number that is missing, oldest first."""
    rotated = []
    number = 1
    while os.path.exists(older := f"{path}.{number}"):
        rotated.append(older)
        number += 1
    return [*reversed(rotated), *([path] if os.path.exists(path) else [])]


def _rotated(path: str) -> Iterator[str]:
    """Names of older files, newest first. In a rotation, which renames the oldest first, one name
    in between is nobody's for a moment."""
    number = 1
    while os.path.exists(f"{path}.{number}") or os.path.exists(f"{path}.{number + 1}"):
        yield f"{path}.{number}"
        number += 1


def _tail_offset(fd: int, lines: int) -> tuple[int, int]:
    """Where the last *lines* lines of a file begin, and how many of them it has."""
    position = size = os.fstat(fd).st_size
    found = 0
    while position > 0:
        start = max(0, position - _BLOCK)
        block = os.pread(fd, position - start, start)
        if position == size and block.endswith(b"\n"):
            block = block[:-1]
        count = block.count(b"\n")
        if found + count >= lines:
            return start + _nth_from_end(block, lines - found) + 1, lines
        found += count
        position = start
    return 0, found + (1 if size else 0)


def _nth_from_end(block: bytes, number: int) -> int:
    at = len(block)
    for _ in range(number):
        at = block.rfind(b"\n", 0, at)
    return at


def _starts(path: str, tail: int) -> list[tuple[int, int]]:
    """(descriptor, offset) for each file that has wanted lines, oldest first.

    Opened from the newest on: files that move meanwhile come our way once more, and none is missed.
    """
    opened: list[tuple[int, int]] = []
    left = tail
    for name in itertools.chain([path], _rotated(path)):
        try:
            fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        if opened and os.path.sameopenfile(fd, opened[-1][0]):
            os.close(fd)  # rotated since we opened it by its former name
            continue
        offset = 0
        if tail >= 0:
            offset, found = _tail_offset(fd, left) if left else (os.fstat(fd).st_size, 0)
            left -= found
        opened.append((fd, offset))
    return opened[::-1]


def _blocks(fd: int, offset: int) -> Iterator[tuple[bytes, int]]:
    """Whole lines from *offset* on, and the offset behind them."""
    rest = b""
    while data := os.pread(fd, _BLOCK, offset + len(rest)):
        rest += data
        cut = rest.rfind(b"\n") + 1
        if cut:
            offset += cut
            yield rest[:cut], offset
            rest = rest[cut:]


class _Reader:
    """Sends what a file has from :attr:`offset` on, which moves along."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._sent = 0
        self.offset = 0
        self.finished = False

    async def read(self, fd: int) -> AsyncIterator[bytes]:
        for lines, position in _blocks(fd, self.offset):
            entries, late = select(decode(lines), self._selection)
            if entries:
                self._sent += len(lines)
                yield encode(entries, self._selection, self._in_bulk())
            self.offset = position
            if late:
                self.finished = True
                return
            # Other requests get their turn between blocks.
            await asyncio.sleep(0)

    def _in_bulk(self) -> bool:
        """Who follows wants lines as they come, and who reads a log of some size counts frames."""
        return not self._selection.follow and self._sent > _IN_LINES


async def read(
    path: str, selection: Selection, ended: "asyncio.Future[None] | None" = None
) -> AsyncGenerator[bytes, None]:
    """The log at *path*. With ``follow``: on and on, until *ended* is done and all is read."""
    watch = Watch(path) if selection.follow and ended is not None else None
    reader = _Reader(selection)
    starts = _starts(path, selection.tail)
    try:
        for index, (fd, start) in enumerate(starts):
            reader.offset = start
            async for piece in reader.read(fd):
                yield piece
            if reader.finished:
                return
            if index < len(starts) - 1 or watch is None:
                os.close(fd)
                starts[index] = (-1, 0)
        if watch is not None and ended is not None:
            current = starts[-1][0] if starts else -1
            starts.clear()
            async for piece in _follow(path, reader, watch, ended, current):
                yield piece
    finally:
        for fd, _ in starts:
            if fd >= 0:
                os.close(fd)
        if watch is not None:
            watch.close()


async def _follow(
    path: str, reader: _Reader, watch: Watch, ended: "asyncio.Future[None]", fd: int
) -> AsyncGenerator[bytes, None]:
    """Owns *fd* (or -1, if there is no file yet), which *reader* has begun with."""
    try:
        while True:
            last = ended.done()
            if fd >= 0:
                async for piece in reader.read(fd):
                    yield piece
            if reader.finished:
                return
            renewed = await _successor(path, fd)
            if renewed is not None:
                if fd >= 0:
                    # What was written between our last look and the rotation.
                    async for piece in reader.read(fd):
                        yield piece
                    os.close(fd)
                fd, reader.offset = renewed, 0
                continue
            if fd >= 0 and os.fstat(fd).st_size < reader.offset:
                reader.offset = 0  # the only file of a log begins anew
                continue
            if last:
                return
            await watch.changed(ended)
    finally:
        if fd >= 0:
            os.close(fd)


async def _successor(path: str, fd: int) -> int | None:
    """A descriptor of the file that follows *fd*'s; None if that is the newest.

    Files move on while we look. A rotation renames the oldest first, so the successor is the right
    one if its predecessor still has its name afterwards.
    """
    while True:
        names = _files_of(path)
        place = next((n for n, name in enumerate(names) if fd >= 0 and _is(name, fd)), -1)
        if place >= 0 and names[place] == path:
            return None
        if place < 0 and fd >= 0 and os.fstat(fd).st_nlink:
            await asyncio.sleep(0.001)  # between two names
            continue
        if place + 1 >= len(names):
            return None
        try:
            fresh = os.open(names[place + 1], os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        if place < 0 or _is(names[place], fd):
            return fresh
        os.close(fresh)


def _is(name: str, fd: int) -> bool:
    try:
        return os.path.samestat(os.stat(name), os.fstat(fd))
    except FileNotFoundError:
        return False
