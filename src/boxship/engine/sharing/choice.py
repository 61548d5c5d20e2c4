"""From what a tag names to the one image that this machine runs."""

import hashlib
from collections.abc import Sequence

from boxship.base.errors import InvalidParameter, NotFound
from boxship.images import platform as platforms
from boxship.images.platform import Platform
from boxship.oci import media_types
from boxship.oci.layout import Descriptor
from boxship.registry import blobs, manifests
from boxship.registry.errors import ProtocolError
from boxship.registry.manifests import Entry, Manifest
from boxship.registry.repository import Fetched, Repository

_MOST_CONFIG = 8 << 20
_CONFIGS = (media_types.DOCKER_CONFIG, media_types.OCI_CONFIG, "")
_GENERIC = "application/octet-stream"


def pick(entries: Sequence[Entry], wanted: Platform, shown: str) -> Entry:
    """The entry that serves *wanted* best.

    :class:`NotFound` in dockerd's words when there is none.
    """
    images = [entry for entry in entries if not entry.attestation]
    chosen = platforms.choose([platforms.of_config(entry.platform) for entry in images], wanted)
    if chosen is not None:
        return images[chosen]
    raise NotFound(f"no matching manifest for {wanted} in the manifest list entries{shown}")


async def image_manifest(repository: Repository, fetched: Fetched, wanted: Platform) -> Manifest:
    """The manifest of one image that *fetched* is or, as an index, lists."""
    found = manifests.parse(fetched.data, fetched.media_type)
    if isinstance(found, Manifest):
        return found
    entry = pick(found.entries, wanted, "")
    inner = await repository.manifest(entry.blob.digest)
    found = manifests.parse(inner.data, inner.media_type)
    if not isinstance(found, Manifest):
        raise InvalidParameter("invalid manifest: an index inside an index is not supported")
    return found


async def config(repository: Repository, manifest: Manifest) -> bytes:
    """The image's configuration, verified."""
    blob = manifest.config
    if blob.media_type not in (*_CONFIGS, _GENERIC):
        raise InvalidParameter(f'Encountered remote "{blob.media_type}"(unknown) when fetching')
    data = await small_blob(repository, blob)
    if blob.size != len(data):
        raise ProtocolError(f"image config verification failed for digest {blob.digest}")
    return data


async def small_blob(repository: Repository, blob: Descriptor) -> bytes:
    """A verified blob that fits into memory."""
    if blob.size > _MOST_CONFIG:
        raise InvalidParameter(f"the image's configuration exceeds {_MOST_CONFIG} bytes")
    async with blobs.fetch(repository, blob) as stream:
        data = b"".join([chunk async for chunk in stream.chunks])
    algorithm, _, expected = blob.digest.partition(":")
    if hashlib.new(algorithm, data).hexdigest() != expected:
        raise ProtocolError(f"image config verification failed for digest {blob.digest}")
    return data
