"""Removing trees that programs have made, who may have gone as deep as they liked.

:func:`shutil.rmtree` calls itself for each level and keeps a descriptor open meanwhile.
"""

import contextlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove_tree(path: Path | str) -> int:
    """Remove the directory *path* as far as that can be done, and count the bytes of its files.

    Links are removed, never followed. Nobody else may be at work in it: a directory inside is
    moved up to the top before it is emptied, so that depth costs nothing.
    """
    freed = 0
    with contextlib.suppress(OSError):
        top = os.open(path, _OPEN)
        try:
            freed = _empty(top)
        finally:
            os.close(top)
        os.rmdir(path)
    return freed


def tree_size(path: Path | str) -> int:
    """The bytes of the files below *path*, as far as its names are not too long."""
    size, directories = 0, [os.fspath(path)]
    while directories:
        with contextlib.suppress(OSError), os.scandir(directories.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    directories.append(entry.path)
                else:
                    size += entry.stat(follow_symlinks=False).st_size
    return size


def _empty(top: int) -> int:
    freed, directories = _clear(top)
    moved = itertools.count()
    while directories:
        name = directories.pop()
        with contextlib.suppress(OSError):
            inner = os.open(name, _OPEN, dir_fd=top)
            try:
                size, below = _clear(inner)
                freed += size
                directories += _move_up(inner, below, top, moved)
            finally:
                os.close(inner)
            os.rmdir(name, dir_fd=top)
    return freed


def _clear(directory: int) -> tuple[int, list[str]]:
    """Remove all but the directories in it, whose names are returned after the bytes."""
    freed, directories = 0, []
    with os.scandir(directory) as entries:
        found = [*entries]
    for entry in found:
        with contextlib.suppress(OSError):
            if entry.is_dir(follow_symlinks=False):
                directories.append(entry.name)
            else:
                size = entry.stat(follow_symlinks=False).st_size
                os.unlink(entry.name, dir_fd=directory)
                freed += size
    return freed, directories


def _move_up(source: int, names: list[str], top: int, moved: Iterator[int]) -> Iterator[str]:
    """The new names in *top* of those directories in *source* that hold anything."""
    for name in names:
        try:
            os.rmdir(name, dir_fd=source)
            continue
        except OSError:
            pass
        for number in moved:
            fresh = f"removing-{number}"
            # The name may be taken: by what an earlier removal moved, or anybody's own.
            with contextlib.suppress(FileNotFoundError):
                os.stat(fresh, dir_fd=top, follow_symlinks=False)
                continue
            with contextlib.suppress(OSError):
                os.rename(name, fresh, src_dir_fd=source, dst_dir_fd=top)
                yield fresh
            break
