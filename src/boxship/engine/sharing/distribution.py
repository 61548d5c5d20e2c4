"""What a registry has, looked at without fetching it (API operation DistributionInspect)."""

from typing import Any

from boxship.engine.sharing.choice import small_blob
from boxship.images import platform as platforms
from boxship.images.platform import Platform
from boxship.images.record import parse_config
from boxship.registry import manifests
from boxship.registry.manifests import Manifest
from boxship.registry.repository import Fetched, Repository


async def describe(repository: Repository, fetched: Fetched) -> dict[str, Any]:
    """Descriptor and platforms of a manifest or index."""
    found = manifests.parse(fetched.data, fetched.media_type)
    if isinstance(found, Manifest):
        raw = await small_blob(repository, found.config)
        named = [platforms.of_config(parse_config(raw))]
    else:
        named = [platforms.of_config(entry.platform) for entry in found.entries if entry.platform]
    return {
        "Descriptor": {
            "mediaType": found.media_type,
            "digest": fetched.digest,
            "size": len(fetched.data),
        },
        "Platforms": [_row(platform) for platform in named],
    }


def _row(platform: Platform) -> dict[str, str]:
    row = {"architecture": platform.architecture, "os": platform.os}
    return row | ({"variant": platform.variant} if platform.variant else {})
