"""Paths inside a container's root, resolved by the kernel or, for display, link by link."""

import errno
import os
import stat

from boxship.base.errors import InvalidParameter, NotFound
from boxship.kernel.openat2 import BENEATH, INSIDE, NO_SYMLINKS, openat2

_PIECE = 3900  # bytes; one call takes less than PATH_MAX (4096)
# EXDEV: a part of a very long path leads outside of what the parts before it opened.
_CALLERS_FAULT = (errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EACCES, errno.EXDEV)
# Nothing is at a path, or nothing that anybody could follow.
_NO_LINK = (errno.ENOENT, *_CALLERS_FAULT)
_MAX_LINKS = 255  # as many as dockerd follows


def open_inside(root: int, path: bytes, flags: int, resolve: int = INSIDE) -> int:
    """Open *path* (of any length) below *root*; links and ``..`` cannot leave it.

    Where a path exceeds what one system call takes, the rest of it may not contain links.
    """
    head, rest = _split(path)
    if not rest:
        return openat2(root, head or b".", flags, 0, resolve)
    fd = openat2(root, head, os.O_PATH | os.O_DIRECTORY, 0, resolve)
    while rest:
        head, rest = _split(rest)
        how = os.O_PATH | os.O_DIRECTORY if rest else flags
        try:
            below = openat2(fd, head, how, 0, BENEATH | NO_SYMLINKS)
        finally:
            os.close(fd)
        fd = below
    return fd


def _split(path: bytes) -> tuple[bytes, bytes]:
    if len(path) <= _PIECE:
        return path, b""
    cut = path.rfind(b"/", 1, _PIECE)
    if cut < 0:
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), path[:100])
    return path[:cut], path[cut:].lstrip(b"/")


def open_exactly(root: int, path: bytes) -> int | None:
    """An O_PATH descriptor of the clean relative *path*, no links followed; None if missing."""
    flags = os.O_PATH | os.O_NOFOLLOW
    try:
        return open_inside(root, path, flags, BENEATH | NO_SYMLINKS)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return None
        raise


def open_node(dirfd: int, name: bytes) -> int:
    """An O_PATH descriptor of *name* itself, a link included, in the directory *dirfd*."""
    return os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=dirfd)


def reopen(node: int, flags: int) -> int:
    """Open the very object that the O_PATH descriptor *node* names.

    Checking the type of *node* first is what keeps a swapped-in device from being opened. The
    magic link is one of this process, in the host's procfs.
    """
    return os.open(f"/proc/self/fd/{node}", flags | os.O_CLOEXEC | os.O_NOCTTY)


def text(path: bytes) -> str:
    """*path* for a message or a JSON value."""
    return path.decode(errors="replace")


def clean(path: bytes) -> bytes:
    """*path* as an absolute one without ``.``, ``..`` and empty components (lexically)."""
    kept: list[bytes] = []
    for part in path.split(b"/"):
        if part == b"..":
            del kept[-1:]
        elif part not in (b"", b"."):
            kept.append(part)
    return b"/" + b"/".join(kept)


def clean_like(path: bytes) -> bytes:
    """:func:`clean`, but a final slash or dot stays: it says that a directory is meant."""
    cleaned = clean(path)
    if base(path) == b".":
        cleaned = cleaned.rstrip(b"/") + b"/."
    if path.endswith(b"/") and not cleaned.endswith(b"/"):
        cleaned += b"/"
    return cleaned


def base(path: bytes) -> bytes:
    """The last component, as Go's filepath.Base: ``.`` of an empty path, ``/`` of the root."""
    if not path:
        return b"."
    return path.rstrip(b"/").rpartition(b"/")[2] or b"/"


def follow(root: int, path: bytes) -> bytes:
    """Where *path* leads inside *root*, all links followed as far as they exist.

    The result is text, for messages and for the ``linkTarget`` of a path's stat; nothing may be
    opened because of it but through :func:`open_inside`.
    """
    done: list[bytes] = []
    todo = clean(path).split(b"/")[:0:-1]
    links = 0
    while todo:
        part = todo.pop()
        if part in (b"", b"."):
            continue
        if part == b"..":
            del done[-1:]
            continue
        target = _readlink(root, b"/".join([*done, part]))
        if target is None:
            done.append(part)
            continue
        links += 1
        if links > _MAX_LINKS:
            raise InvalidParameter(f"evalSymlinksInScope: too many links in {text(path)}")
        if target.startswith(b"/"):
            done.clear()
        todo.extend(target.split(b"/")[::-1])
    return b"/" + b"/".join(done)


def _readlink(root: int, path: bytes) -> bytes | None:
    """The target of the link *path*, or None when it is none or does not exist."""
    try:
        fd = open_inside(root, path, os.O_PATH | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno in _NO_LINK:
            return None
        raise
    try:
        is_link = stat.S_ISLNK(os.fstat(fd).st_mode)
        return os.readlink(b"", dir_fd=fd) if is_link else None
    finally:
        os.close(fd)


def failure(error: OSError, path: bytes, container: str) -> Exception:
    """What the user is told when *path* cannot be looked up, in dockerd's words."""
    if error.errno == errno.ENOENT:
        return NotFound(f"Could not find the file {text(path)} in container {container}")
    if error.errno in _CALLERS_FAULT:
        reason = str(error.strerror).lower()
        return InvalidParameter(f"lstat {text(path)}: {reason}")
    return error
