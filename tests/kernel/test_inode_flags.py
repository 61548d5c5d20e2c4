"""The hint that directories are unrelated lasts as long as it should, where there is one."""

import errno
import fcntl
import os
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxship.base import inode_flags
from boxship.kernel import mount

_SET = 0x40086602


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[int]:
    fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield fd
    os.close(fd)


def _takes_hints(fd: int) -> bool:
    try:
        flags = inode_flags.flags(fd)
        fcntl.ioctl(fd, _SET, struct.pack("=I4x", flags | inode_flags.TOPDIR))
        fcntl.ioctl(fd, _SET, struct.pack("=I4x", flags))
    except OSError as error:
        assert error.errno in (errno.ENOTTY, errno.EOPNOTSUPP, errno.EINVAL)
        return False
    return True


def test_a_directory_is_spread_and_then_as_before(directory: int, tmp_path: Path) -> None:
    takes = _takes_hints(directory)
    with inode_flags.spreading(str(tmp_path)):
        (tmp_path / "apart").mkdir()
        if takes:
            assert inode_flags.flags(directory) & inode_flags.TOPDIR
    if takes:
        assert not inode_flags.flags(directory) & inode_flags.TOPDIR


def test_who_had_the_hint_keeps_it(directory: int, tmp_path: Path) -> None:
    if not _takes_hints(directory):
        return
    flags = inode_flags.flags(directory) | inode_flags.TOPDIR
    fcntl.ioctl(directory, _SET, struct.pack("=I4x", flags))
    with inode_flags.spreading(str(tmp_path)):
        (tmp_path / "apart").mkdir()
    assert inode_flags.flags(directory) == flags


def test_file_systems_without_hints_are_left_alone(tmp_path: Path) -> None:
    context = mount.fsopen("tmpfs")
    try:
        mount.fsconfig_create(context)
        fd = mount.fsmount(context, 0)
    finally:
        os.close(context)
    try:
        root = f"/proc/self/fd/{fd}"
        with inode_flags.spreading(root):
            os.mkdir(f"{root}/apart")
        assert os.listdir(root) == ["apart"]
    finally:
        os.close(fd)
