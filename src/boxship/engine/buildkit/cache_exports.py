"""``--cache-to``: the steps of a build, for other daemons to be spared them."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from boxship.base.digests import sha256
from boxship.base.errors import BoxshipError
from boxship.builder import cache_config
from boxship.builder.buildkit.control import Exporter
from boxship.builder.buildkit.vertexes import Step
from boxship.builder.lending import Outcome
from boxship.engine.buildkit import compression, switches
from boxship.engine.buildkit.built import Built
from boxship.engine.buildkit.client_store import store_of
from boxship.engine.buildkit.sessions import Client
from boxship.engine.sharing.caches import Form
from boxship.engine.sharing.packing import blob_of
from boxship.images import reference as references
from boxship.images.adopt import NewImage
from boxship.images.compress import USUAL
from boxship.oci.layout import Descriptor, encode
from boxship.wire.grpc.status import Code, GrpcError

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

Begin = Callable[[str], Step]
INLINE = "inline"
_SWITCHES = ("ignore-error", "image-manifest", "oci-mediatypes", "registry.insecure")
_TITLES = {
    "registry": "exporting cache to registry",
    "local": "exporting cache to client directory",
    INLINE: "preparing layers for inline cache",
}
_MODES = ("", "min", "max")


def check(wanted: Sequence[Exporter]) -> None:
    """Refuse at once what cannot be done in the end. BoxshipError, GrpcError."""
    for one in wanted:
        if one.type not in _TITLES:
            raise GrpcError(Code.UNKNOWN, f'unknown cache exporter: "{one.type}"')
        if one.attrs.get("mode", "").lower() not in _MODES:
            raise GrpcError(Code.UNKNOWN, f"invalid cache mode: {one.attrs['mode']}")
        for name in _SWITCHES:
            switches.is_on(one.attrs, name)
        if one.type != INLINE:
            compression.asked(one.attrs)
        if one.type == "registry" and not one.attrs.get("ref"):
            raise GrpcError(Code.UNKNOWN, "registry cache exporter requires ref")


async def with_inline(engine: "Engine", results: Sequence[Built], begin: Begin) -> list[Built]:
    """The same images, each with the records of its own steps in its configuration."""
    step = begin(_TITLES[INLINE])
    found = []
    for built in results:
        image = built.image
        records = cache_config.encode_inline(_chosen([built], "min"), image.diff_ids)
        raw = encode({**image.document, cache_config.INLINE: records})
        new = await engine.images.add(NewImage(raw, [], below=image.id))
        found.append(built.with_image(new))
    step.end()
    return found


async def export(
    engine: "Engine", wanted: Exporter, results: Sequence[Built], session: Client, begin: Begin
) -> dict[str, str]:
    """What the client is told of it. GrpcError, BoxshipError, unless errors are to be ignored."""
    if wanted.type == INLINE:
        return {}
    step = begin(_TITLES[wanted.type])
    try:
        step.status("preparing build cache for export", done=True)
        outcomes = _chosen(results, wanted.attrs.get("mode", "").lower())
        send = _to_registry if wanted.type == "registry" else _to_client
        manifest = await send(engine, wanted.attrs, outcomes, session, step)
        return {"cache.manifest": encode(manifest.to_json()).decode()}
    except (BoxshipError, GrpcError) as error:
        step.end(str(error))
        if switches.is_on(wanted.attrs, "ignore-error"):
            return {}
        raise
    finally:
        step.end()


def _chosen(results: Sequence[Built], mode: str) -> list[Outcome]:
    """``max``: every step; else only those that are part of a result."""
    found: dict[str, Outcome] = {}
    for built in results:
        stages = None if mode == "max" else built.lineage
        found |= {one.key: one for one in built.ledger.outcomes(stages)}
    return list(found.values())


def _form(attrs: Mapping[str, str]) -> Form:
    return Form(
        image=switches.is_on(attrs, "image-manifest", default=True),
        oci=switches.is_on(attrs, "oci-mediatypes", default=True),
    )


async def _to_registry(
    engine: "Engine",
    attrs: Mapping[str, str],
    outcomes: Sequence[Outcome],
    session: Client,
    step: Step,
) -> Descriptor:
    credentials = await session.credentials(references.parse(attrs["ref"]).domain)
    return await engine.sharing.caches.push(
        attrs["ref"],
        outcomes,
        _form(attrs),
        credentials,
        lambda what: step.status(what, done=True),
        switches.is_on(attrs, "registry.insecure"),
        compression.asked(attrs) or USUAL,
    )


async def _to_client(
    engine: "Engine",
    attrs: Mapping[str, str],
    outcomes: Sequence[Outcome],
    session: Client,
    step: Step,
) -> Descriptor:
    store, form = store_of(session, "local:" + attrs.get("dest", "")), _form(attrs)
    exchange = engine.images.exchange
    layers: dict[str, Descriptor] = {}
    diff_ids = [*dict.fromkeys(one.diff_id for one in outcomes if one.diff_id)]
    with exchange.lease(diff_ids):
        for diff_id in diff_ids:
            found, path = await blob_of(exchange, diff_id, compression.asked(attrs) or USUAL)
            blob = form.layer(found)
            step.status(f"writing layer {blob.digest}")
            await store.put_file(blob, path)
            step.status(f"writing layer {blob.digest}", done=True)
            layers[diff_id] = blob
    config = cache_config.encode_config(outcomes, layers)
    await store.put(sha256(config), config)
    step.status(f"writing config {sha256(config)}", done=True)
    data, kind = cache_config.encode_manifest(
        config, layers.values(), image=form.image, oci=form.oci
    )
    await store.put(sha256(data), data)
    step.status(f"writing cache manifest {sha256(data)}", done=True)
    return Descriptor(kind, sha256(data), len(data))
