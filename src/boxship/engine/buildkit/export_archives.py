"""The exporters ``oci`` and ``docker``: an archive, or the files of an OCI layout."""

import base64
from typing import Any

from boxship.engine.buildkit import transfer
from boxship.engine.buildkit.client_store import store_of
from boxship.engine.buildkit.export import Export
from boxship.images import saving
from boxship.oci.layout import encode, plain_layer
from boxship.wire.grpc.status import Code, GrpcError

_STORE = "export"
_COMPRESSIONS = ("", "uncompressed")


async def export(export: Export) -> dict[str, str]:
    """What ``docker save`` writes is both formats at once. Nothing here gets a name by it."""
    compression = export.attrs.get("compression", "")
    if compression not in _COMPRESSIONS:
        raise GrpcError(
            Code.UNKNOWN,
            f"compression {compression} is not supported: layers are written uncompressed",
        )
    exchange, names = export.engine.images.exchange, export.names()
    layout = exchange.layout(export.images)
    told = _told(export, layout.top)
    if names:
        told["image.name"] = ",".join(map(str, names))
    if export.attrs.get("tar", "true") in ("false", "0"):
        await _into_store(export, layout)
    else:
        pieces = exchange.saved(export.images, names)
        await transfer.send_file(export.session, pieces, told, export.told)
    return told


def _told(export: Export, top: dict[str, Any]) -> dict[str, str]:
    images = export.images
    told = {
        "containerimage.digest": str(top["digest"]),
        "containerimage.descriptor": base64.b64encode(encode(top)).decode(),
    }
    if len(images) == 1:
        told["containerimage.config.digest"] = images[0].id
    return told


async def _into_store(export: Export, layout: saving.Layout) -> None:
    """The client adds the index and the marker to what it gets here."""
    store, exchange = store_of(export.session, _STORE), export.engine.images.exchange
    with exchange.lease(layout.layers):
        for diff_id, size in layout.layers.items():
            title = f"writing layer {diff_id}"
            export.step.status(title)
            await store.put_file(plain_layer(diff_id, size), exchange.tar(diff_id))
            export.step.status(title, done=True)
    for digest, data in layout.blobs.items():
        await store.put(digest, data)
