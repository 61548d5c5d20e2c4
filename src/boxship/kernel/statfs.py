"""statfs(2): which kind of file system a descriptor lies on."""

import ctypes

from boxship.kernel import libc

# Magic numbers from linux/magic.h of file systems that show kernel objects instead of files.
PROC, SYSFS, DEVPTS, MQUEUE = 0x9FA0, 0x62656572, 0x1CD1, 0x19800202
CGROUP, CGROUP2, BPF, TRACEFS = 0x27E0EB, 0x63677270, 0xCAFE4A11, 0x74726163
DEBUGFS, SECURITYFS, EFIVARFS, CONFIGFS = 0x64626720, 0x73636673, 0xDE5E81E4, 0x62656570
KERNEL_OBJECTS = frozenset(
    {PROC, SYSFS, DEVPTS, MQUEUE, CGROUP, CGROUP2, BPF, TRACEFS}
    | {DEBUGFS, SECURITYFS, EFIVARFS, CONFIGFS}
)

_ROOM = 256  # more than struct statfs has on any architecture


def magic(fd: int) -> int:
    """``f_type`` of the file system that *fd* lies on; O_PATH descriptors are fine."""
    buffer = (ctypes.c_ulong * (_ROOM // ctypes.sizeof(ctypes.c_ulong)))()
    libc.call("fstatfs", fd, ctypes.byref(buffer))
    return int(buffer[0])
