"""Writing past the page cache, where the file system can (Linux 6.14, RWF_DONTCACHE)."""

import errno
import os

# Of pwritev2(2); Python has no name for it yet.
_RWF_DONTCACHE = 0x80
_AT_ITS_POSITION = -1


def write(fd: int, data: bytes | memoryview) -> int:
    """Append to the file *fd* what the disk gets at once and memory keeps no longer than that.

    Returns how many bytes were taken. NotImplementedError where the kernel or the file system
    cannot; other OSErrors as write(2) has them.
    """
    try:
        return os.pwritev(fd, [data], _AT_ITS_POSITION, _RWF_DONTCACHE)
    except OSError as error:
        if error.errno == errno.EOPNOTSUPP:
            raise NotImplementedError from None
        raise
