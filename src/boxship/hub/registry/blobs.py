"""Blobs: reading, whole and in part, and removing (end-2, end-10)."""

import time

from boxship.hub.answers import Answer, BlobAnswer, Reply
from boxship.hub.auth.access import require
from boxship.hub.registry.content import described, digest_in, known, unchanged
from boxship.hub.request import Request
from boxship.hub.storage.records import Blob, Right
from boxship.oci.distribution import ranges
from boxship.oci.distribution.errors import DistributionError
from boxship.oci.distribution.ranges import Span, Unsatisfiable

_TOUCH_EVERY = 60.0


async def read_blob(request: Request) -> Reply:
    """GET and HEAD. A HEAD keeps the blob from collection: its manifest may be on the way."""
    name = request.params["name"]
    repository = known(await require(request, name, Right.PULL), name)
    digest = digest_in(request.params["digest"])
    blob = await request.hub.metadata.blob(repository.id, digest)
    if blob is None:
        raise DistributionError("BLOB_UNKNOWN", detail={"digest": digest})
    headers = [
        *described(digest),
        ("Accept-Ranges", "bytes"),
        ("Content-Type", "application/octet-stream"),
        ("Cache-Control", "private, max-age=31536000, immutable"),
    ]
    if request.method == "HEAD":
        now = time.time()
        if now - blob.touched > _TOUCH_EVERY:
            await request.hub.metadata.touch(repository.id, digest, now)
        return Answer(200, headers, size=blob.size)
    if unchanged(request, digest):
        return Answer(304, headers)
    span = _span(request, blob)
    whole = span or Span(0, blob.size)
    reader = await request.hub.blobs.open(blob.key)
    if span is not None:
        headers.append(("Content-Range", span.content_range(blob.size)))
    return BlobAnswer(206 if span else 200, headers, reader, whole.start, whole.count)


def _span(request: Request, blob: Blob) -> Span | None:
    condition = request.header("if-range")
    if condition and condition != f'"{blob.digest}"':
        return None
    header = request.header("range")
    try:
        return ranges.requested(header, blob.size) if header else None
    except Unsatisfiable:
        raise DistributionError(
            "SIZE_INVALID",
            "requested range not satisfiable",
            status=416,
            headers=(("Content-Range", f"bytes */{blob.size}"),),
        ) from None


async def remove_blob(request: Request) -> Answer:
    """Takes it out of this repository; the bytes go when no repository has it."""
    name = request.params["name"]
    repository = known(await require(request, name, Right.DELETE), name)
    digest = digest_in(request.params["digest"])
    if not await request.hub.metadata.unlink(repository.id, digest):
        raise DistributionError("BLOB_UNKNOWN", detail={"digest": digest})
    return Answer(202)
