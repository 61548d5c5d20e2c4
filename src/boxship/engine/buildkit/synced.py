"""Small files of a directory that was received just now: the Dockerfile, and what is ignored."""

import os
import stat
from pathlib import Path

from boxship.builder.context import EMPTY, read_files
from boxship.builder.machine import WorkRunner

_SMALL = 64 << 10
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


async def read_synced(workers: WorkRunner, root: Path, names: list[str]) -> dict[str, str]:
    """The content of those *names* that are regular files in *root*.

    What takes more than opening a plain file at the top is a worker's task."""
    found: dict[str, str] = {}
    for name in names:
        text = "" if "/" in name or "\0" in name else _plain(root / name)
        if text is None:
            continue
        if not text:
            tree = EMPTY | {"layers": [{"kind": "dir", "path": str(root)}]}
            return await read_files(workers, tree, names)
        found[name] = text
    return found


def _plain(path: Path) -> str | None:
    """The text of a small file; None where there is none, nothing for whatever else is there."""
    try:
        fd = os.open(path, _FLAGS)
    except FileNotFoundError:
        return None
    except OSError:
        return ""
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return ""
        data = os.read(fd, _SMALL)
    finally:
        os.close(fd)
    return data.decode("utf-8", "surrogateescape") if len(data) < _SMALL else ""
