"""A layer out of copies, new files and new directories, without a detour through a directory."""

import os
import stat
from collections.abc import Iterator, Sequence
from typing import Any

from boxship.archive.entry import Entry, Kind
from boxship.base.errors import InvalidParameter
from boxship.sandbox.workers.build_archive import archive_in
from boxship.sandbox.workers.build_owner import Owner, owner_of
from boxship.sandbox.workers.build_sources import Found, Rules, Source, base_name, matched
from boxship.sandbox.workers.build_target import Target, join
from boxship.sandbox.workers.lookup import text


def run(root: int | None, args: dict[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """Write ``layer.tar`` to ``fds[0]`` and its index to ``fds[1]``; the rest are source trees.

    *root* is the merged view of the layers below. ``args``: ``actions``; ``link``, to pay no heed
    to what is below; ``now``, nanoseconds, for what the layer itself makes. Returns what
    :class:`~boxship.images.layers.StagedLayer` wants to know.
    """
    below = None if args.get("link") else root
    target = Target(below, args["now"])
    with target.writing(fds[0], fds[1]):
        for action in args["actions"]:
            _ACTIONS[action["do"]](action, target, root, list(fds[2:]))
        target.settle()
    return target.result()


def _copy(action: dict[str, Any], target: Target, root: int | None, fds: list[int]) -> None:
    owner = owner_of(action, root)
    wanted = os.fsencode(action["target"])
    found_any = False
    for source, found in matched(action, fds):
        found_any = True
        _Copier(action, target, owner, wanted).copy(source, found)
    if not found_any and wanted.endswith(b"/") and action.get("parents"):
        target.directories(wanted, owner)


class _Copier:
    """Carries one match to its place."""

    def __init__(self, action: dict[str, Any], target: Target, owner: Owner, wanted: bytes) -> None:
        self._action = action
        self._target = target
        self._owner = owner
        self._wanted = wanted
        self._excludes = Rules(action.get("excludes", ()))

    def copy(self, source: Source, found: Found) -> None:
        if self._action.get("parents"):
            place = self._with_parents(source, found)
        elif found.is_dir:
            place = self._target.resolve(self._wanted)
        else:
            place = self._place_of_file(found)
        if found.is_dir:
            self._directory(source, found, place)
        else:
            self._file(found, place)

    def _place_of_file(self, found: Found) -> bytes:
        path = self._target.resolve(self._wanted)
        if self._wanted.endswith(b"/") or self._target.is_dir(path):
            return join(path, base_name(found.path))
        return path

    def _with_parents(self, source: Source, found: Found) -> bytes:
        """Where *found* belongs with the directories above it kept, which are made like those."""
        at = self._target.resolve(self._wanted)
        pivot = os.fsencode(self._action.get("pivot", ""))
        relative = found.path
        if pivot and (relative + b"/").startswith(pivot + b"/"):
            relative = relative[len(pivot) :].strip(b"/")
        above = [part for part in relative.split(b"/")[:-1] if part]
        skipped = found.path[: len(found.path) - len(relative)].strip(b"/")
        for part in above:
            skipped = join(skipped, part)
            at = join(at, part)
            for parent in source.find([{"name": os.fsdecode(skipped)}], False, ""):
                self._target.like(at, parent.fd, parent.stat, self._owner)
        return join(at, base_name(found.path)) if found.path else at

    def _directory(self, source: Source, found: Found, place: bytes) -> None:
        if self._action.get("parents"):
            self._target.like(place, found.fd, found.stat, self._owner)
        else:
            mode, mtime = self._owner.mode(0o755, True), found.stat.st_mtime_ns
            self._target.directories(place, self._owner, mode, mtime)
        for node in source.below(found, self._excludes):
            path = join(place, node.path)
            if node.is_dir:
                self._target.like(path, node.fd, node.stat, self._owner)
            else:
                self._target.copy(path, node.fd, node.stat, self._owner)
        self._target.date(place, found.stat.st_mtime_ns)

    def _file(self, found: Found, place: bytes) -> None:
        if self._action.get("unpack") and stat.S_ISREG(found.stat.st_mode):
            archive = archive_in(found.fd)
            if archive is not None:
                self._unpack(archive)
                return
        if not place:
            raise InvalidParameter(f"cannot copy to non-directory: {text(self._wanted)}")
        self._target.copy(place, found.fd, found.stat, self._owner)

    def _unpack(self, archive: Iterator[tuple[Entry, Iterator[bytes]]]) -> None:
        place = self._target.resolve(self._wanted)
        self._target.directories(place, self._owner, last=self._owner.mode(0o755, True))
        for entry, body in archive:
            if entry.path:
                self._target.unpacked(place, entry, body)


def _write(action: dict[str, Any], target: Target, root: int | None, fds: list[int]) -> None:
    owner = owner_of(action, root)
    wanted = os.fsencode(action["target"])
    path = target.resolve(wanted)
    if wanted.endswith(b"/") or target.is_dir(path):
        path = join(path, os.fsencode(action["name"]))
    data = action["content"].encode("utf-8", "surrogateescape")
    entry = Entry(path, Kind.FILE, owner.mode(0o644, False), *owner.ids(0, 0), target.now)
    entry.size = len(data)
    target.file(entry, iter((data,) if data else ()), owner)


def _mkdir(action: dict[str, Any], target: Target, root: int | None, fds: list[int]) -> None:
    target.directories(target.resolve(os.fsencode(action["target"])), owner_of(action, root))


_ACTIONS = {"copy": _copy, "write": _write, "mkdir": _mkdir}
