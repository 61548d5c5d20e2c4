"""Blobs on their way here: any range of one, as chunks."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from boxship.oci.layout import Descriptor
from boxship.registry.answer import Answer
from boxship.registry.errors import Interrupted, ProtocolError, Refused
from boxship.registry.repository import Repository
from boxship.registry.url import Url, parse

_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)\Z")


@dataclass(frozen=True, slots=True)
class BlobStream:
    """``chunks`` begin at byte ``start`` of the blob: where asked for, or 0 when the registry
    serves no ranges. They break off with :class:`Interrupted` before the blob's end, never after
    it: more bytes than the descriptor says are a :class:`ProtocolError`."""

    start: int
    chunks: AsyncIterator[bytes]


@asynccontextmanager
async def fetch(
    repository: Repository, blob: Descriptor, offset: int = 0, urls: tuple[str, ...] = ()
) -> AsyncIterator[BlobStream]:
    """*blob* from byte *offset* on. *urls*: where else to look when the registry has it not."""
    sources = [repository.url(f"blobs/{blob.digest}"), *(parse(url) for url in urls)]
    headers = {"Range": f"bytes={offset}-"} if offset else {}
    for source in sources:
        async with AsyncExitStack() as stack:
            asking = repository.session.request(
                "GET", source, repository.pulling, headers, good=(200, 206, 416)
            )
            try:
                answer = await stack.enter_async_context(asking)
            except Refused as error:
                if error.status != 404 or source is sources[-1]:
                    raise
                continue
            yield _stream(answer, blob, offset)
            return


def _stream(answer: Answer, blob: Descriptor, offset: int) -> BlobStream:
    if answer.status == 416:
        raise Interrupted(f"{answer.url}: the registry does not continue the blob")
    start = _start(answer, blob, offset) if answer.status == 206 else 0
    announced = answer.length
    if announced is not None and announced != blob.size - start:
        raise ProtocolError(
            f"{answer.url}: the registry announces {start + announced} bytes, "
            f"the manifest {blob.size}"
        )
    return BlobStream(start, _bounded(answer, blob.size - start, answer.url))


def _start(answer: Answer, blob: Descriptor, offset: int) -> int:
    found = _RANGE.match(answer.headers.get("content-range", ""))
    if found is None or int(found[1]) != offset or found[3] not in ("*", str(blob.size)):
        raise ProtocolError(f"{answer.url}: the registry serves another range than asked for")
    return offset


async def _bounded(answer: Answer, left: int, url: Url) -> AsyncIterator[bytes]:
    async for chunk in answer.chunks():
        left -= len(chunk)
        if left < 0:
            raise ProtocolError(f"{url}: the registry sends more than the manifest announces")
        yield chunk
    if left:
        raise Interrupted(f"{url}: unexpected EOF, {left} bytes are missing")
