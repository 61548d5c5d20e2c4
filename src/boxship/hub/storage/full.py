"""Whether an error means that there is no room, whichever store it comes from."""

import errno
import sqlite3

_ERRNOS = (errno.ENOSPC, errno.EDQUOT)


def is_full(error: Exception) -> bool:
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL
    return isinstance(error, OSError) and error.errno in _ERRNOS
