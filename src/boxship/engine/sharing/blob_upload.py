"""One file on its way to a registry. What breaks off goes on where the registry says that it is."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from boxship.oci.layout import Descriptor
from boxship.registry import uploads
from boxship.registry.errors import Refused, TransportError
from boxship.registry.http import Content, Part
from boxship.registry.repository import Repository
from boxship.registry.retry import delay, is_transient
from boxship.registry.url import Url

_PIECE = 1 << 20
_PROGRESS = 64 << 10  # bytes for which it is worth to try again and again


class BlobUpload:
    """Sends the file *path*, whose content is *blob*; *tell* gets the bytes sent so far.

    *begun* is an upload that the registry has opened already, *sent* how many bytes of it have
    arrived, None where nobody knows.
    """

    def __init__(
        self,
        repository: Repository,
        blob: Descriptor,
        path: Path,
        tell: Callable[[int], None],
        begun: Url | None = None,
        sent: int | None = 0,
    ) -> None:
        self._repository = repository
        self._blob = blob
        self._path = path
        self._tell = tell
        self._upload = begun
        self._offset = sent or 0
        self._is_doubtful = sent is None

    async def run(self) -> None:
        """Returns when the registry has the blob. A break that gets further each time is mended
        as often as it happens; otherwise the last failure is raised after some attempts."""
        if self._is_doubtful:
            await self._find_out()
        attempt, furthest = 0, 0
        while True:
            try:
                return await self._send()
            except (TransportError, Refused) as error:
                await self._find_out()
                if self._offset > furthest + _PROGRESS:
                    attempt, furthest = 0, self._offset
                await _wait(attempt, error)
                attempt += 1

    async def _send(self) -> None:
        if self._upload is None:
            self._upload, self._offset = await uploads.begin(self._repository), 0
        if self._offset < self._blob.size:
            left, part = self._blob.size - self._offset, Part(self._path, self._offset, self._tell)
            body = Content(lambda: self._pieces(self._offset), left, part=part)
            where = await uploads.append(self._repository, self._upload, self._offset, body)
            self._upload, self._offset = where, self._blob.size
        await uploads.finish(self._repository, self._upload, self._blob)

    async def _find_out(self) -> None:
        """How far the upload has come; when that cannot be known it starts again."""
        found = None
        if self._upload is not None:
            try:
                found = await uploads.progress(self._repository, self._upload)
            except (TransportError, Refused):
                found = None
        if found is not None and found[1] <= self._blob.size:
            self._upload, self._offset = found
        else:
            self._upload, self._offset = None, 0

    async def _pieces(self, offset: int) -> AsyncIterator[bytes]:
        sent = offset
        with await asyncio.to_thread(open, self._path, "rb", 0) as file:
            file.seek(offset)
            while piece := await asyncio.to_thread(file.read, _PIECE):
                yield piece
                sent += len(piece)
                self._tell(sent)


async def _wait(attempt: int, error: TransportError | Refused) -> None:
    """Before a broken upload goes on; raises *error* when it shall not."""
    after = ""
    if isinstance(error, Refused):
        # 404 and 416: the registry has lost the upload, or its place in it.
        if not is_transient(error.status) and error.status not in (404, 416):
            raise error
        after = error.retry_after
    pause = delay(attempt, after)
    if pause is None:
        raise error
    await asyncio.sleep(pause)
