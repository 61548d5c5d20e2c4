"""What the program of a RUN has changed: the upper directory of its container."""

import asyncio
import contextlib
import os
import posixpath
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from boxship.builder.machine import Layer
from boxship.engine.containers import commit, files
from boxship.engine.containers.store import Live
from boxship.images.layers import StagedLayer

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

# On directories that were there before (kernel documentation, overlayfs, "copy up").
_ORIGIN = "trusted.overlay.origin"
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class RunChanges:
    """:class:`boxship.builder.machine.Changes` of a container whose program has ended.

    From now on until :meth:`release` its files stay, though it may be removed. *targets*: where
    the step had mounts.
    """

    def __init__(self, engine: "Engine", live: Live, targets: Sequence[str]) -> None:
        self._engine = engine
        self._live = live
        self._rootfs = files.rootfs(engine, live.container, live.above_image)
        self._targets = _with_parents(targets)
        self._is_lower = False
        self._lent = live.lent = asyncio.get_running_loop().create_future()
        _clear(self._rootfs["upper"], self._targets)

    def as_lower(self) -> Layer:
        self._is_lower = True
        return {"kind": "dir", "path": self._rootfs["upper"]}

    async def layer(self, directory: Path) -> StagedLayer:
        return await commit.write_layer(self._engine, self._rootfs, directory, self._targets)

    def release(self) -> None:
        if self._is_lower:
            self._engine.supervisor.forget_layers([self._rootfs["upper"]])
        self._live.lent = None
        self._lent.set_result(None)
        if self._engine.containers.by_id(self._live.id) is None:
            self._engine.deletions.put(self._live.id)


def _with_parents(targets: Sequence[str]) -> list[str]:
    """The paths that mounts made the runtime create, each before the directories above it."""
    found = set()
    for target in targets:
        path = target.strip("/")
        while path:
            found.add(path)
            path = posixpath.dirname(path)
    return sorted(found, reverse=True)


def _clear(upper: str, paths: Sequence[str]) -> None:
    """Remove what the runtime made to mount on, for programs to come do not find it either.

    *paths* as :func:`_with_parents` has them. The directory is the program's, and hostile.
    """
    for path in paths:
        names = path.split("/")
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            parent = os.open(upper, _DIRECTORY)
            stack.callback(os.close, parent)
            for name in names[:-1]:
                parent = os.open(name, _DIRECTORY, dir_fd=parent)
                stack.callback(os.close, parent)
            _remove(parent, names[-1])


def _remove(parent: int, name: str) -> None:
    status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    if stat.S_ISREG(status.st_mode) and not status.st_size:
        os.unlink(name, dir_fd=parent)
    elif stat.S_ISDIR(status.st_mode) and not _was_there(parent, name):
        os.rmdir(name, dir_fd=parent)


def _was_there(parent: int, name: str) -> bool:
    fd = os.open(name, _DIRECTORY, dir_fd=parent)
    try:
        return _ORIGIN in os.listxattr(fd)
    finally:
        os.close(fd)
