"""What a client's directory had when it was received last, so that only differences cost work.

A row is the packet that told of an entry, byte for byte: a packet that comes again says that
nothing has happened to it. The file is there only while it is true of the tree beside it, and only
believed in the boot that it was written in: what was not synced may be lost with the machine.
"""

import itertools
import os
import struct
from array import array
from dataclasses import dataclass, field
from pathlib import Path

from boxship.images.durability import boot_id

_HEAD = struct.Struct("=36s32sI")
_FORMAT = "I"


@dataclass(slots=True)
class Entries:
    """*rows*: packets, and the path of a directory or nothing for what is none. *careful*: packets
    of entries that are compared with the tree each time. *state* names what the tree holds, apart
    from times; empty when nobody knows."""

    state: str = ""
    rows: dict[bytes, str] = field(default_factory=dict)
    careful: list[bytes] = field(default_factory=list)

    def encoded(self) -> bytes:
        directories = [(row, path) for row, path in self.rows.items() if path]
        plain = [row for row, path in self.rows.items() if not path]
        parts = [*plain, *self.careful]
        for row, path in directories:
            parts += [row, os.fsencode(path)]
        counts = array(_FORMAT, [len(plain), len(self.careful), *map(len, parts)])
        head = _HEAD.pack(boot_id().encode(), self.state.encode(), len(counts))
        return b"".join((head, counts.tobytes(), *parts))


def _decoded(data: bytes) -> Entries | None:
    boot, state, count = _HEAD.unpack_from(data)
    if boot != boot_id().encode():
        return None
    counts = array(_FORMAT)
    start = _HEAD.size + count * counts.itemsize
    counts.frombytes(data[_HEAD.size : start])
    plain, careful, *sizes = counts
    ends = [*itertools.accumulate(sizes, initial=start)]
    if ends[-1] != len(data):
        return None
    parts = [data[at:end] for at, end in itertools.pairwise(ends)]
    found = Entries(state.decode(), dict.fromkeys(parts[:plain], ""))
    found.careful = parts[plain : plain + careful]
    rest = parts[plain + careful :]
    found.rows.update(zip(rest[::2], map(os.fsdecode, rest[1::2]), strict=True))
    return found


class EntriesFile:
    """Owns the file *path*, which one transfer at once uses."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Entries:
        """Nothing but an empty list, where nothing is known."""
        try:
            return _decoded(self._path.read_bytes()) or Entries()
        except (FileNotFoundError, struct.error, ValueError):
            return Entries()

    def forget(self) -> None:
        """The tree is about to change."""
        self._path.unlink(missing_ok=True)

    def save(self, entries: Entries) -> None:
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(entries.encoded())
        fresh.replace(self._path)
