"""Manifests and tags: reading, pushing, removing (end-3, end-7, end-9)."""

import hashlib
import time
from urllib.parse import quote

from boxship.base.digests import sha256, split_digest
from boxship.hub import manifest as manifests
from boxship.hub.answers import Answer
from boxship.hub.auth.access import require
from boxship.hub.registry.content import described, known, reference_in, unchanged
from boxship.hub.request import Request
from boxship.hub.settings import MANIFEST_LIMIT
from boxship.hub.storage.records import MissingContent, Right
from boxship.oci.distribution.errors import DistributionError
from boxship.wire.errors import PayloadTooLarge


async def read_manifest(request: Request) -> Answer:
    name = request.params["name"]
    repository = known(await require(request, name, Right.PULL), name)
    reference = reference_in(request.params["reference"])
    found = await request.hub.metadata.manifest(repository.id, reference)
    if found is None:
        raise DistributionError("MANIFEST_UNKNOWN", detail={"reference": reference})
    if not _accepts(request.header("accept"), found.media_type):
        raise DistributionError(
            "MANIFEST_UNKNOWN", f"the manifest is a {found.media_type}, which is not accepted"
        )
    headers = [*described(found.digest), ("Content-Type", found.media_type), ("Vary", "Accept")]
    if unchanged(request, found.digest):
        return Answer(304, headers)
    return Answer(200, headers, found.content)


def _accepts(header: str, media_type: str) -> bool:
    """Whether an Accept header (RFC 9110, section 12.5.1) has room for *media_type*."""
    wanted = [part.partition(";") for part in header.lower().split(",") if part.strip()]
    ranges = {
        kind.strip()
        for kind, _, weight in wanted
        if weight.replace(" ", "") not in ("q=0", "q=0.0")
    }
    return not wanted or not ranges.isdisjoint({media_type, "application/*", "*/*"})


async def put_manifest(request: Request) -> Answer:
    """Keep the bytes as they come, once all that they name is here."""
    name = request.params["name"]
    await require(request, name, Right.PUSH)
    reference = reference_in(request.params["reference"])
    content = await _body(request)
    tag = None if ":" in reference else reference
    digest = _digest(content, reference) if tag is None else sha256(content)
    document = manifests.check(content, request.header("content-type"), digest)
    repository = await request.hub.metadata.ensure_repository(name)
    try:
        await request.hub.metadata.put_manifest(repository.id, document, tag, time.time())
    except MissingContent as missing:
        raise DistributionError(
            "MANIFEST_BLOB_UNKNOWN", detail={"digest": missing.digest}
        ) from None
    headers = [("Location", f"/v2/{quote(name)}/manifests/{digest}"), *described(digest)]
    if document.subject is not None:
        headers.append(("OCI-Subject", document.subject))
    return Answer(201, headers)


async def _body(request: Request) -> bytes:
    head = request.exchange.head
    try:
        if head.content_length > MANIFEST_LIMIT:
            raise PayloadTooLarge("")
        return await request.exchange.body.read_all(MANIFEST_LIMIT)
    except PayloadTooLarge:
        message = f"the manifest is larger than {MANIFEST_LIMIT} bytes"
        raise DistributionError("MANIFEST_INVALID", message, status=413) from None


def _digest(content: bytes, expected: str) -> str:
    algorithm, value = split_digest(expected)
    if hashlib.new(algorithm, content).hexdigest() != value:
        raise DistributionError("DIGEST_INVALID", detail={"digest": expected})
    return expected


async def remove_manifest(request: Request) -> Answer:
    """By digest the manifest and the tags that point at it, by tag the tag alone."""
    name = request.params["name"]
    repository = known(await require(request, name, Right.DELETE), name)
    reference = reference_in(request.params["reference"])
    metadata = request.hub.metadata
    remove = metadata.remove_manifest if ":" in reference else metadata.remove_tag
    if not await remove(repository.id, reference):
        raise DistributionError("MANIFEST_UNKNOWN", detail={"reference": reference})
    return Answer(202)
