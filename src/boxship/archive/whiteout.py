"""How layer archives spell deletions (OCI image spec, "Representing Changes").

``.wh.name`` deletes *name* of the layers below; ``.wh..wh..opq`` hides everything that the layers
below have in its directory. Other names with a double prefix are bookkeeping of AUFS and mean
nothing.
"""

from boxship.archive.errors import TarError
from boxship.archive.paths import shown

PREFIX = b".wh."
META_PREFIX = b".wh..wh."
OPAQUE = b".wh..wh..opq"
OPAQUE_XATTR = "trusted.overlay.opaque"


def split(path: bytes) -> tuple[bytes, bytes]:
    """(directory, name) of a clean path."""
    directory, _, name = path.rpartition(b"/")
    return directory, name


def is_opaque(path: bytes) -> bool:
    return path.endswith(OPAQUE) and split(path)[1] == OPAQUE


def target(path: bytes) -> bytes | None:
    """The path that a whiteout deletes, or None when *path* is no whiteout.

    One that names nothing, ``.`` or ``..`` is a :class:`TarError`.
    """
    if PREFIX not in path:
        return None
    directory, name = split(path)
    if not name.startswith(PREFIX) or name.startswith(META_PREFIX):
        return None
    if name[len(PREFIX) :] in (b"", b".", b".."):
        raise TarError(f"invalid whiteout {shown(path)}")
    return (directory + b"/" if directory else b"") + name[len(PREFIX) :]


def of(path: bytes) -> bytes:
    """The name of the whiteout that deletes *path*."""
    directory, name = split(path)
    return (directory + b"/" if directory else b"") + PREFIX + name


def opaque(directory: bytes) -> bytes:
    """The name of the mark that makes *directory* opaque."""
    return (directory + b"/" if directory else b"") + OPAQUE
