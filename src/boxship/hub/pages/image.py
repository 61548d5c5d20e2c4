"""One image: its platforms, or its layers with the instruction that made each."""

from boxship.base.errors import NotFound
from boxship.hub import manifest as manifests
from boxship.hub.answers import Answer
from boxship.hub.manifest import Descriptor, Document
from boxship.hub.pages.history import CONFIG_LIMIT, MOST, Config, read_config, tell
from boxship.hub.pages.page import render
from boxship.hub.pages.viewer import Viewer, shown, viewer_of
from boxship.hub.registry.content import reference_in
from boxship.hub.request import Request
from boxship.hub.storage.records import Manifest, Repository
from boxship.oci.distribution.errors import DistributionError
from boxship.oci.media_types import INDEXES


async def image_page(request: Request) -> Answer:
    viewer = await viewer_of(request)
    repository = await shown(request, viewer, request.params["name"])
    reference = reference_in(request.params["reference"])
    found = await request.hub.metadata.manifest(repository.id, reference)
    if found is None:
        raise DistributionError("MANIFEST_UNKNOWN", "There is no such image in this repository.")
    document = manifests.read(found.content)
    separator = "@" if ":" in reference else ":"
    host = request.origin.partition("://")[2]
    pull = f"docker pull {host}/{repository.name}{separator}{reference}"
    if found.media_type in INDEXES:
        return _index(request, viewer, repository, found, document, reference, pull)
    config = await _config(request, repository, document.config)
    story = tell(config, document.layers or [])
    return render(
        request,
        "image.html",
        viewer,
        repository=repository,
        reference=reference,
        pull=pull,
        manifest=found,
        story=story,
        total=sum(layer.size for layer in document.layers or []),
    )


def _index(
    request: Request,
    viewer: Viewer,
    repository: Repository,
    found: Manifest,
    document: Document,
    reference: str,
    pull: str,
) -> Answer:
    platforms = [(_platform(each), each) for each in (document.manifests or [])[:MOST]]
    return render(
        request,
        "platforms.html",
        viewer,
        repository=repository,
        reference=reference,
        pull=pull,
        manifest=found,
        platforms=platforms,
    )


def _platform(descriptor: Descriptor) -> str:
    platform = descriptor.platform or {}
    parts = [str(platform[name]) for name in ("os", "architecture", "variant") if name in platform]
    return "/".join(parts) or "unnamed"


async def _config(
    request: Request, repository: Repository, descriptor: Descriptor | None
) -> Config:
    """The image's configuration; an empty one where it is too large, or no image's."""
    if descriptor is None:
        return Config()
    blob = await request.hub.metadata.blob(repository.id, descriptor.digest)
    if blob is None or blob.size > CONFIG_LIMIT:
        return Config()
    try:
        reader = await request.hub.blobs.open(blob.key)
    except NotFound:
        return Config()
    try:
        return read_config(b"".join([part async for part in reader.chunks(0, blob.size)]))
    finally:
        reader.close()
