"""Digests of files that were read before: a file whose inode says that it did not change since
then is not even opened.

The records are of a fixed size: device, inode, size, times of data and of the inode in nanoseconds
(40 bytes, the machine's own order), and the digest (32 bytes).
"""

import hashlib
import os
import struct
import time
from collections.abc import Iterator

from boxship.sandbox.workers.levels import Level
from boxship.sandbox.workers.walk import Node

_KEY = struct.Struct("=QQqqq")
_ROW = struct.Struct("=40s32s")
# A change within the clock's resolution of the last one leaves no trace: what is younger than
# this many nanoseconds is read again.
_YOUNG = 2_000_000_000
# As far apart, in nanoseconds, two changes have to be for the clock to tell them apart.
_TICK = 20_000_000
# Which number of a key is the time of the inode.
_CHANGED = 4


class Remembered:
    """What was *known* before, as :meth:`encoded` gave it. *young*: nanoseconds since its last
    change after which a file may be remembered."""

    def __init__(self, known: bytes = b"", young: int = _YOUNG) -> None:
        whole = len(known) - len(known) % _ROW.size
        self._known: dict[bytes, bytes] = dict(_ROW.iter_unpack(known[:whole]))
        self._used: dict[bytes, bytes] = {}
        self._before = time.time_ns() - young
        self._start = time.time_ns()
        self._seen: list[bytes] = []
        self._last: tuple[os.stat_result | None, bytes, bytes | None] = None, b"", None

    def known(self, level: Level) -> Iterator[Node]:
        """Take the next files off the open directory *level* for as long as :meth:`digest` has
        them."""
        names, prefix = level.names, level.join(b"")
        while names:
            try:
                status = os.stat(names[-1], dir_fd=level.fd, follow_symlinks=False)
            except OSError:
                return
            if self._look(status)[1] is None:
                return
            yield Node(prefix + names.pop(), -1, status, [])

    def taken(self, level: Level) -> Iterator[tuple[bytes, os.stat_result, bytes]]:
        """The same as names with their digests, which count as asked for."""
        # Builds that change nothing spend most of their time here: so no call that is not needed.
        names, fd = level.names, level.fd
        get, used, see, pack = self._known.get, self._used, self._seen.append, _KEY.pack
        while names:
            try:
                s = os.stat(names[-1], dir_fd=fd, follow_symlinks=False)
            except OSError:
                return
            key = pack(s.st_dev, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns)
            digest = get(key)
            if digest is None:
                return
            see(key)
            used[key] = digest
            yield names.pop(), s, digest

    def _look(self, status: os.stat_result) -> tuple[bytes, bytes | None]:
        """The key of the file with *status*, and what is known of it. Whoever learns that it is
        known asks next what is."""
        last, key, found = self._last
        if status is not last:
            key = _key(status)
            found = self._known.get(key)
            self._last = status, key, found
        return key, found

    def digest(self, status: os.stat_result) -> bytes | None:
        """The digest of the file with *status*, None when it has to be read."""
        key, found = self._look(status)
        self._seen.append(key)
        if found is not None:
            self._used[key] = found
        return found

    def note(self, status: os.stat_result, digest: bytes) -> None:
        """*digest*, 32 bytes, is that of the file which had *status* before it was read."""
        if status.st_ctime_ns < self._before:
            self._used[_key(status)] = digest

    def see(self, status: os.stat_result) -> None:
        """Let something count for the stamp that is no regular file."""
        self._seen.append(_key(status))

    def stamp(self, tick: int = _TICK) -> str:
        """What says that nothing has changed between two looks at the same files, though it may
        have changed back. Empty when something is so new that a change would not be seen."""
        seen = b"".join(self._seen)
        changes = memoryview(seen).cast("q")[_CHANGED :: _KEY.size // 8]
        if max(changes, default=0) > self._start - tick:
            return ""
        return hashlib.sha256(seen).hexdigest()

    def encoded(self) -> bytes:
        """What was asked for or noted; what nobody asked for any more is left out."""
        return b"".join(key + digest for key, digest in self._used.items())


def _key(status: os.stat_result) -> bytes:
    return _KEY.pack(
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )
