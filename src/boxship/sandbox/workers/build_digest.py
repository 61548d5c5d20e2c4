"""The digest of what a step copies: names, kinds, modes, owners, links, content; never times."""

import binascii
import hashlib
import os
import stat
from collections.abc import Sequence
from typing import Any

from boxship.sandbox.workers import members
from boxship.sandbox.workers.build_sources import Rules, matched
from boxship.sandbox.workers.levels import Level
from boxship.sandbox.workers.remembered import Remembered

_PIECE = 1 << 20


def run(root: int | None, args: dict[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """``args["actions"]``: copies, as :mod:`boxship.sandbox.workers.build_layer` has them.

    Returns ``digests``, one for each, and the ``stamp`` of all that was looked at. *fds* are the
    source trees; with ``args["remember"]`` two files come before them: digests of the time before,
    and an empty one for those of now.
    """
    if not args.get("remember"):
        return _digests(args["actions"], list(fds), Remembered())
    before, now, *trees = fds
    remembered = Remembered(_read(before))
    answer = _digests(args["actions"], trees, remembered)
    with os.fdopen(os.dup(now), "wb") as out:
        out.write(remembered.encoded())
    return answer


def _read(fd: int) -> bytes:
    with os.fdopen(os.dup(fd), "rb") as table:
        return table.read()


def _digests(actions: list[dict[str, Any]], trees: list[int], files: Remembered) -> dict[str, Any]:
    digests = [_digest(action, trees, files) for action in actions]
    return {"digests": digests, "stamp": files.stamp()}


def _digest(action: dict[str, Any], fds: list[int], files: Remembered) -> str:
    total = hashlib.sha256()
    excludes = Rules(action.get("excludes", ()))
    owners = bool(action.get("owners"))
    for source, found in matched(action, fds):
        total.update(b"match\0" + found.path + b"\0")
        total.update(_object(b"", found.fd, found.stat, owners, files))
        if found.is_dir:
            known = _Known(total, owners, files)
            takes = known.add if source.has_all(excludes) else files.known
            for node in source.below(found, excludes, takes):
                total.update(_object(node.path, node.fd, node.stat, owners, files))
    return total.hexdigest()


class _Known:
    """Adds what is remembered of files to *total*, in fewer steps than it takes to look at them one
    by one: of most builds that is most of their files."""

    def __init__(self, total: "hashlib._Hash", owners: bool, files: Remembered) -> None:
        self._total = total
        self._owners = owners
        self._files = files

    def add(self, level: Level) -> tuple[()]:
        """:data:`boxship.sandbox.workers.walk.Known`; hands out nothing."""
        prefix, update, owners = level.join(b""), self._total.update, self._owners
        sha256, hexlify = hashlib.sha256, binascii.hexlify
        for name, status, digest in self._files.taken(level):
            if owners:
                facts = _facts(prefix + name, status, owners)
            else:
                facts = b"%b%b\0%d" % (prefix, name, status.st_mode)
            update(sha256(b"%b\0%b" % (facts, hexlify(digest))).digest())
        return ()


def _facts(path: bytes, status: os.stat_result, owners: bool) -> bytes:
    if owners:
        return b"%b\0%d\0%d\0%d" % (path, status.st_mode, status.st_uid, status.st_gid)
    return b"%b\0%d" % (path, status.st_mode)


def _object(path: bytes, fd: int, status: os.stat_result, owners: bool, files: Remembered) -> bytes:
    """One record of fixed length fields, so that no two trees share a digest."""
    mode = status.st_mode
    facts = _facts(path, status, owners)
    if not stat.S_ISREG(mode):
        files.see(status)
    if stat.S_ISREG(mode):
        facts += b"\0" + binascii.hexlify(_content(fd, status, files))
    elif stat.S_ISLNK(mode):
        facts += b"\0" + hashlib.sha256(os.readlink(b"", dir_fd=fd)).hexdigest().encode()
    elif stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        facts += b"\0%d" % status.st_rdev
    return hashlib.sha256(facts).digest()


def _content(node: int, status: os.stat_result, files: Remembered) -> bytes:
    """The digest of attributes and data of the regular file *node*, which had *status*."""
    known = files.digest(status)
    if known is not None:
        return known
    fd = members.open_data(node)
    try:
        digest = hashlib.sha256()
        for name, value in members.xattrs(fd).items():
            digest.update(name.encode() + b"\0" + str(len(value)).encode() + b"\0" + value)
        digest.update(b"\0")
        while piece := os.read(fd, _PIECE):
            digest.update(piece)
    finally:
        os.close(fd)
    files.note(status, digest.digest())
    return digest.digest()
