"""``--cache-from``: the caches that a build over a session may borrow from."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from boxship.base.errors import BoxshipError, InvalidParameter, NotFound, NotSupported
from boxship.builder import cache_config
from boxship.builder.buildkit.attributes import CacheSource
from boxship.builder.cache_config import CacheConfig
from boxship.builder.lending import Lender, Outcome
from boxship.engine.buildkit import switches
from boxship.engine.buildkit.client_store import Store, store_of
from boxship.engine.buildkit.sessions import Client
from boxship.images import reference as references
from boxship.images.blob_rows import BlobRow
from boxship.images.durability import file_digest
from boxship.images.layers import StagedLayer
from boxship.images.record import ImageRecord
from boxship.oci.layout import Descriptor
from boxship.registry.credentials import ANONYMOUS, Credentials
from boxship.wire.grpc.status import GrpcError

if TYPE_CHECKING:
    from boxship.engine.engine import Engine


async def open_cache(
    engine: "Engine",
    session: Client,
    wanted: CacheSource,
    credentials: Mapping[str, Credentials],
) -> Lender:
    """:class:`BoxshipError` or GrpcError when there is none, or it makes no sense."""
    if wanted.kind == "local":
        return await _at_client(engine, session, wanted)
    if wanted.kind not in ("registry", "inline"):
        raise NotSupported(f"unknown cache importer: {wanted.kind}")
    name = wanted.attrs.get("ref", "")
    if not name:
        raise InvalidParameter("the cache importer needs a ref")
    with suppress(NotFound):
        image = engine.images.resolve(name)
        if cache_config.INLINE in image.document:
            return _InImage(image)
    insecure = switches.is_on(wanted.attrs, "registry.insecure")
    known = credentials.get(references.parse(name).domain, ANONYMOUS)
    return await engine.sharing.caches.open(name, known, insecure)


class _InImage:
    """What an image that is here says of its steps; their layers are here as well."""

    def __init__(self, image: ImageRecord) -> None:
        inline = image.document.get(cache_config.INLINE)
        outcomes = cache_config.decode_inline(inline, image.diff_ids)
        self._outcomes = {one.key: one for one in outcomes}

    def find(self, key: str) -> Outcome | None:
        return self._outcomes.get(key)

    async def layer(self, outcome: Outcome, until: ExitStack) -> StagedLayer | None:
        return None


async def _at_client(engine: "Engine", session: Client, wanted: CacheSource) -> Lender:
    digest = wanted.attrs.get("digest", "")
    if not digest:
        raise InvalidParameter("local cache importer requires explicit digest")
    store = store_of(session, "local:" + wanted.attrs.get("src", ""))
    try:
        document = json.loads(await store.document(digest))
    except (ValueError, RecursionError):
        raise InvalidParameter("invalid cache manifest: not JSON") from None
    if not isinstance(document, dict):
        raise InvalidParameter("invalid cache manifest: not an object")
    config, blobs = cache_config.read_manifest(document)
    if config is None:
        raise InvalidParameter("the directory holds no cache")
    read = cache_config.decode_config(await store.document(config.digest), blobs)
    return _InStore(engine, store, read)


class _InStore:
    """A cache in a directory of the client's."""

    def __init__(self, engine: "Engine", store: Store, config: CacheConfig) -> None:
        self._engine = engine
        self._store = store
        self._layers = config.layers
        self._outcomes = {one.key: one for one in config.outcomes}

    def find(self, key: str) -> Outcome | None:
        return self._outcomes.get(key)

    async def layer(self, outcome: Outcome, until: ExitStack) -> StagedLayer | None:
        blob = self._layers.get(outcome.diff_id)
        if blob is None:
            return None
        exchange = self._engine.images.exchange
        directory, arriving = (until.enter_context(exchange.directory()) for _ in range(2))
        try:
            exchange.check_room(blob.size)
            with (arriving / "blob").open("x+b") as file:
                async for piece in self._store.read(blob):
                    await asyncio.to_thread(file.write, piece)
                file.seek(0)
                layer = await exchange.stage_file(file.fileno(), directory, outcome.diff_id)
            await self._keep(blob, outcome.diff_id, arriving / "blob")
            return layer
        except (BoxshipError, GrpcError, OSError):
            return None

    async def _keep(self, blob: Descriptor, diff_id: str, path: Path) -> None:
        """The layer's blob, for whoever sends the layer somewhere next."""
        exchange = self._engine.images.exchange
        if blob.digest == "sha256:" + await asyncio.to_thread(file_digest, path):
            path.rename(exchange.blob_path(blob.digest))
            await exchange.keep([BlobRow(blob.digest, diff_id, blob.media_type, blob.size)])
