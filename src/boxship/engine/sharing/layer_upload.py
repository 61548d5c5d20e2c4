"""One layer on its way to a registry: found there, mounted from a neighbour, or sent."""

from boxship.engine.sharing.blob_upload import BlobUpload
from boxship.engine.sharing.messages import Meter, Reporter
from boxship.engine.sharing.packing import file_of, known, pack
from boxship.images.blob_rows import BlobRow
from boxship.images.compress import PLAIN, USUAL, Compression
from boxship.images.exchange import Exchange
from boxship.oci.layout import Descriptor, plain_layer
from boxship.oci.media_types import FOREIGN_LAYERS
from boxship.registry import uploads
from boxship.registry.errors import Refused
from boxship.registry.manifests import Layer
from boxship.registry.repository import Repository
from boxship.registry.url import Url

_MOST_MOUNTS = 3  # repositories that are asked for a blob


class LayerUpload:
    """Sends layers to *repository*, which is called ``domain/path`` as *place*; those that are not
    to be distributed only if *sends_foreign*."""

    def __init__(
        self,
        exchange: Exchange,
        repository: Repository,
        place: str,
        reporter: Reporter,
        sends_foreign: bool,
        how: Compression = USUAL,
    ) -> None:
        self._exchange = exchange
        self._repository = repository
        self._place = place
        self._reporter = reporter
        self._sends_foreign = sends_foreign
        self._how = how

    async def send(self, diff_id: str) -> Layer:
        """The blob that holds the layer *diff_id* in the repository, or where it points to."""
        for row in self._exchange.blobs_of(diff_id):
            if row.urls and row.media_type in FOREIGN_LAYERS and not self._sends_foreign:
                self._reporter.say("Skipped foreign layer", diff_id)
                return Layer(_descriptor(row), row.urls)
        rows = known(self._exchange, diff_id, self._how)
        for row in rows:
            if await uploads.exists(self._repository, _descriptor(row)):
                return await self._done(row, "Layer already exists")
        upload: Url | None = None
        for row in rows:
            source, upload = await self._mount(row)
            if source:
                return await self._done(row, f"Mounted from {source}")
        packed = file_of(self._exchange, diff_id, self._how)
        if packed is None and self._how.kind == PLAIN:
            return await self._plain(diff_id, upload)
        if packed is None:
            packed, is_there = await self._pack(diff_id, upload)
            if is_there:
                return await self._done(packed, "Pushed")
            if await uploads.exists(self._repository, _descriptor(packed)):
                return await self._done(packed, "Layer already exists")
        await self._send(packed, upload)
        return await self._done(packed, "Pushed")

    async def _done(self, row: BlobRow, status: str) -> Layer:
        await self._exchange.keep([row], self._place)
        self._reporter.say(status, row.diff_id)
        return Layer(_descriptor(row))

    async def _mount(self, row: BlobRow) -> tuple[str, Url | None]:
        """The repository that the registry took the blob from, or a begun upload."""
        domain = self._place.partition("/")[0]
        upload: Url | None = None
        for place in self._exchange.places(row.digest)[:_MOST_MOUNTS]:
            where, _, name = place.partition("/")
            if where != domain or place == self._place:
                continue
            try:
                begun = await uploads.mount(self._repository, _descriptor(row), name)
            except Refused:
                continue  # no right to read there: it will be sent
            if upload is not None:
                await uploads.cancel(self._repository, upload)
            upload = begun
            if upload is None:
                return name, None
        return "", upload

    async def _plain(self, diff_id: str, upload: Url | None) -> Layer:
        """The layer as it is, which no later push is to find in the place of a smaller blob."""
        path = self._exchange.tar(diff_id)
        blob = plain_layer(diff_id, path.stat().st_size)
        if await uploads.exists(self._repository, blob):
            self._reporter.say("Layer already exists", diff_id)
        else:
            meter = self._meter(diff_id, blob.size)
            await BlobUpload(self._repository, blob, path, meter.at, upload).run()
            self._reporter.say("Pushed", diff_id)
        return Layer(blob)

    async def _pack(self, diff_id: str, upload: Url | None) -> tuple[BlobRow, bool]:
        """A new blob, and whether it was sent at once."""
        meter = self._meter(diff_id, self._exchange.tar(diff_id).stat().st_size)
        return await pack(self._exchange, self._repository, diff_id, meter.at, upload, self._how)

    def _meter(self, diff_id: str, total: int) -> Meter:
        return Meter(
            lambda current, total: self._reporter.move("Pushing", diff_id, current, total), total
        )

    async def _send(self, row: BlobRow, upload: Url | None) -> None:
        meter = self._meter(row.diff_id, row.size)
        path = self._exchange.blob_path(row.digest)
        await BlobUpload(self._repository, _descriptor(row), path, meter.at, upload).run()


def _descriptor(row: BlobRow) -> Descriptor:
    return Descriptor(row.media_type, row.digest, row.size)
