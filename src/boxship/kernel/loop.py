"""Loop devices: plain files as block devices (loop(4))."""

import errno
import fcntl
import os
import struct

_CONTROL = "/dev/loop-control"
_GET_FREE, _CONFIGURE = 0x4C82, 0x4C0A
_READ_ONLY, _AUTOCLEAR = 1, 4
# struct loop_config of linux/loop.h: fd, block size, loop_info64 (its flags after 52 bytes).
_CONFIG = struct.Struct("=II52xI176x64x")
_ATTEMPTS = 20


def attach(path: str) -> tuple[str, int]:
    """A read-only loop device over the file *path*: its name, and a descriptor that keeps it.

    The device goes when its last user does. The caller closes the descriptor. OSError.
    """
    backing = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    control = os.open(_CONTROL, os.O_RDWR | os.O_CLOEXEC)
    try:
        for _ in range(_ATTEMPTS):
            name = f"/dev/loop{fcntl.ioctl(control, _GET_FREE)}"
            device = _configure(name, backing)
            if device is not None:
                return name, device
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), _CONTROL)
    finally:
        os.close(backing)
        os.close(control)


def _configure(name: str, backing: int) -> int | None:
    """None when somebody else took the free device first."""
    device = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.ioctl(device, _CONFIGURE, _CONFIG.pack(backing, 0, _READ_ONLY | _AUTOCLEAR))
    except OSError as error:
        os.close(device)
        if error.errno != errno.EBUSY:
            raise
        return None
    return device
