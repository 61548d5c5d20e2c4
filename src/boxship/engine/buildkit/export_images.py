"""The exporters ``moby`` and ``image``: images in our store, and from there in registries.

A client of ours or of BuildKit leaves the push to the engine (attribute ``push``). buildx before
0.22 asks for the exporter ``moby`` with the same attribute and pushes once more by itself
afterwards: that finds everything in place.
"""

import base64
import contextlib
from collections.abc import Mapping

from boxship.base.errors import BoxshipError
from boxship.builder.buildkit.attachments import Attachment
from boxship.engine.buildkit import compression, switches
from boxship.engine.buildkit.export import Export, names_in
from boxship.engine.sharing.messages import Message, Reporter
from boxship.engine.sharing.push import Manner
from boxship.images.compress import USUAL
from boxship.images.reference import Reference
from boxship.oci.layout import Descriptor, encode
from boxship.oci.media_types import DOCKER_CONFIG
from boxship.wire.grpc.status import Code, GrpcError

_SWITCHES = ("push", "push-by-digest", "registry.insecure", "oci-mediatypes", "rewrite-timestamp")


def check(attrs: Mapping[str, str]) -> None:
    """Refuse attributes that cannot be carried out. :class:`InvalidParameter`, GrpcError."""
    for name in _SWITCHES:
        switches.is_on(attrs, name)
    if not names_in(attrs) and switches.is_on(attrs, "push"):
        raise GrpcError(Code.UNKNOWN, "tag is needed when pushing to registry")


async def store(export: Export) -> dict[str, str]:
    """Keep the images under their names and push them if the client asks for it. Return what the
    client is told: ``containerimage.digest`` is the manifest's in the registry after a push, the
    image ID otherwise. GrpcError, BoxshipError."""
    images, names = export.images, export.names()
    for image in images:
        export.step.status(f"writing image {image.id}", done=True)
        export.documents.append(Attachment(DOCKER_CONFIG, image.raw))
    store = export.engine.images
    await store.steps.show(image.id for image in images)
    for name in names:
        if not name.tag:
            continue  # Pushed by its digest alone.
        await store.tag(images[0].id, name.repository, name.tag)
        if len(images) > 1:
            await store.exchange.name(name, [image.id for image in images])
        export.step.status(f"naming to {name}", done=True)
    how = compression.asked(export.attrs) or USUAL
    manner = Manner(how, export.is_set("oci-mediatypes"))
    export.engine.sharing.write_as(manner, [image.id for image in images])
    told = {"containerimage.digest": images[0].id, "containerimage.config.digest": images[0].id}
    if names:
        told["image.name"] = ",".join(map(str, names))
    if export.is_set("push"):
        for name in names:
            told |= _in_registry(await _push(export, name))
    return told


def _in_registry(manifest: Descriptor) -> dict[str, str]:
    return {
        "containerimage.digest": manifest.digest,
        "containerimage.descriptor": base64.b64encode(encode(manifest.to_json())).decode(),
    }


async def _push(export: Export, name: Reference) -> Descriptor:
    """Push the images as *name*. Return what the registry has then. GrpcError."""
    pushed: list[Descriptor] = []
    credentials = await export.session.credentials(name.domain)
    insecure = export.is_set("registry.insecure")

    async def push(reporter: Reporter) -> None:
        sharing = export.engine.sharing
        pushed.append(await sharing.publish(name, export.images, credentials, reporter, insecure))

    export.step.status("pushing layers")
    try:
        async with contextlib.aclosing(Reporter().run(push)) as messages:
            async for message in messages:
                _show(export, name, message)
    except BoxshipError as error:
        raise _failed(name, str(error)) from None
    export.step.status("pushing layers", done=True)
    export.step.status(f"pushing manifest for {name}@{pushed[0].digest}", done=True)
    return pushed[0]


def _show(export: Export, name: Reference, message: Message) -> None:
    if "error" in message:
        raise _failed(name, message["error"])
    at, layer = message.get("progressDetail") or {}, f"pushing layer {message.get('id', '')}"
    if "current" in at:
        export.step.status(layer, at["current"], at.get("total", 0))
    elif message.get("status") == "Pushed":
        export.step.status(layer, done=True)


def _failed(name: Reference, why: str) -> GrpcError:
    return GrpcError(Code.UNKNOWN, f"failed to push {name}: {why}")
