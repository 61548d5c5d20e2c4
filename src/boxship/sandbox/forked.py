"""The first acts of every forked process, and what the spawner does once on behalf of all."""

import os
import signal
import sys
from collections.abc import Callable

from boxship.kernel import process

#: signal(2) past the enumerations of Python's wrapper, which would cost each shim 100 KB; numbers.
set_handler: Callable[[int, object], object] = vars(signal)["_signal"].signal
_set_mask: Callable[[int, tuple[()]], object] = vars(signal)["_signal"].pthread_sigmask
_SIGCHLD, _DEFAULT, _SET = int(signal.SIGCHLD), int(signal.SIG_DFL), int(signal.SIG_SETMASK)
# What the spawner, a shim or Python itself handles or ignores.
_CHANGED = (_SIGCHLD, int(signal.SIGINT), int(signal.SIGPIPE), int(signal.SIGXFSZ))
_FIXED = (signal.SIGKILL, signal.SIGSTOP)


def cut_imports() -> None:
    """Make every later import fail instead of reading an image's files.

    The spawner does it before its first fork: afterwards it would cost each child a megabyte of
    private memory, since the caches that it frees lie on many shared pages.
    """
    sys.meta_path.clear()
    sys.path_hooks.clear()
    sys.path.clear()
    sys.path_importer_cache.clear()


def become_child(keep: set[int]) -> None:
    """To be called right after fork: only *keep* and the standard descriptors stay open.

    The parent's pipe for signals goes with them: its number will be another file's, into which the
    interpreter would write. Children are waited for, which an ignored SIGCHLD would not allow.
    """
    signal.set_wakeup_fd(-1)
    set_handler(_SIGCHLD, _DEFAULT)
    process.close_other_fds(keep | {0, 1, 2})


def forget_inherited_signals() -> None:
    """For the spawner's start: what its own parent ignored or blocked is no longer."""
    for number in signal.valid_signals():
        # A file that is too long shall stay an error of write(2), as Python has it.
        if number not in _FIXED and number != signal.SIGXFSZ:
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def reset_signals() -> None:
    """Default dispositions and an empty mask, as a program that is executed expects."""
    signal.set_wakeup_fd(-1)
    for number in _CHANGED:
        set_handler(number, _DEFAULT)
    _set_mask(_SET, ())


def silence_stdio() -> None:
    """Point 0, 1 and 2 at /dev/null."""
    null = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    if null > 2:
        os.close(null)
