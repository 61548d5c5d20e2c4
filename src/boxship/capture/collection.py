"""The paths that go into the image, with every link and directory on the way to them."""

import os
import posixpath
import stat

from boxship.capture.machine import Machine

_NEVER = ("/proc", "/sys", "/dev", "/run")
_MAX_DEPTH = 64


class Collection:
    """Absolute paths of the machine and what they are there; what cannot be read stays out."""

    def __init__(self, machine: Machine) -> None:
        self.members: dict[str, os.stat_result] = {}
        self.unreadable: list[str] = []
        self._machine = machine

    def add(self, path: str) -> str | None:
        """Take *path*, its links and the directories above; the file's path if it is a new one."""
        real, links = self._machine.resolve(path)
        status = self._machine.lstat(real)
        if status is None or real.startswith(_NEVER):
            return None
        for link in links:
            self._note(link)
            self._add_parents(link)
        self._add_parents(real)
        return real if self._note(real) and stat.S_ISREG(status.st_mode) else None

    def add_tree(self, path: str, depth: int = 0) -> list[str]:
        """Take *path* and, if it is a directory, everything in it; the new files.

        Links in it are taken as they are, not followed.
        """
        status = self._machine.lstat(path)
        if status is None or depth > _MAX_DEPTH:
            return []
        if stat.S_ISDIR(status.st_mode):
            self.add(path)
            names = self._machine.names(path)
            return [f for n in names for f in self.add_tree(f"{path}/{n}", depth + 1)]
        if stat.S_ISLNK(status.st_mode):
            self._note(path)
            return []
        new = self.add(path)
        return [new] if new else []

    def _add_parents(self, path: str) -> None:
        parent = posixpath.dirname(path)
        while parent != "/":
            self._note(parent)
            parent = posixpath.dirname(parent)

    def _note(self, path: str) -> bool:
        """True when *path* was not there yet and can be."""
        status = self._machine.lstat(path)
        if path in self.members or status is None or path == "/":
            return False
        if stat.S_ISREG(status.st_mode) and not os.access(self._machine.here(path), os.R_OK):
            self.unreadable.append(path)
            return False
        if stat.S_IFMT(status.st_mode) not in (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK):
            return False
        self.members[path] = status
        return True
