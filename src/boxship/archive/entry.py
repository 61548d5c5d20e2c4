"""One member of an archive, as every producer and consumer of archives sees it."""

import enum
import stat
from dataclasses import dataclass, field

# (offset in the file, offset in the stream, length), all in bytes.
Extent = tuple[int, int, int]


class Kind(enum.Enum):
    """What a member is. The value is its typeflag (POSIX.1-2001, ustar interchange format)."""

    FILE = b"0"
    HARDLINK = b"1"
    SYMLINK = b"2"
    CHAR = b"3"
    BLOCK = b"4"
    DIR = b"5"
    FIFO = b"6"


# By the file type of its mode (inode(7)); sockets have none.
KINDS = {
    stat.S_IFREG: Kind.FILE,
    stat.S_IFDIR: Kind.DIR,
    stat.S_IFLNK: Kind.SYMLINK,
    stat.S_IFCHR: Kind.CHAR,
    stat.S_IFBLK: Kind.BLOCK,
    stat.S_IFIFO: Kind.FIFO,
}


@dataclass(slots=True)
class Entry:
    """A member's metadata and where its data lies in the stream it was read from.

    ``path`` is clean and relative: no leading or trailing slash, no ``.``, ``..`` or empty
    component; ``b""`` is the root itself. ``link`` is the target of a symbolic link, verbatim, or
    the path of a hard link's target, clean like ``path``. ``mode`` holds permission bits only
    (0o7777), ``mtime`` is nanoseconds since 1970, ``size`` the logical size in bytes.

    ``extents`` are the runs of data in ascending file order; what they leave out is a hole. A plain
    file has one run, an empty file none, a file that is one hole a run of length 0 at its end.
    Entries made for writing may leave it empty: the file is then plain.
    """

    path: bytes
    kind: Kind
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    size: int = 0
    link: bytes = b""
    major: int = 0
    minor: int = 0
    xattrs: dict[str, bytes] = field(default_factory=dict)
    uname: str = ""
    gname: str = ""
    extents: tuple[Extent, ...] = ()
