"""The exporters ``moby`` and ``image``: images in our store, and from there in registries."""

import contextlib

from boxship.builder.buildkit.attachments import Attachment
from boxship.engine.buildkit import compression
from boxship.engine.buildkit.export import Export
from boxship.engine.sharing.push import Manner
from boxship.images.compress import USUAL
from boxship.images.reference import Reference
from boxship.oci.media_types import DOCKER_CONFIG
from boxship.wire.grpc.status import Code, GrpcError


async def store(export: Export) -> dict[str, str]:
    if export.is_set("push-by-digest"):
        raise GrpcError(Code.UNKNOWN, "push-by-digest is not supported")
    images, names = export.images, export.names()
    for image in images:
        export.step.status(f"writing image {image.id}", done=True)
        export.documents.append(Attachment(DOCKER_CONFIG, image.raw))
    store = export.engine.images
    await store.steps.show(image.id for image in images)
    for name in names:
        await store.tag(images[0].id, name.repository, name.tag or "")
        if len(images) > 1:
            await store.exchange.name(name, [image.id for image in images])
        export.step.status(f"naming to {name}", done=True)
    how = compression.asked(export.attrs) or USUAL
    manner = Manner(how, export.is_set("oci-mediatypes"))
    export.engine.sharing.write_as(manner, [image.id for image in images])
    # Whoever asks for the exporter moby pushes by itself afterwards.
    if export.wanted.type == "image" and export.is_set("push"):
        if not names:
            raise GrpcError(Code.UNKNOWN, "tag is needed when pushing to registry")
        for name in names:
            await _push(export, name)
    told = {"containerimage.digest": images[0].id, "containerimage.config.digest": images[0].id}
    if names:
        told["image.name"] = ",".join(map(str, names))
    return told


async def _push(export: Export, name: Reference) -> None:
    what = f"pushing {name}"
    export.step.status(what)
    credentials = await export.session.credentials(name.domain)
    messages = export.engine.sharing.push(name.repository, name.tag or "", None, credentials)
    async with contextlib.aclosing(messages):
        async for message in messages:
            if "error" in message:
                raise GrpcError(Code.UNKNOWN, f"failed to push {name}: {message['error']}")
    export.step.status(what, done=True)
