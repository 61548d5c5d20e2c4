"""Extracts an archive into a container's directory (Engine API, PUT /containers/{id}/archive)."""

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from typing import Any

from boxship.archive.reader import TarReader
from boxship.base.errors import InvalidParameter
from boxship.sandbox import passwd
from boxship.sandbox.failure import StageError
from boxship.sandbox.workers import lookup
from boxship.sandbox.workers.accounts import accounts
from boxship.sandbox.workers.inflate import inflate
from boxship.sandbox.workers.layer_sink import ChunkReader
from boxship.sandbox.workers.place import Placer, Rules

_CHUNK = 256 * 1024


def run(root: int | None, args: dict[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """Put the archive from ``fds[0]``, compressed or not, into the directory ``path``.

    ``args``: ``path``, ``container`` (a name for messages), ``noOverwriteDirNonDir``,
    ``copyUIDGID`` with ``user``: everything then belongs to the container's user, if it has one.
    """
    assert root is not None
    os.umask(0)
    destination = _destination(root, os.fsencode(args["path"]), args.get("container", ""))
    rules = Rules(bool(args.get("noOverwriteDirNonDir")), _owner(root, args))
    placer = Placer(root, destination, rules)
    stream = _chunks(fds[0])
    reader = TarReader(ChunkReader(inflate(stream)).read)
    count = 0
    try:
        for entry in reader:
            placer.place(entry, reader.body())
            count += 1
    finally:
        placer.finish()
    for _ in stream:
        pass  # padding behind the end marker: who sends it must not find the pipe closed
    return {"entries": count}


def _destination(root: int, path: bytes, container: str) -> bytes:
    """The clean path of the directory that *path* leads to, its links followed."""
    wanted = lookup.clean_like(path)
    try:
        fd = lookup.open_inside(root, wanted, os.O_PATH)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise InvalidParameter("EvalSymlinks: too many links") from None
        raise lookup.failure(error, wanted, container)
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            raise InvalidParameter("extraction point is not a directory")
    finally:
        os.close(fd)
    return lookup.follow(root, wanted)


def _owner(root: int, args: dict[str, Any]) -> tuple[int, int] | None:
    if not args.get("copyUIDGID") or not args.get("user"):
        return None
    try:
        user = passwd.resolve(args["user"], [], *accounts(root))
    except StageError as error:
        raise InvalidParameter(str(error)) from None
    return user.uid, user.gid


def _chunks(fd: int) -> Iterator[bytes]:
    os.set_blocking(fd, True)
    while data := os.read(fd, _CHUNK):
        yield data
