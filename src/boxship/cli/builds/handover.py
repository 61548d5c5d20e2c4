"""Descriptors that go to the daemon, and the document that speaks of them by number."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Handover:
    """Owns its descriptors. ``document`` is what the daemon's ``Handover`` has."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = {}
        self.descriptors: list[int] = []

    def add(self, descriptor: int) -> int:
        """Take *descriptor* over; its number."""
        self.descriptors.append(descriptor)
        return len(self.descriptors) - 1

    def directory(self, name: str, path: str, kind: str = "Directories") -> None:
        """*path* is the context *name*, or with *kind* ``Stores`` that store; OSError."""
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self.document.setdefault(kind, {})[name] = self.add(fd)

    def close(self) -> None:
        for fd in self.descriptors:
            os.close(fd)
        self.descriptors.clear()


def temporary_file(directory: str) -> int:
    """An open file without a name below *directory*, or where that is not to be had."""
    try:
        return os.open(directory, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError:
        import tempfile

        descriptor, path = tempfile.mkstemp(prefix="boxship-")
        os.unlink(path)
        return descriptor
