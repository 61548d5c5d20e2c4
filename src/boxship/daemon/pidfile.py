"""The file that tells service managers and commands which process the daemon is."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from boxship.base.errors import Conflict


@contextlib.contextmanager
def pidfile(path: Path) -> Iterator[None]:
    """Keep our process id in *path* for the daemon's life, locked (flock(2)).

    :class:`Conflict` if the lock or the process id in *path* belongs to another living daemon.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = _locked(path)
    try:
        _refuse_foreign(path, descriptor)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        try:
            yield
        finally:
            if _is_at(path, descriptor):
                path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _locked(path: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise _in_use(path) from None
        # The daemon that owned the file may have removed it between open and lock.
        if _is_at(path, descriptor):
            return descriptor
        os.close(descriptor)


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _refuse_foreign(path: Path, descriptor: int) -> None:
    """Raise if *path* is the pidfile of a living dockerd, which locks nothing."""
    text = os.pread(descriptor, 32, 0).strip()
    if not text.isdigit():
        return
    with contextlib.suppress(OSError):
        if Path(f"/proc/{int(text)}/comm").read_bytes().strip() == b"dockerd":
            raise _in_use(path)


def _in_use(path: Path) -> Conflict:
    return Conflict(
        f"another daemon uses the pidfile {path}: stop it, or give this one its own --pidfile"
    )
