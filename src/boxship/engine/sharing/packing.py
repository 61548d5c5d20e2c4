"""A layer that no registry has had yet: compressed and sent at the same time."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

from boxship.engine.sharing.blob_upload import BlobUpload
from boxship.images.blob_rows import BlobRow
from boxship.images.compress import GZIP, PLAIN, USUAL, ZSTD, Compression, compress
from boxship.images.exchange import Exchange
from boxship.images.growing import GrowingFile
from boxship.oci.layout import Descriptor, plain_layer
from boxship.registry import uploads
from boxship.registry.errors import Interrupted, Refused, TransportError
from boxship.registry.http import Content
from boxship.registry.manifests import GZIP_LAYER, ZSTD_LAYER
from boxship.registry.repository import Repository
from boxship.registry.retry import is_transient
from boxship.registry.url import Url

_SMALL = 4 << 20  # bytes of a layer that is compressed before anything is sent
_KINDS = {GZIP: GZIP_LAYER, ZSTD: ZSTD_LAYER}
_Packed = GrowingFile[tuple[str, int]]


async def pack(
    exchange: Exchange,
    repository: Repository,
    diff_id: str,
    tell: Callable[[int], None],
    begun: Url | None,
    how: Compression,
) -> tuple[BlobRow, bool]:
    """The new blob of the layer *diff_id*, and whether *repository* has it already: a small one is
    only made. *tell* gets the bytes of the layer that are dealt with; *begun* is an open upload;
    *how* is gzip or zstd."""
    tar = exchange.tar(diff_id)
    with exchange.directory() as directory:
        target = directory / "blob"
        file = _Packed(target, partial(compress, tar, target, how=how), tell)
        upload: _Streamed | None = None
        try:
            if tar.stat().st_size > _SMALL:
                upload = _Streamed(repository, begun)
                await upload.send(file)
            digest, size = await file.result()
        finally:
            await file.close()
        row = BlobRow(digest, diff_id, _KINDS[how.kind], size)
        os.rename(target, exchange.blob_path(digest))
    await exchange.keep([row])
    if upload is not None:
        await upload.end(row, exchange.blob_path(digest))
    return row, upload is not None


async def blob_of(
    exchange: Exchange, diff_id: str, how: Compression = USUAL
) -> tuple[Descriptor, Path]:
    """A blob of the layer *diff_id*, and its file here, which is made if there is none. One that is
    there does, however it is compressed, unless *how* insists."""
    if how.kind == PLAIN:
        path = exchange.tar(diff_id)
        return plain_layer(diff_id, path.stat().st_size), path
    row = file_of(exchange, diff_id, how) or await _made(exchange, diff_id, how)
    return Descriptor(row.media_type, row.digest, row.size), exchange.blob_path(row.digest)


def file_of(exchange: Exchange, diff_id: str, how: Compression) -> BlobRow | None:
    """A blob of the layer *diff_id* that is a file here."""
    for row in known(exchange, diff_id, how):
        if exchange.blob_path(row.digest).is_file():
            return row
    return None


def known(exchange: Exchange, diff_id: str, how: Compression) -> list[BlobRow]:
    """Forms of the layer that will do, those that are as *how* says first."""
    rows = sorted(exchange.blobs_of(diff_id), key=lambda row: not how.is_of(row.media_type))
    return [row for row in rows if not how.force or how.is_of(row.media_type)]


async def _made(exchange: Exchange, diff_id: str, how: Compression) -> BlobRow:
    with exchange.directory() as directory:
        target = directory / "blob"
        work = partial(compress, exchange.tar(diff_id), target, how=how)
        file = _Packed(target, work, lambda count: None)
        try:
            digest, size = await file.result()
        finally:
            await file.close()
        row = BlobRow(digest, diff_id, _KINDS[how.kind], size)
        os.rename(target, exchange.blob_path(digest))
    await exchange.keep([row])
    return row


class _Streamed:
    """An upload whose length is not known when it begins."""

    def __init__(self, repository: Repository, begun: Url | None) -> None:
        self._repository = repository
        self._where = begun
        self._is_whole = False

    async def send(self, file: _Packed) -> None:
        """Returns when all was sent, or when it broke off: :meth:`end` mends that."""
        try:
            self._where = self._where or await uploads.begin(self._repository)
            body = Content(partial(_bytes_of, file), None)
            self._where = await uploads.append(self._repository, self._where, 0, body)
            self._is_whole = True
        except TransportError:
            return
        except Refused as error:
            # 411: it wants to know the length.
            if not is_transient(error.status) and error.status not in (404, 411, 416):
                raise

    async def end(self, row: BlobRow, path: Path) -> None:
        blob = Descriptor(row.media_type, row.digest, row.size)
        sent = blob.size if self._is_whole else None
        await BlobUpload(self._repository, blob, path, lambda count: None, self._where, sent).run()


async def _bytes_of(file: _Packed) -> AsyncIterator[bytes]:
    try:
        async for piece in file.pieces():
            yield piece
    except asyncio.CancelledError:
        raise
    except Exception:
        # The one who waits for the file is told why.
        raise Interrupted("the layer cannot be compressed") from None
