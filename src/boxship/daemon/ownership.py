"""A data root belongs to one daemon at a time."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from boxship.base.errors import Conflict

_LOCK = "daemon.lock"


@contextlib.contextmanager
def sole_owner(data_root: Path) -> Iterator[None]:
    """Hold the data root's lock (flock(2), gone with the process). :class:`Conflict` if taken."""
    data_root.mkdir(parents=True, exist_ok=True, mode=0o710)
    fd = os.open(data_root / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise Conflict(
            f"another daemon uses {data_root}: stop it, or give this one its own --data-root"
        ) from None
    try:
        yield
    finally:
        os.close(fd)
