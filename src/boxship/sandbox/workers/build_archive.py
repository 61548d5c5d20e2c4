"""Archives that ADD finds in a context: recognised by what is in them, read entry by entry."""

import os
from collections.abc import Iterator

from boxship.archive.entry import Entry
from boxship.archive.errors import TarError
from boxship.archive.reader import TarReader
from boxship.base.errors import InvalidParameter
from boxship.sandbox.workers import members
from boxship.sandbox.workers.archive_members import is_layer
from boxship.sandbox.workers.descriptor import chunks
from boxship.sandbox.workers.inflate import compression, inflate, peek
from boxship.sandbox.workers.layer_sink import ChunkReader

_HEADER = 512


def archive_in(node: int) -> Iterator[tuple[Entry, Iterator[bytes]]] | None:
    """The entries of the archive that the regular file *node* (O_PATH) is, None if it is none."""
    fd = members.open_data(node)
    if not _is_archive(fd):
        os.close(fd)
        return None
    os.lseek(fd, 0, os.SEEK_SET)
    return _entries(fd)


def _is_archive(fd: int) -> bool:
    try:
        start, _ = peek(inflate(chunks(fd)), _HEADER)
    except InvalidParameter:
        return False
    return len(start) >= _HEADER and not compression(start) and is_layer("", start)


def _entries(fd: int) -> Iterator[tuple[Entry, Iterator[bytes]]]:
    try:
        reader = TarReader(ChunkReader(inflate(chunks(fd))).read)
        for entry in reader:
            yield entry, reader.body()
    except TarError as error:
        raise InvalidParameter(f"cannot unpack the archive: {error}") from None
    finally:
        os.close(fd)
