"""Names in an archive, made safe: relative and clean, or refused."""

import re

from boxship.archive.errors import TarError

_UNCLEAN = re.compile(rb"(?:\A|/)\.{0,2}(?:/|\Z)").search


def clean(path: bytes) -> bytes:
    """*path* without leading slashes, ``.``, ``..`` and empty components; ``b""`` is the root.

    ``..`` is resolved lexically, as dockerd does; one that would climb above the root is a
    :class:`TarError`.
    """
    if path[:2] == b"./":
        path = path[2:]
    if path[-1:] == b"/":
        path = path[:-1]
    return path if _UNCLEAN(path) is None else _rebuild(path)


def _rebuild(path: bytes) -> bytes:
    kept: list[bytes] = []
    for part in path.split(b"/"):
        if part == b"..":
            if not kept:
                raise TarError(f"path {shown(path)} breaks out of the archive's root")
            kept.pop()
        elif part not in (b"", b"."):
            kept.append(part)
    return b"/".join(kept)


def shown(path: bytes) -> str:
    """*path* for a message: quoted, escaped, shortened."""
    text = path.decode(errors="backslashreplace")
    return repr(text if len(text) <= 200 else text[:200] + "…")
