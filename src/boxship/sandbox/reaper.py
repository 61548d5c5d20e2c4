"""``--init``: a first process that reaps orphans and passes signals on to the user's program."""

import contextlib
import fcntl
import os
import signal
import termios
from typing import NoReturn

from boxship.kernel import process

_NOT_PASSED = {
    signal.SIGCHLD,
    signal.SIGFPE,
    signal.SIGILL,
    signal.SIGSEGV,
    signal.SIGBUS,
    signal.SIGABRT,
    signal.SIGTRAP,
    signal.SIGSYS,
    signal.SIGTTIN,
    signal.SIGTTOU,
    signal.SIGKILL,
    signal.SIGSTOP,
}


def split(pipe: int) -> None:
    """Fork: the child returns and becomes the program, the parent stays as process 1."""
    passed = signal.valid_signals() - _NOT_PASSED
    signal.pthread_sigmask(signal.SIG_BLOCK, passed | {signal.SIGCHLD})
    child = os.fork()
    if child == 0:
        _take_foreground()
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        return
    process.set_name("docker-init")
    process.close_other_fds(set())
    _serve(child, passed)


def _take_foreground() -> None:
    """A group of its own, in the foreground of the terminal if there is one."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        fcntl.ioctl(0, termios.TIOCSPGRP, os.getpid().to_bytes(4, "little"))
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)


def _serve(child: int, passed: set[signal.Signals]) -> NoReturn:
    """Wait for signals; end with the child's status as a shell would report it."""
    waited = passed | {signal.SIGCHLD}
    while True:
        number = signal.sigwait(waited)
        if number != signal.SIGCHLD:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, number)
            continue
        status = _reap(child)
        if status is not None:
            os._exit(status)


def _reap(child: int) -> int | None:
    """Reap everybody who ended; the child's exit code if it is among them."""
    result = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return result
        if pid == 0:
            return result
        if pid == child:
            result = exit_code(status)


def exit_code(status: int) -> int:
    """A wait status as Docker's exit code: 128 plus the signal for a killed process."""
    if os.WIFSIGNALED(status):
        return 128 + os.WTERMSIG(status)
    return os.WEXITSTATUS(status)
