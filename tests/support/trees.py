"""A tree as a plain dictionary, so that two of them compare with ``==``."""

import io
import os
import stat
import tarfile
from pathlib import Path
from typing import Any


def of_directory(top: Path, times: bool = True) -> dict[str, tuple[Any, ...]]:
    """path -> (type, mode, uid, gid, seconds, content); content is data, target or device."""
    found = {}
    for parent, directories, files in os.walk(os.fsencode(top)):
        for name in directories + files:
            path = os.path.join(parent, name)
            status = os.lstat(path)
            when = int(status.st_mtime) if times else 0
            shown = os.fsdecode(os.path.relpath(path, os.fsencode(top)))
            mode, owner = stat.S_IMODE(status.st_mode), (status.st_uid, status.st_gid)
            found[shown] = (_type(status), mode, *owner, when, _content(path, status))
    return found


def _type(status: os.stat_result) -> str:
    return stat.filemode(status.st_mode)[0]


def _content(path: bytes, status: os.stat_result) -> Any:
    if stat.S_ISREG(status.st_mode):
        return Path(os.fsdecode(path)).read_bytes()
    if stat.S_ISLNK(status.st_mode):
        return os.readlink(path)
    return status.st_rdev if _type(status) in "bc" else None


def of_tar(data: bytes) -> list[tuple[Any, ...]]:
    """The members in order, as Python's tarfile reads them: (name, type, mode, uid, gid, seconds,
    link, size, attributes).
    """
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return [_member(member) for member in archive]


def _member(member: tarfile.TarInfo) -> tuple[Any, ...]:
    xattrs = {k: v for k, v in member.pax_headers.items() if k.startswith("SCHILY.xattr.")}
    link = member.linkname if member.islnk() or member.issym() else ""
    head = (member.name, member.type.decode(), member.mode, member.uid, member.gid)
    return (*head, int(member.mtime), link, member.size, xattrs)
