"""Uploads of blobs: whole, in chunks, and by mounting (end-4 to end-6, end-11, end-13, end-14)."""

import time
from urllib.parse import quote

from boxship.base.digests import split_digest
from boxship.hub.answers import Answer, Headers
from boxship.hub.auth.access import require
from boxship.hub.registry.content import described, digest_in, known
from boxship.hub.registry.intake import Intake, drop, free, intake
from boxship.hub.registry.mounting import mount
from boxship.hub.request import Request
from boxship.hub.storage.keys import is_key, new_key
from boxship.hub.storage.records import Repository, Right, Upload
from boxship.oci.distribution import ranges
from boxship.oci.distribution.errors import DistributionError

DEFAULT_ALGORITHM = "sha256"


async def start_upload(request: Request) -> Answer:
    """POST: begin an upload, or take the whole blob at once, or mount one that is here."""
    name = request.params["name"]
    digest = request.option("digest")
    if digest:
        digest_in(digest)
    await require(request, name, Right.PUSH)
    repository = await request.hub.metadata.ensure_repository(name)
    if request.option("mount"):
        mounted = digest_in(request.option("mount"))
        if await mount(request, repository, mounted):
            return _created(repository, mounted)
    _check_length(request)
    upload = Upload(new_key(), repository.id, time.time())
    await request.hub.metadata.begin(upload.key, repository.id, upload.touched)
    if not digest:
        return Answer(202, _progress(repository, upload.key, 0))
    try:
        async with intake(request, upload, split_digest(digest)[0]) as running:
            await running.take(None)
            await _publish(running, digest)
    except BaseException:
        # The client never learnt this upload's name: nobody can resume it.
        await drop(request.hub, upload.key)
        raise
    return _created(repository, digest)


async def append_chunk(request: Request) -> Answer:
    """PATCH: the next chunk; without Content-Range, whatever comes goes behind what is there."""
    repository, upload = await _find(request)
    async with intake(request, upload, DEFAULT_ALGORITHM) as running:
        await _take_chunk(request, running)
        size = running.writer.offset
    return Answer(202, _progress(repository, upload.key, size))


async def finish_upload(request: Request) -> Answer:
    """PUT: the last chunk, if any, and the digest of the whole."""
    digest = digest_in(request.option("digest"))
    repository, upload = await _find(request)
    async with intake(request, upload, split_digest(digest)[0]) as running:
        await _take_chunk(request, running)
        await _publish(running, digest)
    return _created(repository, digest)


async def upload_status(request: Request) -> Answer:
    repository, upload = await _find(request)
    size = await request.hub.blobs.size(upload.key)
    return Answer(204, _progress(repository, upload.key, size))


async def cancel_upload(request: Request) -> Answer:
    _, upload = await _find(request)
    await drop(request.hub, upload.key)
    return Answer(204)


async def _find(request: Request) -> tuple[Repository, Upload]:
    name, key = request.params["name"], request.params["key"]
    repository = known(await require(request, name, Right.PUSH), name)
    upload = await request.hub.metadata.upload(key, repository.id) if is_key(key) else None
    if upload is None:
        raise DistributionError("BLOB_UPLOAD_UNKNOWN")
    return repository, upload


def _check_length(request: Request) -> None:
    """Refuse what is too large before its first byte."""
    if request.exchange.head.content_length > request.hub.settings.blob_limit:
        raise DistributionError(
            "SIZE_INVALID", "the blob is larger than this hub takes", status=413
        )


async def _take_chunk(request: Request, running: Intake) -> None:
    """The request's body, at the place that its Content-Range names."""
    _check_length(request)
    header = request.header("content-range")
    if not header:
        await running.take(None)
        return
    span = ranges.chunk(header)
    if span is None:
        raise DistributionError("BLOB_UPLOAD_INVALID", "malformed Content-Range")
    offset = running.writer.offset
    if span.start != offset:
        raise DistributionError(
            "BLOB_UPLOAD_INVALID",
            f"the chunk begins at {span.start}, the upload has {offset} bytes",
            status=416,
            headers=(("Range", ranges.uploaded(offset)),),
        )
    head = request.exchange.head
    if not head.chunked and head.content_length != span.count:
        raise DistributionError("SIZE_INVALID")
    await running.take(span.count)
    if running.writer.offset != offset + span.count:
        raise DistributionError("SIZE_INVALID")


async def _publish(running: Intake, digest: str) -> None:
    """Make the upload the blob *digest*, once it is verified and on the disk."""
    hub, key = running.request.hub, running.upload.key
    if f"{running.algorithm}:{await running.hexdigest()}" != digest:
        running.digest = None
        await drop(hub, key)
        raise DistributionError("DIGEST_INVALID", detail={"digest": digest})
    await running.writer.sync()
    size = running.writer.offset
    running.digest = None
    if not await hub.metadata.publish(key, digest, size, time.time()):
        raise DistributionError("BLOB_UPLOAD_UNKNOWN")
    blob = await hub.metadata.blob(running.upload.repository, digest)
    if blob is not None and blob.key != key:
        await free(hub, key)


def _progress(repository: Repository, key: str, size: int) -> Headers:
    return [
        ("Location", f"/v2/{quote(repository.name)}/blobs/uploads/{key}"),
        ("Range", ranges.uploaded(size)),
        ("Docker-Upload-UUID", key),
    ]


def _created(repository: Repository, digest: str) -> Answer:
    location = ("Location", f"/v2/{quote(repository.name)}/blobs/{digest}")
    return Answer(201, [location, *described(digest)])
