"""What is written past the page cache is there, and not in memory."""

import errno
import os
from pathlib import Path

import pytest

from boxship.kernel import uncached
from support.waiting import eventually

_PAGE = os.sysconf("SC_PAGE_SIZE")
_DATA = bytes(range(256)) * (_PAGE // 16)


def _is_in_memory(fd: int) -> bool:
    try:
        return os.preadv(fd, [bytearray(_PAGE)], 0, os.RWF_NOWAIT) == _PAGE
    except OSError as error:
        assert error.errno == errno.EAGAIN
        return False


def test_it_is_appended_and_leaves_memory(tmp_path: Path) -> None:
    fd = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    try:
        try:
            assert uncached.write(fd, memoryview(_DATA)) == len(_DATA)
        except NotImplementedError:
            # As on file systems that cannot, of which one is below.
            assert not os.fstat(fd).st_size
            return
        assert uncached.write(fd, _DATA) == len(_DATA)
        os.fsync(fd)
        eventually(lambda: not _is_in_memory(fd))
        assert os.pread(fd, 3 * len(_DATA), 0) == 2 * _DATA
        assert _is_in_memory(fd)
    finally:
        os.close(fd)


def test_where_it_is_not_possible_nothing_is_written() -> None:
    memory = os.memfd_create("memory")
    try:
        with pytest.raises(NotImplementedError):
            uncached.write(memory, _DATA)
        assert not os.fstat(memory).st_size
    finally:
        os.close(memory)


def test_other_errors_are_as_of_every_write(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    fd = os.open(tmp_path / "file", os.O_RDONLY)
    try:
        with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
            uncached.write(fd, _DATA)
    finally:
        os.close(fd)
