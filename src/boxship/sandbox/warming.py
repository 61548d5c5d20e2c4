"""Pages that a forked process will write to, copied while it waits instead of on a start's way.

A child shares its parent's pages until it writes to them, and the interpreter writes to all that it
runs. A fault for each page is a tenth of the time that a container takes to start. The first
process of a kind notes which pages it has got for itself by the time that it is done; later ones
are born with the same layout and take those while nobody waits for them.
"""

import contextlib
import ctypes
import mmap
import os
import struct
from collections.abc import Iterable, Iterator

from boxship.kernel import libc
from boxship.sandbox import messages

_PAGE = mmap.PAGESIZE
_SIZE = 1 << 16
# Runs, and the bytes that they have.
_HEAD = struct.Struct("=QQ")
_RUN = struct.Struct("=QQ")
_ENTRY = struct.Struct("=Q")
# proc_pid_pagemap(5): in memory, a page of a file or shared, mapped by nobody else.
_PRESENT, _OF_FILE, _EXCLUSIVE = 1 << 63, 1 << 61, 1 << 56
_POPULATE_WRITE = 23

_madvise = libc.function("madvise", ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int)
_process_madvise = libc.system_call(
    libc.PROCESS_MADVISE,
    *(ctypes.c_int, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int, ctypes.c_uint),
)
# Runs, of which the second call takes this many (UIO_MAXIOV).
_MOST = 1024


class Lesson:
    """What the processes of one kind have learned; made before the first fork, shared by all."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, _SIZE)
        self._address = ctypes.addressof(ctypes.c_char.from_buffer(self._shared))

    def begin(self) -> "Learner":
        """To be called while /proc is the host's."""
        return Learner(self, wanted=not self._head()[0])

    def _head(self) -> tuple[int, int]:
        count, size = _HEAD.unpack_from(self._shared)
        return count, size

    def note(self, pages: Iterable[int]) -> None:
        """*pages*: addresses that rise."""
        runs = [*_runs(pages)][:_MOST]
        for number, run in enumerate(runs, 1):
            _RUN.pack_into(self._shared, number * _RUN.size, *run)
        # One that reads too early finds none.
        _HEAD.pack_into(self._shared, 0, len(runs), sum(length for _, length in runs))

    def apply(self) -> None:
        """Have this process's own copies of the pages that others needed; nothing by old kernels"""
        count, size = self._head()
        if count and self._apply_at_once(count) != size:
            # Not by this kernel, or something is mapped no more.
            for number in range(1, count + 1):
                _madvise(*_RUN.unpack_from(self._shared, number * _RUN.size), _POPULATE_WRITE)

    def _apply_at_once(self, count: int) -> int:
        """How many bytes are there now. The runs are laid out as process_madvise(2) wants them; it
        takes this from Linux 6.13 on, and ends at the first that it cannot do."""
        process = os.pidfd_open(os.getpid())
        runs = self._address + _RUN.size
        done = _process_madvise(process, runs, count, _POPULATE_WRITE, 0)
        os.close(process)
        return done


class Learner:
    """One process that teaches the later ones."""

    def __init__(self, lesson: Lesson, wanted: bool) -> None:
        self._lesson = lesson
        self._maps = self._pagemap = -1
        if wanted:
            self._maps = os.open("/proc/self/maps", os.O_RDONLY | os.O_CLOEXEC)
            self._pagemap = os.open("/proc/self/pagemap", os.O_RDONLY | os.O_CLOEXEC)

    def finish(self) -> None:
        """Note which pages this process has to itself by now, if nobody has done so before."""
        if self._pagemap < 0:
            return
        # Whoever began may have borne another process in a user namespace, and be gone.
        with contextlib.suppress(ProcessLookupError):
            self._lesson.note([*_own_pages(self._maps, self._pagemap)])
        os.close(self._pagemap)


def _own_pages(maps: int, pagemap: int) -> Iterator[int]:
    for start, end in _writable(maps):
        size, offset = (value // _PAGE * _ENTRY.size for value in (end - start, start))
        entries = _ENTRY.iter_unpack(os.pread(pagemap, size, offset))
        for address, (entry,) in zip(range(start, end, _PAGE), entries, strict=False):
            if entry & _PRESENT and entry & _EXCLUSIVE and not entry & _OF_FILE:
                yield address


def _writable(maps: int) -> Iterator[tuple[int, int]]:
    """Start and end of each mapping that a child copies when it writes."""
    for line in messages.read_all(maps).splitlines():
        place, rights, _ = line.split(b" ", 2)
        if rights == b"rw-p" and not line.endswith(b"[stack]"):
            start, end = place.split(b"-")
            yield int(start, 16), int(end, 16)


def _runs(pages: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Start and length of each run of *pages*, whose addresses rise."""
    start = end = 0
    for page in pages:
        if page != end:
            if end:
                yield start, end - start
            start = page
        end = page + _PAGE
    if end:
        yield start, end - start
