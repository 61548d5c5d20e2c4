"""A disk that is full: how to recognise the error, and what to say of it."""

import errno
import os

_FULL = (errno.ENOSPC, errno.EDQUOT)
#: Names of SQLite's result codes (sqlite.org/rescode.html): of a full disk, and of one that has no
#: room for the index of the write-ahead log.
_SQLITE_FULL = ("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE")
TEXT = "no space left on device"


def is_full_disk(error: BaseException) -> bool:
    """Return whether *error* says that a disk or a quota is used up."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    # Raised by sqlite3, which clients need not import.
    return getattr(error, "sqlite_errorname", None) in _SQLITE_FULL


def describe(error: BaseException, directory: str | os.PathLike[str]) -> str:
    """Return the user's message for an *error* of a full disk. It names the file of the error, or
    *directory* where the error names none."""
    name = getattr(error, "filename", None)
    return f"{os.fsdecode(name) if isinstance(name, str | bytes) else directory}: {TEXT}"
