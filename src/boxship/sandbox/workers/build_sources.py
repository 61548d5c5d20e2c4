"""What a step of a build copies: patterns resolved inside one source tree, links never leaving it.

A pattern is a list of components, each ``{"name": text}`` or ``{"match": regular expression}``.
Rules that leave paths out are ``[negated, regular expression]``, the last that matches decides.
"""

import errno
import itertools
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from boxship.base.errors import InvalidParameter
from boxship.sandbox.workers.levels import names_in
from boxship.sandbox.workers.lookup import follow, open_inside
from boxship.sandbox.workers.walk import Known, Node, walk

_MISSING = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EXDEV)


class Rules:
    """Ignore rules (:mod:`boxship.builder.dockerfile.ignore`), already translated."""

    def __init__(self, rows: Iterable[tuple[bool, str]] = ()) -> None:
        self._rows = [(negated, re.compile(match, re.DOTALL)) for negated, match in rows]
        self.have_exceptions = any(negated for negated, _ in self._rows)

    def __bool__(self) -> bool:
        return bool(self._rows)

    def leave_out(self, path: bytes) -> bool:
        """Whether *path*, clean and relative, or a directory above it, is left out."""
        name = os.fsdecode(path)
        above = [name]
        while "/" in above[-1]:
            above.append(above[-1].rpartition("/")[0])
        out = False
        for negated, match in self._rows:
            if negated == out and any(match.match(each) for each in above):
                out = not negated
        return out


@dataclass(slots=True)
class Found:
    """A match of a pattern. *path* is how it was named, *real* where links led; *fd* (O_PATH) is
    the one who iterates' until the next step."""

    path: bytes
    real: bytes
    fd: int
    stat: os.stat_result

    @property
    def is_dir(self) -> bool:
        return stat.S_ISDIR(self.stat.st_mode)


class Source:
    """One tree that files come from; *root* stays the caller's."""

    def __init__(self, root: int, ignore: Rules) -> None:
        self._root = root
        self._ignore = ignore

    def find(self, pattern: list[dict[str, str]], required: bool, shown: str) -> Iterator[Found]:
        """The objects that *pattern* names, in byte order.

        :class:`InvalidParameter` in Docker's words when there is none and one is *required*: of
        patterns with wildcards, as with BuildKit, only the directory that they start in.
        """
        count = 0
        for path in self._expand(pattern):
            found = self._open(path)
            if found is None:
                continue
            count += 1
            try:
                yield found
            finally:
                os.close(found.fd)
        if count or not required or self._starts_somewhere(pattern):
            return
        if shown.startswith("../"):
            raise InvalidParameter(f"forbidden path outside the build context: {shown} ()")
        raise InvalidParameter(
            "file not found in build context or excluded by .dockerignore: "
            f"stat {shown}: file does not exist"
        )

    def _starts_somewhere(self, pattern: list[dict[str, str]]) -> bool:
        """Whether the *pattern* has wildcards, and what precedes them is there."""
        before = [*itertools.takewhile(lambda part: "name" in part, pattern)]
        if len(before) == len(pattern):
            return False
        found = self._open(b"/".join(os.fsencode(part["name"]) for part in before))
        if found is not None:
            os.close(found.fd)
        return found is not None

    def _expand(self, pattern: list[dict[str, str]]) -> list[bytes]:
        paths = [b""]
        for part in pattern:
            if "name" in part:
                paths = [_join(path, os.fsencode(part["name"])) for path in paths]
                continue
            match = re.compile(part["match"], re.DOTALL)
            paths = [
                _join(path, name)
                for path in paths
                for name in self._names(path)
                if match.match(os.fsdecode(name))
            ]
        return paths

    def _names(self, path: bytes) -> list[bytes]:
        try:
            fd = open_inside(self._root, path or b".", os.O_PATH | os.O_DIRECTORY)
        except OSError as error:
            if error.errno in _MISSING:
                return []
            raise
        try:
            return names_in(fd)
        finally:
            os.close(fd)

    def _open(self, path: bytes) -> Found | None:
        try:
            fd = open_inside(self._root, path or b".", os.O_PATH)
        except OSError as error:
            if error.errno in _MISSING:
                return None
            raise
        real = follow(self._root, path).strip(b"/")
        status = os.fstat(fd)
        kept = stat.S_ISDIR(status.st_mode) and self._ignore.have_exceptions
        if real and self._ignore and not kept and self._ignore.leave_out(real):
            os.close(fd)
            return None
        return Found(path, real, fd, status)

    def has_all(self, excludes: Rules) -> bool:
        """Whether nothing is left out."""
        return not (excludes or self._ignore)

    def below(self, found: Found, excludes: Rules, known: Known | None = None) -> Iterator[Node]:
        """What is in the directory *found*, but not itself; paths are relative to it. Files that
        are *known* are not opened.

        A directory that is left out shows up when something in it does not.
        """
        held: list[Node] = []
        has_rules = not self.has_all(excludes)
        for node in walk(found.fd, known):
            if not node.path:
                continue
            if not has_rules:
                yield node
                continue
            while held and not node.path.startswith(held[-1].path + b"/"):
                os.close(held.pop().fd)
            if self._left_out(found, node, excludes):
                if not node.is_dir:
                    continue
                if self._ignore.have_exceptions or excludes.have_exceptions:
                    held.append(Node(node.path, os.dup(node.fd), node.stat, []))
                else:
                    node.names.clear()
                continue
            for each in held:
                yield each
                os.close(each.fd)
            held.clear()
            yield node
        for each in held:
            os.close(each.fd)

    def _left_out(self, found: Found, node: Node, excludes: Rules) -> bool:
        if excludes and excludes.leave_out(node.path):
            return True
        return bool(self._ignore) and self._ignore.leave_out(_join(found.real, node.path))


def _join(directory: bytes, name: bytes) -> bytes:
    return directory + b"/" + name if directory else name


def sources_of(action: dict[str, Any], fds: list[int]) -> Source:
    """The tree that the copy *action* takes from."""
    return Source(fds[action["source"]], Rules(action.get("ignore", ())))


def base_name(path: bytes) -> bytes:
    return path.rpartition(b"/")[2]


def matched(action: dict[str, Any], fds: list[int]) -> Iterator[tuple[Source, Found]]:
    """Every object that the copy *action* names, in order."""
    source = sources_of(action, fds)
    excludes = Rules(action.get("excludes", ()))
    for pattern in action["paths"]:
        shown = pattern["text"]
        for found in source.find(pattern["parts"], action["required"], shown):
            if excludes and not found.is_dir and excludes.leave_out(base_name(found.path)):
                continue
            yield source, found
