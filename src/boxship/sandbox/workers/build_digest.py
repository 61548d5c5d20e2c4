"""The digest of what a step copies: names, kinds, modes, owners, links, content; never times."""

import hashlib
import os
import stat
from collections.abc import Sequence
from typing import Any

from boxship.sandbox.workers import members
from boxship.sandbox.workers.build_sources import Rules, matched

_PIECE = 1 << 20


def run(root: int | None, args: dict[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """``args["actions"]``: copies, as :mod:`boxship.sandbox.workers.build_layer` has them.

    Returns ``digests``, one for each. *fds* are the source trees.
    """
    trees = [*fds]
    return {"digests": [_digest(action, trees) for action in args["actions"]]}


def _digest(action: dict[str, Any], fds: list[int]) -> str:
    total = hashlib.sha256()
    excludes = Rules(action.get("excludes", ()))
    for source, found in matched(action, fds):
        total.update(b"match\0" + found.path + b"\0")
        total.update(_object(b"", found.fd, found.stat, bool(action.get("owners"))))
        if found.is_dir:
            for node in source.below(found, excludes):
                total.update(_object(node.path, node.fd, node.stat, bool(action.get("owners"))))
    return total.hexdigest()


def _object(path: bytes, fd: int, status: os.stat_result, owners: bool) -> bytes:
    """One record of fixed length fields, so that no two trees share a digest."""
    mode = status.st_mode
    facts = [str(mode).encode()]
    if owners:
        facts += [str(status.st_uid).encode(), str(status.st_gid).encode()]
    if stat.S_ISLNK(mode):
        facts.append(hashlib.sha256(os.readlink(b"", dir_fd=fd)).hexdigest().encode())
    elif stat.S_ISREG(mode):
        facts.append(_content(fd))
    elif stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        facts.append(str(status.st_rdev).encode())
    return hashlib.sha256(path + b"\0" + b"\0".join(facts)).digest()


def _content(node: int) -> bytes:
    fd = members.open_data(node)
    try:
        digest = hashlib.sha256()
        for name, value in members.xattrs(fd).items():
            digest.update(name.encode() + b"\0" + str(len(value)).encode() + b"\0" + value)
        digest.update(b"\0")
        while piece := os.read(fd, _PIECE):
            digest.update(piece)
        return digest.hexdigest().encode()
    finally:
        os.close(fd)
