"""What a registry has, looked at without fetching it (API operation DistributionInspect)."""

from collections.abc import Mapping
from typing import Any

from boxship.engine.sharing.choice import small_blob
from boxship.images.record import parse_config
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
