"""What is copied and where to: the rules of names, trailing slashes and directories.

They are those of ``cp -r`` as the documentation of ``docker cp`` words them.
"""

from __future__ import annotations

import posixpath

from boxship.cli.errors import Failed

DIRECTORY_BIT = 1 << 31
SYMLINK_BIT = 1 << 27


def split_argument(text: str) -> tuple[str, str]:
    """Container and path; the container is "" for a path on this machine."""
    if text.startswith("/"):
        return "", text
    container, colon, path = text.partition(":")
    if not colon or container.startswith("."):
        return "", text
    return container, path


class Place:
    """A path at one end, and what is there."""

    __slots__ = ("exists", "is_directory", "path")

    def __init__(self, path: str, exists: bool, is_directory: bool) -> None:
        self.path = path
        self.exists = exists
        self.is_directory = is_directory


class Plan:
    """Members named ``strip/…`` go to ``prefix/…`` under *directory*; both may be ""."""

    __slots__ = ("directory", "prefix", "strip")

    def __init__(self, directory: str, strip: str = "", prefix: str = "") -> None:
        self.directory = directory
        self.strip = strip
        self.prefix = prefix

    def renamed(self, path: bytes) -> bytes:
        """Where the member *path* goes, relative to the directory."""
        strip, prefix = self.strip.encode(), self.prefix.encode()
        if strip and (path == strip or path.startswith(strip + b"/")):
            path = path[len(strip) :].lstrip(b"/")
        elif strip:
            return path
        return b"/".join(part for part in (prefix, path) if part)


def wants_contents(path: str) -> bool:
    """``dir/.`` means what is in the directory, not the directory."""
    return path == "." or path.endswith("/.")


def base_name(path: str) -> str:
    """The name that an archive of *path* gives its first member; "" for the contents of one."""
    if wants_contents(path):
        return ""
    name = posixpath.basename(path.rstrip("/"))
    return "" if name in ("", "..") else name


def plan(source: str, source_is_directory: bool, target: Place) -> Plan:
    """How members of an archive of *source* are to be named; :class:`Failed` when it cannot be."""
    asserted = target.path.endswith("/") or wants_contents(target.path)
    if target.exists and target.is_directory:
        return Plan(target.path)
    if target.exists:
        if source_is_directory:
            raise Failed("cannot copy directory")
        if asserted:
            raise Failed("not a directory")
    elif asserted and not source_is_directory:
        raise Failed("no such directory")
    path = posixpath.normpath(target.path)
    return Plan(posixpath.dirname(path) or ".", base_name(source), posixpath.basename(path))
