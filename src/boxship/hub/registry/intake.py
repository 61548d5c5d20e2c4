"""Takes the bytes of an upload from a request's body into the store, in bounded memory."""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from boxship.hub.hub import Hub
from boxship.hub.request import Request
from boxship.hub.storage.blobs import Busy, Hash, Writer
from boxship.hub.storage.records import Upload
from boxship.oci.distribution.errors import DistributionError
from boxship.wire.errors import RequestTimeout

_BATCH = 1 << 20
_KEEP_EVERY = 60.0
_ATTEMPTS, _PAUSE = 20, 0.05


@dataclass(slots=True)
class Intake:
    """One request that adds to *upload*, through a *writer* that nobody else has meanwhile."""

    request: Request
    upload: Upload
    writer: Writer
    algorithm: str
    digest: Hash | None

    async def take(self, limit: int | None) -> None:
        """Append the whole body. What a client that leaves or stalls has sent stays, to be resumed.

        SIZE_INVALID, and nothing of this body stays, beyond *limit* bytes of it.
        """
        start = self.writer.offset
        room = self.request.hub.settings.blob_limit - start
        chunks = self.request.exchange.body.chunks()
        storing: asyncio.Task[None] | None = None
        taken, batch = 0, list[bytes]()
        try:
            # One batch arrives while the one before it is hashed and written.
            while await self._gather(chunks, batch):
                taken += sum(map(len, batch))
                if storing is not None:
                    await storing
                storing = asyncio.create_task(self._store(batch))
                batch = []
                if limit is not None and taken > limit:
                    raise DistributionError("SIZE_INVALID")
                if taken > room:
                    raise _too_large()
        except DistributionError:
            if storing is not None:
                await storing
            await self._forget(start)
            raise
        finally:
            if storing is not None:
                await storing
            if batch:
                await self._store(batch)

    async def _gather(self, chunks: AsyncIterator[bytes], batch: list[bytes]) -> bool:
        """Fill *batch*; False when the body gave nothing more."""
        size = 0
        try:
            async with asyncio.timeout(self.request.hub.settings.stall):
                while size < _BATCH and (chunk := await anext(chunks, b"")):
                    batch.append(chunk)
                    size += len(chunk)
        except TimeoutError:
            raise RequestTimeout("the upload stalls: its next part did not arrive") from None
        return bool(batch)

    async def _store(self, batch: list[bytes]) -> None:
        await self.writer.write(batch, self.digest)
        await self.keep()

    async def _forget(self, start: int) -> None:
        """Take back everything that this request has added."""
        self.digest = None
        await self.writer.truncate(start)

    async def keep(self) -> None:
        """Tell the collector from time to time that the upload goes on."""
        now = time.time()
        if now - self.upload.touched > _KEEP_EVERY:
            self.upload = Upload(self.upload.key, self.upload.repository, now)
            await self.request.hub.metadata.keep(self.upload.key, now)

    async def hexdigest(self) -> str:
        """Of everything that the upload has, read again where that is needed."""
        if self.digest is None:
            self.digest = hashlib.new(self.algorithm)
            await self.writer.hash(self.digest)
        return self.digest.hexdigest()


@contextlib.asynccontextmanager
async def intake(request: Request, upload: Upload, algorithm: str) -> AsyncIterator[Intake]:
    """:class:`~boxship.hub.storage.blobs.Busy` while another request adds to the same upload."""
    hub = request.hub
    writer = await _patient(lambda: hub.blobs.append(upload.key))
    try:
        # The row goes before the bytes do: one that is there now keeps what is written here.
        if await hub.metadata.upload(upload.key, upload.repository) is None:
            await drop(hub, upload.key)
            raise DistributionError("BLOB_UPLOAD_UNKNOWN")
        digest = hub.digesting.take(upload.key, writer.offset, algorithm)
        running = Intake(request, upload, writer, algorithm, digest)
        yield running
        if running.digest is not None:
            hub.digesting.keep(upload.key, writer.offset, algorithm, running.digest)
    finally:
        writer.close()


async def _patient(append: Callable[[], Awaitable[Writer]]) -> Writer:
    """Who goes on after a broken connection may be quicker than the end of the old one."""
    for _ in range(_ATTEMPTS):
        try:
            return await append()
        except Busy:
            await asyncio.sleep(_PAUSE)
    return await append()


async def drop(hub: Hub, key: str) -> None:
    """End an upload and free its bytes, unless it has become a blob."""
    if await hub.metadata.cancel(key):
        await free(hub, key)


async def free(hub: Hub, key: str) -> None:
    """Should this break off, the collector goes on: the metadata call the key garbage."""
    await hub.blobs.remove(key)
    await hub.metadata.forget([key])


def _too_large() -> DistributionError:
    return DistributionError("SIZE_INVALID", "the blob is larger than this hub takes", status=413)
