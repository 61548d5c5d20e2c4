"""Stores a layer: one pass over its stream hashes it, writes it and indexes it.

A layer is a directory with ``layer.tar`` (the uncompressed archive, byte for byte) and ``index``
(an EROFS image that holds the names and points into that archive).
"""

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from boxship.archive.entry import Kind
from boxship.archive.erofs import IndexBuilder
from boxship.archive.errors import TarError
from boxship.archive.reader import TarReader
from boxship.base.errors import InvalidParameter

TAR, INDEX = "layer.tar", "index"
hashlib.sha256(b"")  # OpenSSL loads its providers at first use, which a chroot would not find


@dataclass(frozen=True, slots=True)
class StoredLayer:
    """``diff_id``: hex SHA-256 of the uncompressed archive, "" where the daemon computes it.
    ``directory``: where it was stored,
    None when the daemon has it already. ``size``: bytes of its files' content. ``stored``: bytes
    of the archive. ``index_digest``: hex SHA-256 of the index. ``opaque``: nothing of the layers
    below shows through, which overlayfs cannot be told of a root.
    """

    diff_id: str
    directory: str | None
    size: int = 0
    stored: int = 0
    index_digest: str = ""
    opaque: bool = False


class Budget:
    """How many bytes may still be written, for all layers of one archive together."""

    def __init__(self, limit: int) -> None:
        self._limit = self._left = limit

    def spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise InvalidParameter(
                f"the archive unpacks to more than {self._limit} bytes: no space left on device"
            )


class ChunkReader:
    """Reads from chunks of any size, without joining them: at most as much as is asked for."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""
        self._at = 0

    def read(self, count: int) -> bytes:
        if self._at < len(self._rest):
            data = self._rest[self._at : self._at + count]
            self._at += len(data)
            return data
        chunk = self._next()
        if len(chunk) <= count:
            return chunk
        self._rest, self._at = chunk, count
        return chunk[:count]

    def _next(self) -> bytes:
        for chunk in self._chunks:
            if chunk:
                return chunk
        return b""


class _Tee(ChunkReader):
    """Writes every chunk on its way to the reader, and hashes it or tells somebody of it."""

    def __init__(
        self, chunks: Iterable[bytes], file: int, budget: Budget, tell: Callable[[int], None] | None
    ) -> None:
        super().__init__(chunks)
        self._file = file
        self._budget = budget
        self._tell = tell
        self.hash = hashlib.sha256()
        self.size = 0

    def _next(self) -> bytes:
        chunk = super()._next()
        self._put(chunk)
        return chunk

    def pad(self, count: int) -> None:
        """Write *count* zeros: the kernel mounts no part of a block."""
        if count:
            self._put(bytes(count))

    def _put(self, chunk: bytes) -> None:
        self._budget.spend(len(chunk))
        if self._tell is None:
            self.hash.update(chunk)
        self.size += len(chunk)
        view = memoryview(chunk)
        while view:
            view = view[os.write(self._file, view) :]
        if self._tell is not None:
            self._tell(self.size)

    def drain(self) -> None:
        """Take in what follows the archive's end: the digest covers it."""
        while self._next():
            pass


def store(
    chunks: Iterable[bytes],
    directory: str,
    budget: Budget,
    whiteouts: bool = True,
    tell: Callable[[int], None] | None = None,
) -> StoredLayer:
    """Make *directory* and store the uncompressed archive *chunks* in it.

    *whiteouts*: names that mark deletions do so; else they are names like others. *tell* gets the
    number of bytes that are written: the one who listens computes the digest, not this process.

    :class:`InvalidParameter` when it is no archive, or hostile.
    """
    os.mkdir(directory, 0o700)
    with (
        open(os.path.join(directory, TAR), "x+b", 0) as tar,
        open(os.path.join(directory, INDEX), "x+b", 0) as index,
    ):
        tee = _Tee(chunks, tar.fileno(), budget, tell)
        builder, size = _read_entries(tee, whiteouts)
        tee.drain()
        stats = builder.write(
            index, tee.size, lambda offset, length: os.pread(tar.fileno(), length, offset)
        )
        budget.spend(stats.size)
        index.seek(0)
        index_digest = hashlib.file_digest(index, "sha256").hexdigest()
    diff_id = tee.hash.hexdigest() if tell is None else ""
    return StoredLayer(diff_id, directory, size, tee.size, index_digest, stats.root_opaque)


def _read_entries(source: _Tee, whiteouts: bool) -> tuple[IndexBuilder, int]:
    builder = IndexBuilder(layer=whiteouts)
    size = 0
    reader = TarReader(source.read)
    for entry in reader:
        builder.add(entry)
        if entry.kind is Kind.FILE:
            size += entry.size
        elif entry.kind is Kind.SYMLINK:
            size += len(entry.link)  # dockerd counts them
    if reader.missing and whiteouts:
        # A layer's digest is that of its bytes, which cannot be padded.
        raise TarError("unexpected EOF in the padding of a layer's last member")
    source.pad(reader.missing)
    return builder, size
