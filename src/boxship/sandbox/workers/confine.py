"""Gives a worker that reads hostile data as little as it needs: one directory and nothing else.

Everything the worker calls afterwards has to be imported already: the new root holds no code.
"""

import gc
import os
import resource

from boxship.kernel import process

NOBODY = 65534
_MEMORY = 4 << 30
_DESCRIPTORS = 64
_ISOLATED = process.CLONE_NEWNET | process.CLONE_NEWIPC | process.CLONE_NEWUTS


def into(directory: str, disk: int) -> None:
    """Make *directory* this process's whole world, at most *disk* bytes a file.

    *directory* becomes the root and the working directory, and the property of the unprivileged
    user that this process turns into for good: no capability, no new privileges (prctl(2),
    PR_SET_NO_NEW_PRIVS), no new process, no network. Must be called as root.
    """
    os.chown(directory, NOBODY, NOBODY, follow_symlinks=False)
    process.unshare(_ISOLATED)
    os.chroot(directory)
    os.chdir("/")
    os.umask(0o077)
    _limit(disk)
    gc.disable()  # it would walk, again and again, an index that grows until the process ends
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    process.set_no_new_privs()


def _limit(disk: int) -> None:
    limits = {
        resource.RLIMIT_FSIZE: disk,
        resource.RLIMIT_AS: _MEMORY,
        resource.RLIMIT_NOFILE: _DESCRIPTORS,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_CORE: 0,
    }
    for kind, value in limits.items():
        resource.setrlimit(kind, (value, value))
