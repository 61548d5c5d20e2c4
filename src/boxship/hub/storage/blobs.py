"""The blob store: bytes under keys that the hub draws at random.

A key is not a digest. A blob is published by a row of metadata that names its key, so that storing,
publishing and removing never meet: removing an old copy cannot hit a new one of the same content.
"""

from collections.abc import AsyncIterator, Sequence
from typing import BinaryIO, Protocol

from boxship.base.errors import Conflict


class Hash(Protocol):
    """What hashlib's objects offer."""

    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


class Busy(Conflict):
    """Another request, perhaps of another process, writes under this key."""


class Writer(Protocol):
    """Adds to the bytes under one key; it alone does, until :meth:`close`."""

    offset: int
    """Where the next byte goes."""

    async def write(self, chunks: Sequence[bytes], digest: Hash | None) -> None:
        """Append *chunks*, feeding *digest* with them."""

    async def truncate(self, size: int) -> None:
        """Forget what lies behind *size* bytes."""

    async def hash(self, digest: Hash) -> None:
        """Feed *digest* with everything under the key."""

    async def sync(self) -> None:
        """Return when everything written would survive a loss of power."""

    def close(self) -> None:
        """Let others write. What was written stays."""


class Reader(Protocol):
    """Reads one blob; the caller closes it."""

    @property
    def size(self) -> int: ...

    @property
    def file(self) -> BinaryIO | None:
        """A file for sendfile(2), where there is one."""

    def chunks(self, start: int, count: int) -> AsyncIterator[bytes]:
        """*count* bytes from *start*."""

    def close(self) -> None: ...


class BlobStore(Protocol):
    """Bytes by key. A key is 32 hex digits and is never used for a second blob."""

    async def append(self, key: str) -> Writer:
        """A writer behind what *key* has so far; :class:`Busy` while another one is open."""

    async def size(self, key: str) -> int:
        """Bytes under *key*; 0 when nothing was ever written."""

    async def open(self, key: str) -> Reader:
        """:class:`~boxship.base.errors.NotFound` when nothing was ever written."""

    async def remove(self, key: str) -> None:
        """Forget *key*; nothing happens when it is not there. Open readers go on."""
