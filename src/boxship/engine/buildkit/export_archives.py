"""The exporters ``oci`` and ``docker``: an archive, or the files of an OCI layout."""

import base64
from typing import Any

from boxship.builder.buildkit.attachments import Attachment
from boxship.engine.buildkit import transfer
from boxship.engine.buildkit.client_store import store_of
from boxship.engine.buildkit.export import Export
from boxship.engine.sharing.caches import Form
from boxship.engine.sharing.packing import file_of
from boxship.images import saving
from boxship.oci.layout import Descriptor, encode, plain_layer
from boxship.wire.grpc.status import Code, GrpcError

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
        if export.attrs.get("tar", "true") in ("false", "0"):
            await _into_store(export, layout, packed)
        else:
            pieces = exchange.saved(export.images, names, packed)
            await transfer.send_file(export.session, pieces, told, export.told)
    return told


async def _packed(export: Export) -> saving.Packed:
    """Compressed blobs of all layers, if those are asked for. GrpcError for an unknown kind."""
    compression = export.attrs.get("compression", "")
    if compression in ("", "uncompressed"):
        return {}
    if compression != "gzip":
        raise GrpcError(
            Code.UNKNOWN, f"compression {compression} is not supported: gzip or uncompressed"
        )
    exchange, found = export.engine.images.exchange, {}
    for diff_id in dict.fromkeys(one for image in export.images for one in image.diff_ids):
        row = await file_of(exchange, diff_id)
        blob = Form().layer(Descriptor(row.media_type, row.digest, row.size))
        found[diff_id] = (blob, exchange.blob_path(row.digest))
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
