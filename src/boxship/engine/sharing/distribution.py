"""What a registry has, looked at without fetching it (API operation DistributionInspect)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from boxship.engine.sharing import choice
from boxship.engine.sharing.choice import small_blob
from boxship.images import inspecting
from boxship.images.platform import Platform
from boxship.images.record import ImageRecord, diff_ids_of, parse_config, validate
from boxship.images.reference import Reference
from boxship.registry import manifests
from boxship.registry.manifests import Manifest
from boxship.registry.repository import Repository


async def describe(repository: Repository, reference: str) -> dict[str, Any]:
    """Descriptor and platforms of the manifest or index that *reference* names."""
    await repository.session.open()
    fetched = await repository.manifest(reference)
    found = manifests.parse(fetched.data, fetched.media_type)
    if isinstance(found, Manifest):
        named = [parse_config(await small_blob(repository, found.config))]
    else:
        named = [entry.platform for entry in found.entries if entry.platform]
    return {
        "Descriptor": {
            "mediaType": found.media_type,
            "digest": fetched.digest,
            "size": len(fetched.data),
        },
        "Platforms": [_row(one) for one in named],
    }


async def image(
    repository: Repository, reference: str, name: Reference, wanted: Platform
) -> dict[str, Any]:
    """The image for *wanted* behind *reference*, in ImageInspect's words; *name* is what the user
    calls it."""
    await repository.session.open()
    fetched = await repository.manifest(reference)
    manifest = await choice.image_manifest(repository, fetched, wanted)
    raw = await choice.config(repository, manifest)
    record = ImageRecord(
        id=manifest.config.digest,
        raw=raw,
        parent="",
        last_tagged=0,
        size=sum(layer.blob.size for layer in manifest.layers),
        diff_ids=tuple(diff_ids_of(validate(raw))),
        references=(replace(name, digest=None), replace(name, tag=None, digest=fetched.digest))
        if name.tag
        else (name,),
    )
    answer = inspecting.inspect(record, "")
    del answer["GraphDriver"]
    return answer


def _row(written: Mapping[str, Any]) -> dict[str, Any]:
    """A platform as it is written, for clients that compare it."""
    row: dict[str, Any] = {
        "architecture": _text(written, "architecture"),
        "os": _text(written, "os"),
    }
    row |= {key: text for key in ("os.version", "variant") if (text := _text(written, key))}
    features = written.get("os.features")
    if isinstance(features, list) and features:
        row["os.features"] = [one for one in features if isinstance(one, str)]
    return row


def _text(written: Mapping[str, Any], key: str) -> str:
    value = written.get(key)
    return value if isinstance(value, str) else ""
