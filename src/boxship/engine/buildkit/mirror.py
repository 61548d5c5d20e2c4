"""A directory that is made like the client's: the receiving end of the file-sync stream.

Nobody else writes to the directory, and every entry's parent has to have come as a directory
before it, so no path leads out of it.
"""

import os
import secrets
import stat
from pathlib import Path

from boxship.base.trees import remove_tree
from boxship.builder.buildkit import packets
from boxship.builder.buildkit.packets import Packet, Stat
from boxship.engine.buildkit.entries import Entries, EntriesFile
from boxship.engine.buildkit.incoming import Incoming, set_time
from boxship.wire.protobuf import DecodeError

# The sender reads four files at a time.
_MOST_OPEN = 64
# Entries are kept in memory while they arrive: how many, and bytes of all.
_MOST_ENTRIES = 2_000_000
_MOST_BYTES = 1 << 29


class Mirror:
    """*root* becomes the tree that packets tell of; *file* keeps what it was told, so that the
    same needs not be looked at next time; *is_kept* says whether it does so now. *received* counts
    bytes of content."""

    def __init__(self, root: Path, file: EntriesFile) -> None:
        self._root = os.fspath(root)
        self._file = file
        self._before = file.load()
        self._now = Entries()
        self.is_kept = bool(self._before.state)
        self._has_changed = not self.is_kept
        self._next = 0
        # Packets, which are small beside what they say.
        self._wanted: dict[int, bytes] = {}
        # Requested files of which one of the same size and mode is there.
        self._standing: set[int] = set()
        self._open: dict[int, Incoming] = {}
        self._directories: dict[str, Stat | None] = {"": None}
        # Paths that are not known to be as they were before, and those of them that were there.
        self._told: set[str] = set()
        self._replaced: set[str] = set()
        self._links: list[Stat] = []
        self._all_known = False
        self._room = _MOST_BYTES
        self.finished = False
        self.received = 0

    @property
    def state(self) -> str:
        """A name for what the tree holds, once finished: another one when that has changed."""
        return self._now.state

    def skim(self, batch: list[bytes], at: int = 0) -> int:
        """Take what *batch*, from *at* on, has of entries that are as they were, which needs no
        look at the tree; where another begins. :class:`DecodeError`."""
        known, rows = self._before.rows.get, self._now.rows
        for number in range(at, len(batch)):
            data = batch[number]
            directory = known(data)
            if directory is None:
                return number
            self._next += 1
            rows[data] = directory
            if directory:
                self._announce(directory)
        return len(batch)

    def confirm(self, rest: list[bytes]) -> list[bytes]:
        """What to answer when *rest*, behind what was skimmed, says that everything is as it was:
        nothing on the disk is looked at. Else nothing is done, and there is no answer."""
        before, now = self._before, self._now
        is_all = len(now.rows) == len(before.rows) and not before.careful
        if rest != [packets.END_OF_STATS] or not (is_all and self.is_kept):
            return []
        now.state = before.state
        self.finished = True
        return [packets.FINISHED]

    def take(self, batch: list[bytes]) -> list[bytes]:
        """Do what packets say, and what to answer. :class:`DecodeError` for what makes no sense,
        OSError when it cannot be written."""
        answers: list[bytes] = []
        at = 0
        while (at := self.skim(batch, at)) < len(batch):
            self._take(batch[at], answers)
            at += 1
        if self._all_known and not self._wanted and not self.finished:
            self._finish()
            answers.append(packets.FINISHED)
        return answers

    def close(self) -> None:
        """Forget what is not complete."""
        for incoming in self._open.values():
            incoming.close()
        self._open.clear()

    def _announce(self, path: str) -> None:
        """A directory that is as it was."""
        is_known = path in self._directories or path in self._told
        if is_known or path.rpartition("/")[0] not in self._directories:
            raise DecodeError(f"invalid path: {path!r}")
        self._directories[path] = None

    def _take(self, data: bytes, answers: list[bytes]) -> None:
        packet = packets.read(data)
        if packet.type == packets.STAT:
            self._room -= len(data)
            if packet.stat is None:
                self._all_known = True
            elif self._room < 0 or self._next >= _MOST_ENTRIES:
                raise DecodeError("too many files")
            else:
                self._take_stat(packet.stat, data, answers)
        elif packet.type == packets.DATA:
            self._take_data(packet)
        elif packet.type == packets.ERROR:
            raise DecodeError(packet.data.decode("utf-8", "replace"))

    def _take_stat(self, entry: Stat, data: bytes, answers: list[bytes]) -> None:
        number, self._next = self._next, self._next + 1
        parent, _, name = entry.path.rpartition("/")
        if (
            parent not in self._directories
            or entry.path.startswith("/")
            or name in ("", ".", "..")
            or "\0" in entry.path + entry.link
            or entry.path in self._told
            or entry.path in self._directories
        ):
            raise DecodeError(f"invalid path: {entry.path!r}")
        self._change()
        self._told.add(entry.path)
        path = f"{self._root}/{entry.path}"
        found = _lstat(path)
        if found is not None:
            self._replaced.add(entry.path)
        if entry.has_content and entry.link:
            self._links.append(entry)
            self._now.careful.append(data)
        elif entry.has_content and not self._is_same(number, entry, path, found):
            self._wanted[number] = data
            answers.append(packets.request(number))
        elif entry.is_directory:
            self._directory(entry, path, found)
            self._now.rows[data] = entry.path
        else:
            if entry.is_symlink:
                self._symlink(entry, path, found)
            elif not entry.has_content:
                # Devices and sockets are no content of an image; what was there goes.
                self._remove(path, found)
            self._now.rows[data] = ""

    def _change(self) -> None:
        if self.is_kept:
            self._file.forget()
            self.is_kept = False

    def _remove(self, path: str, found: os.stat_result | None) -> None:
        if found is None:
            return
        self._has_changed = True
        if stat.S_ISDIR(found.st_mode):
            remove_tree(path)
        else:
            os.unlink(path)

    def _directory(self, entry: Stat, path: str, found: os.stat_result | None) -> None:
        self._directories[entry.path] = entry
        if found is None or not stat.S_ISDIR(found.st_mode):
            self._remove(path, found)
            os.mkdir(path, 0o700)
        elif stat.S_IMODE(found.st_mode) == entry.permissions:
            return
        self._has_changed = True

    def _symlink(self, entry: Stat, path: str, found: os.stat_result | None) -> None:
        if found is None or not stat.S_ISLNK(found.st_mode) or os.readlink(path) != entry.link:
            self._remove(path, found)
            os.symlink(entry.link, path)
            self._has_changed = True
        set_time(path, entry)

    def _is_same(self, number: int, entry: Stat, path: str, found: os.stat_result | None) -> bool:
        """Whether *found* is the file that *entry* tells of; makes room for it if it cannot be."""
        if found is None:
            return False
        if (
            stat.S_ISREG(found.st_mode)
            and found.st_size == entry.size
            and stat.S_IMODE(found.st_mode) == entry.permissions
            and found.st_nlink == 1
            and not entry.xattrs
        ):
            if found.st_mtime_ns == entry.modified:
                return True
            self._standing.add(number)
            return False
        self._remove(path, found)
        return False

    def _take_data(self, packet: Packet) -> None:
        row = self._wanted.get(packet.id)
        if row is None:
            raise DecodeError(f"content that nobody asked for: {packet.id}")
        incoming = self._open.get(packet.id)
        if incoming is None:
            if len(self._open) >= _MOST_OPEN:
                raise DecodeError("too many files at once")
            entry = _entry(row)
            path = f"{self._root}/{entry.path}"
            incoming = Incoming(path, entry, packet.id in self._standing)
            self._open[packet.id] = incoming
        if packet.data:
            incoming.take(packet.data)
            self.received += len(packet.data)
            return
        del self._open[packet.id], self._wanted[packet.id]
        try:
            if incoming.finish():
                self._has_changed = True
        finally:
            incoming.close()
        if incoming.entry.xattrs:
            self._now.careful.append(row)
        else:
            self._now.rows[row] = ""

    # the end

    def _finish(self) -> None:
        disturbed = {path.rpartition("/")[0] for path in self._told}
        for path in self._left_over():
            self._change()
            self._remove(f"{self._root}/{path}", _lstat(f"{self._root}/{path}"))
            disturbed.add(path.rpartition("/")[0])
        for entry in self._links:
            self._link(entry)
        self._settle(disturbed)
        state = self._before.state
        self._now.state = secrets.token_hex(16) if self._has_changed else state
        self.finished = True

    def _left_over(self) -> list[str]:
        """What is in the tree, but not in the client's."""
        if not self._before.state:
            return [
                path
                for directory in self._directories
                for name in os.listdir(f"{self._root}/{directory}")
                if (path := f"{directory}/{name}" if directory else name) not in self._told
            ]
        rows = [row for row in self._before.rows if row not in self._now.rows]
        paths = set()
        for row in (*rows, *self._before.careful):
            paths.add(_entry(row).path)
        twice = self._replaced - paths
        if twice:
            raise DecodeError(f"invalid path: {min(twice)!r}")
        gone = paths - self._told
        # Below what is no directory any more there is nothing.
        return [path for path in gone if path.rpartition("/")[0] in self._directories]

    def _link(self, entry: Stat) -> None:
        path, source = f"{self._root}/{entry.path}", f"{self._root}/{entry.link}"
        parent, _, name = entry.link.rpartition("/")
        is_inside = parent in self._directories and name not in ("", ".", "..")
        found = _lstat(source) if is_inside else None
        if found is None or not stat.S_ISREG(found.st_mode) or entry.link == entry.path:
            raise DecodeError(f"invalid link: {entry.path!r} to {entry.link!r}")
        there = _lstat(path)
        if there is None or not os.path.samestat(found, there):
            self._remove(path, there)
            os.link(source, path, follow_symlinks=False)
            self._has_changed = True

    def _settle(self, disturbed: set[str]) -> None:
        """Give directories, also those whose content has changed, their modes and times."""
        found = {path: entry for path, entry in self._directories.items() if entry is not None}
        rest = disturbed - found.keys() - {""}
        if rest:
            for row, path in self._now.rows.items():
                if path in rest:
                    found[path] = _entry(row)
        for directory, entry in found.items():
            path = f"{self._root}/{directory}"
            os.chmod(path, entry.permissions)
            set_time(path, entry)

    def keep(self) -> None:
        """Remember what the tree holds now that it is finished."""
        if not self.is_kept:
            self._file.save(self._now)
            self.is_kept = True


def _entry(row: bytes) -> Stat:
    entry = packets.read(row).stat
    assert entry is not None
    return entry


def _lstat(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except FileNotFoundError:
        return None
