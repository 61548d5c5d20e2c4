"""Leaving what the starting shell happened to have: directory, mask, limits, signals, OOM score."""

import contextlib
import os
import resource
import signal

_OOM_SCORE = "-500"


def leave_surroundings(ready_fd: int) -> None:
    """To be called before anything is opened that should be created with these settings."""
    os.chdir("/")
    os.umask(0o022)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write(_OOM_SCORE)
    with contextlib.suppress(OSError, ValueError):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if ready_fd >= 0:
        os.set_inheritable(ready_fd, False)
