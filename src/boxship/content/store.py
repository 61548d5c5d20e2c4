"""Digest-addressed blobs in a directory: ``<root>/<algorithm>/<hex>``.

A blob appears under its name only after every byte was hashed and is on disk (temporary name,
fsync, rename, fsync of the directory), so whoever finds one may trust it. Whoever needs a blob
holds it by a row or a lease elsewhere: the store itself forgets nothing and knows no owners.
"""

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from boxship.base.digests import sha256, split_digest
from boxship.base.errors import InvalidParameter, NotFound

_INCOMING = "incoming-"


class BlobStore:
    """The blobs below *root*, which is made when missing. Blocking: call it off the event loop."""

    def __init__(self, root: Path) -> None:
        self._root = root
        for algorithm in ("sha256", "sha512"):
            (root / algorithm).mkdir(parents=True, exist_ok=True)

    def path(self, digest: str) -> Path:
        """Where *digest* is or would be. :class:`InvalidParameter` for what is no digest."""
        algorithm, hexa = split_digest(digest)
        return self._root / algorithm / hexa

    def __contains__(self, digest: str) -> bool:
        return self.path(digest).is_file()

    def __iter__(self) -> Iterator[str]:
        for directory in sorted(self._root.iterdir()):
            for entry in sorted(os.listdir(directory)):
                if not entry.startswith(_INCOMING):
                    yield f"{directory.name}:{entry}"

    def size(self, digest: str) -> int:
        """In bytes. :class:`NotFound` when there is no such blob."""
        try:
            return self.path(digest).stat().st_size
        except FileNotFoundError:
            raise NotFound(f"no such blob: {digest}") from None

    def open(self, digest: str) -> BinaryIO:
        """For reading; the caller closes it. :class:`NotFound` when there is no such blob."""
        try:
            return open(self.path(digest), "rb")
        except FileNotFoundError:
            raise NotFound(f"no such blob: {digest}") from None

    def read(self, digest: str) -> bytes:
        with self.open(digest) as blob:
            return blob.read()

    def put(self, data: bytes) -> str:
        """Keep *data* and return its digest."""
        digest = sha256(data)
        self.write(digest, [data])
        return digest

    def write(self, digest: str, chunks: Iterable[bytes]) -> int:
        """Keep *chunks* under *digest* and return their size in bytes.

        :class:`InvalidParameter`, and nothing kept, when they hash to something else.
        """
        incoming = Incoming(self, digest)
        try:
            for chunk in chunks:
                incoming.write(chunk)
            return incoming.commit()
        finally:
            incoming.abort()

    def delete(self, digest: str) -> None:
        """Forget *digest*; nothing happens when it is not there."""
        self.path(digest).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what writers that died left behind. Call it while none is at work."""
        for directory in self._root.iterdir():
            for leftover in directory.glob(_INCOMING + "*"):
                leftover.unlink()


class Incoming:
    """One blob on its way in: any number of :meth:`write`, then :meth:`commit`."""

    def __init__(self, store: BlobStore, digest: str) -> None:
        self._digest = digest
        self._final = store.path(digest)
        self._temporary = self._final.with_name(_INCOMING + secrets.token_hex(8))
        self._file = open(self._temporary, "xb", buffering=0)
        self._hash = hashlib.new(split_digest(digest)[0])
        self._size = 0

    def write(self, chunk: bytes | memoryview) -> None:
        self._hash.update(chunk)
        view = memoryview(chunk)
        while view:
            view = view[self._file.write(view) :]
        self._size += len(chunk)

    def commit(self) -> int:
        """Verify, make durable, publish; returns the size in bytes."""
        found = f"{self._hash.name}:{self._hash.hexdigest()}"
        if found != self._digest:
            self.abort()
            raise InvalidParameter(f"content is {found}, not {self._digest} as announced")
        os.fsync(self._file.fileno())
        self._file.close()
        os.rename(self._temporary, self._final)
        sync_directory(self._final.parent)
        return self._size

    def abort(self) -> None:
        """Drop what was written; harmless after :meth:`commit`."""
        self._file.close()
        self._temporary.unlink(missing_ok=True)


def sync_directory(directory: Path) -> None:
    """Make the names in *directory* durable."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
