"""The exporters ``oci`` and ``docker``: an archive, or the files of an OCI layout."""

import base64
from typing import Any

from boxship.builder.buildkit.attachments import Attachment
from boxship.engine.buildkit import compression, switches, transfer
from boxship.engine.buildkit.client_store import store_of
from boxship.engine.buildkit.export import Export
from boxship.engine.sharing.caches import Form
from boxship.engine.sharing.packing import blob_of
from boxship.images import saving
from boxship.images.compress import PLAIN
from boxship.oci.layout import encode, plain_layer

_STORE = "export"


async def export(export: Export) -> dict[str, str]:
    """What ``docker save`` writes is both formats at once. Nothing here gets a name by it."""
    exchange, names = export.engine.images.exchange, export.names()
    with exchange.lease([one for image in export.images for one in image.diff_ids]):
        packed = await _packed(export)
        layout = exchange.layout(export.images, packed)
        told = _told(export, layout.top)
        export.documents = _documents(layout)
        if names:
            told["image.name"] = ",".join(map(str, names))
        if not switches.is_on(export.attrs, "tar", default=True):
            await _into_store(export, layout, packed)
        else:
            pieces = exchange.saved(export.images, names, packed)
            await transfer.send_file(export.session, pieces, told, export.told)
    return told


async def _packed(export: Export) -> saving.Packed:
    """Compressed blobs of all layers, if those are asked for."""
    how = compression.asked(export.attrs)
    if how is None or how.kind == PLAIN:
        return {}
    exchange, found = export.engine.images.exchange, {}
    for diff_id in dict.fromkeys(one for image in export.images for one in image.diff_ids):
        blob, path = await blob_of(exchange, diff_id, how)
        found[diff_id] = (Form().layer(blob), path)
    return found


def _documents(layout: saving.Layout) -> list[Attachment]:
    """The manifest or index, and what hangs on it."""
    top = str(layout.top["digest"])
    kind = str(layout.top["mediaType"])
    rest = [data for digest, data in layout.blobs.items() if digest != top]
    return [Attachment(kind, layout.blobs[top]), *(Attachment("", data) for data in rest)]


def _told(export: Export, top: dict[str, Any]) -> dict[str, str]:
    images = export.images
    told = {
        "containerimage.digest": str(top["digest"]),
        "containerimage.descriptor": base64.b64encode(encode(top)).decode(),
    }
    if len(images) == 1:
        told["containerimage.config.digest"] = images[0].id
    return told


async def _into_store(export: Export, layout: saving.Layout, packed: saving.Packed) -> None:
    """The client adds the index and the marker to what it gets here."""
    store, exchange = store_of(export.session, _STORE), export.engine.images.exchange
    files = {blob.digest: (blob, path) for blob, path in packed.values()}
    for digest, size in layout.layers.items():
        title = f"writing layer {digest}"
        export.step.status(title)
        if digest in files:
            await store.put_file(*files[digest])
        else:
            await store.put_file(plain_layer(digest, size), exchange.tar(digest))
        export.step.status(title, done=True)
    for digest, data in layout.blobs.items():
        await store.put(digest, data)
