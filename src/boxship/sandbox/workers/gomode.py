"""Go's os.FileMode, the number that Docker's clients expect as a file's mode (package io/fs)."""

import stat

_DIR, _SYMLINK, _DEVICE, _FIFO = 1 << 31, 1 << 27, 1 << 26, 1 << 25
_SOCKET, _SETUID, _SETGID, _CHAR, _STICKY = 1 << 24, 1 << 23, 1 << 22, 1 << 21, 1 << 20
_TYPES = {
    stat.S_IFDIR: _DIR,
    stat.S_IFLNK: _SYMLINK,
    stat.S_IFBLK: _DEVICE,
    stat.S_IFCHR: _DEVICE | _CHAR,
    stat.S_IFIFO: _FIFO,
    stat.S_IFSOCK: _SOCKET,
}
_BITS = ((stat.S_ISUID, _SETUID), (stat.S_ISGID, _SETGID), (stat.S_ISVTX, _STICKY))


def file_mode(mode: int) -> int:
    """``st_mode`` as Go's FileMode."""
    special = sum(go for bit, go in _BITS if mode & bit)
    return (mode & 0o777) | _TYPES.get(stat.S_IFMT(mode), 0) | special
