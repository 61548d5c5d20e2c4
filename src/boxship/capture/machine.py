"""The host that programs are captured from: its file system below a directory, read only."""

import fnmatch
import os
import posixpath
import stat
from collections.abc import Iterator

from boxship.base.errors import InvalidParameter

_MAX_LINKS = 40  # as many as the kernel follows (path_resolution(7))
_CHUNK = 1 << 20
_CAPABILITY = "security.capability"


class Machine:
    """Paths are absolute and mean those of the captured machine, whose root is *root* here."""

    def __init__(self, root: str = "/", path: str = "") -> None:
        """*path* is the search path for programs, colon-separated."""
        self._root = root.rstrip("/")
        self.path = [entry for entry in path.split(":") if entry.startswith("/")]

    def here(self, path: str) -> str:
        """Where *path* of the machine lies for this process."""
        return self._root + path

    def lstat(self, path: str) -> os.stat_result | None:
        try:
            return os.lstat(self.here(path))
        except OSError:
            return None

    def is_link(self, path: str) -> bool:
        status = self.lstat(path)
        return status is not None and stat.S_ISLNK(status.st_mode)

    def readlink(self, path: str) -> str:
        return os.readlink(self.here(path))

    def names(self, path: str) -> list[str]:
        """The sorted names in a directory; none when it is missing or unreadable."""
        try:
            return sorted(os.listdir(self.here(path)))
        except OSError:
            return []

    def resolve(self, path: str) -> tuple[str, list[str]]:
        """The path behind all links, and the links that lead there, in the order they were met.

        :class:`InvalidParameter` when they lead in a circle.
        """
        done: list[str] = []
        links: list[str] = []
        todo = path.split("/")[::-1]
        while todo:
            part = todo.pop()
            if part in ("", "."):
                continue
            if part == "..":
                del done[-1:]
                continue
            here = "/" + "/".join([*done, part])
            status = self.lstat(here)
            if status is None or not stat.S_ISLNK(status.st_mode):
                done.append(part)
                continue
            links.append(here)
            if len(links) > _MAX_LINKS:
                raise InvalidParameter(f"{path}: too many levels of symbolic links")
            target = self.readlink(here)
            if target.startswith("/"):
                done.clear()
            todo.extend(target.split("/")[::-1])
        return "/" + "/".join(done), links

    def real(self, path: str) -> str:
        return self.resolve(path)[0]

    def is_file(self, path: str) -> bool:
        """Whether *path*, links followed, is a regular file."""
        status = self.lstat(self.real(path))
        return status is not None and stat.S_ISREG(status.st_mode)

    def is_program(self, path: str) -> bool:
        status = self.lstat(self.real(path))
        return status is not None and stat.S_ISREG(status.st_mode) and bool(status.st_mode & 0o111)

    def is_directory(self, path: str) -> bool:
        status = self.lstat(self.real(path))
        return status is not None and stat.S_ISDIR(status.st_mode)

    def glob(self, pattern: str) -> list[str]:
        """The sorted paths that match *pattern*; wildcards stand in any part of it."""
        found = ["/"]
        for part in pattern.strip("/").split("/"):
            if set(part) & set("*?["):
                found = [
                    posixpath.join(directory, name)
                    for directory in found
                    for name in fnmatch.filter(self.names(directory), part)
                ]
            else:
                found = [posixpath.join(directory, part) for directory in found]
        return [path for path in found if self.lstat(path) is not None]

    def read(self, path: str, limit: int = -1) -> bytes:
        """The content of a file, nothing when it is missing or unreadable."""
        try:
            with open(self.here(self.real(path)), "rb") as file:
                return file.read(limit)
        except OSError:
            return b""

    def capabilities(self, path: str) -> dict[str, bytes]:
        """The file capabilities of *path* as extended attributes (capabilities(7))."""
        try:
            return {_CAPABILITY: os.getxattr(self.here(path), _CAPABILITY)}
        except OSError:
            return {}

    def chunks(self, path: str) -> Iterator[bytes]:
        with open(self.here(path), "rb") as file:
            while data := file.read(_CHUNK):
                yield data

    def find_program(self, name: str) -> str | None:
        """The path of the program *name* on the search path, or *name* itself if it is a path."""
        if "/" in name:
            return name if self.is_program(name) else None
        candidates = (f"{directory.rstrip('/')}/{name}" for directory in self.path)
        return next((path for path in candidates if self.is_program(path)), None)
