"""Build caches in registries: borrowed step by step, and sent there."""

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from boxship.base.digests import sha256
from boxship.base.errors import BoxshipError, InvalidParameter, NotFound
from boxship.builder import cache_config
from boxship.builder.lending import Outcome
from boxship.engine.sharing import choice, refusals
from boxship.engine.sharing.downloads import Downloads
from boxship.engine.sharing.layer_upload import LayerUpload
from boxship.engine.sharing.messages import Reporter
from boxship.engine.sharing.registries import Registries
from boxship.images import reference as references
from boxship.images.compress import USUAL, Compression
from boxship.images.exchange import Exchange
from boxship.images.layers import StagedLayer
from boxship.images.record import diff_ids_of, parse_config
from boxship.images.reference import Reference
from boxship.oci.layout import Descriptor
from boxship.registry import manifests, uploads
from boxship.registry.credentials import Credentials
from boxship.registry.errors import Refused
from boxship.registry.http import content
from boxship.registry.manifests import GZIP_LAYER, Layer, Manifest
from boxship.registry.repository import Fetched, Repository

_OCI_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
_MOST_MANIFESTS = 32
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Form:
    """How a cache is written: as the manifest of an *image*, else as an index, in *oci*'s terms or
    Docker's."""

    image: bool = True
    oci: bool = True

    def layer(self, blob: Descriptor) -> Descriptor:
        kinds = {GZIP_LAYER: _OCI_GZIP} if self.oci or self.image else {_OCI_GZIP: GZIP_LAYER}
        return Descriptor(kinds.get(blob.media_type, blob.media_type), blob.digest, blob.size)


class RegistryCache:
    """A :class:`~boxship.builder.lending.Lender`: *layers* are blobs of *repository*, by diff ID;
    *place* is the repository's whole name."""

    def __init__(
        self, exchange: Exchange, downloads: Downloads, repository: Repository, place: str
    ) -> None:
        self._exchange = exchange
        self._downloads = downloads
        self._repository = repository
        self._place = place
        self._outcomes: dict[str, Outcome] = {}
        self._layers: dict[str, Descriptor] = {}

    def add(self, outcomes: Sequence[Outcome], layers: dict[str, Descriptor]) -> None:
        self._outcomes |= {one.key: one for one in outcomes}
        self._layers |= layers

    def find(self, key: str) -> Outcome | None:
        return self._outcomes.get(key)

    async def layer(self, outcome: Outcome, until: ExitStack) -> StagedLayer | None:
        blob = self._layers.get(outcome.diff_id)
        if blob is None:
            return None
        try:
            staged, row = await self._downloads.fetch(
                self._repository, Layer(blob), outcome.diff_id, Reporter(), until
            )
        except (BoxshipError, Refused):
            return None
        await self._exchange.take(row, self._place)
        return staged


class Caches:
    """Those of all registries."""

    def __init__(self, registries: Registries, exchange: Exchange, downloads: Downloads) -> None:
        self._registries = registries
        self._exchange = exchange
        self._downloads = downloads

    async def open(
        self, text: str, credentials: Credentials, insecure: bool = False
    ) -> RegistryCache:
        """The cache that *text* names: one of its own, or what images carry with them.

        :class:`~boxship.base.errors.BoxshipError` when there is none."""
        name = references.parse(text).with_default_tag()
        *mirrors, registry = self._registries.candidates(name, credentials, insecure)
        for mirror in mirrors:
            with suppress(BoxshipError):
                return await self._read(mirror, name)
        try:
            return await self._read(registry, name)
        except Refused as error:
            raise refusals.of_pull(error, name) from None

    async def _read(self, repository: Repository, name: Reference) -> RegistryCache:
        await repository.session.open()
        fetched = await repository.manifest(name.digest or name.tag or "")
        found = RegistryCache(self._exchange, self._downloads, repository, name.repository)
        config, blobs = cache_config.read_manifest(_document(fetched))
        if config is None:
            await self._read_images(found, repository, fetched)
            return found
        read = cache_config.decode_config(await choice.small_blob(repository, config), blobs)
        found.add(read.outcomes, read.layers)
        return found

    async def _read_images(
        self, found: RegistryCache, repository: Repository, fetched: Fetched
    ) -> None:
        top = manifests.parse(fetched.data, fetched.media_type)
        if isinstance(top, Manifest):
            await _read_inline(found, repository, top)
            return
        for entry in [one for one in top.entries if not one.attestation][:_MOST_MANIFESTS]:
            inner = await repository.manifest(entry.blob.digest)
            manifest = manifests.parse(inner.data, inner.media_type)
            if isinstance(manifest, Manifest):
                await _read_inline(found, repository, manifest)

    async def push(
        self,
        text: str,
        outcomes: Sequence[Outcome],
        form: Form,
        credentials: Credentials,
        told: Told,
        insecure: bool = False,
        how: Compression = USUAL,
    ) -> Descriptor:
        """Let *text* mean a cache of *outcomes*, whose layers are here; its manifest."""
        name = references.parse(text).with_default_tag()
        if not name.tag:
            raise InvalidParameter("a cache cannot be pushed to a digest")
        repository = await self._registries.open(name, credentials, insecure)
        layers: dict[str, Descriptor] = {}
        diff_ids = [*dict.fromkeys(one.diff_id for one in outcomes if one.diff_id)]
        upload = LayerUpload(self._exchange, repository, name.repository, Reporter(), True, how)
        with self._exchange.lease(diff_ids):
            for diff_id in diff_ids:
                sent = await upload.send(diff_id)
                layers[diff_id] = form.layer(sent.blob)
                told(f"writing layer {sent.blob.digest}")
        config = cache_config.encode_config(outcomes, layers)
        blob = Descriptor(cache_config.CONFIG, sha256(config), len(config))
        if not await uploads.exists(repository, blob):
            begun = await uploads.begin(repository)
            await uploads.send(repository, begun, blob, content(config, "application/octet-stream"))
        told(f"writing config {blob.digest}")
        data, kind = cache_config.encode_manifest(
            config, layers.values(), image=form.image, oci=form.oci
        )
        await repository.put_manifest(name.tag, data, kind)
        told(f"writing cache manifest {sha256(data)}")
        return Descriptor(kind, sha256(data), len(data))


async def _read_inline(found: RegistryCache, repository: Repository, manifest: Manifest) -> None:
    document = parse_config(await choice.small_blob(repository, manifest.config))
    diff_ids = diff_ids_of(document)
    if len(diff_ids) != len(manifest.layers):
        raise InvalidParameter("rootfs and manifest mismatch: not as many layers as diff IDs")
    blobs = [layer.blob for layer in manifest.layers]
    outcomes = cache_config.decode_inline(document.get(cache_config.INLINE), diff_ids)
    found.add(outcomes, dict(zip(diff_ids, blobs, strict=True)))


def _document(fetched: Fetched) -> dict[str, object]:
    try:
        document = json.loads(fetched.data)
    except (ValueError, RecursionError):
        raise InvalidParameter("invalid manifest: not JSON") from None
    if not isinstance(document, dict):
        raise NotFound("the manifest is no object")
    return document
