"""What a registry has, looked at and changed there, without an image being here."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

from boxship.base.digests import sha256
from boxship.base.errors import BoxshipError, InvalidParameter
from boxship.engine.sharing import refusals
from boxship.engine.sharing.copying import copy_blobs
from boxship.engine.sharing.distribution import describe, image
from boxship.engine.sharing.registries import Registries
from boxship.images import platform as platforms
from boxship.images import reference as references
from boxship.images.reference import Reference
from boxship.registry import manifests
from boxship.registry.credentials import Credentials
from boxship.registry.errors import Refused
from boxship.registry.manifests import Manifest
from boxship.registry.repository import Fetched, Repository

T = TypeVar("T")


class Remote:
    """Manifests and images of registries. *insecure*, where it is asked for: this once,
    certificates are not looked at and TLS may be missing."""

    def __init__(self, registries: Registries) -> None:
        self._registries = registries

    async def distribution(
        self, text: str, credentials: Credentials, insecure: bool = False
    ) -> dict[str, Any]:
        """API operation DistributionInspect."""
        return await self._first(text, credentials, insecure, describe)

    async def manifest(
        self, text: str, credentials: Credentials, insecure: bool = False
    ) -> Fetched:
        """The manifest or index that *text* names, byte for byte."""

        async def fetch(repository: Repository, reference: str) -> Fetched:
            await repository.session.open()
            return await repository.manifest(reference)

        return await self._first(text, credentials, insecure, fetch)

    async def image(
        self, text: str, platform: str, credentials: Credentials, insecure: bool = False
    ) -> dict[str, Any]:
        """What ImageInspect would say of the image, were it here: as far as its configuration and
        manifest tell it. ``Size`` is that of its compressed layers."""
        wanted = platforms.parse(platform) if platform else platforms.host()
        name = references.parse(text).with_default_tag()

        async def look(repository: Repository, reference: str) -> dict[str, Any]:
            return await image(repository, reference, name, wanted)

        return await self._first(text, credentials, insecure, look)

    async def put_manifest(
        self,
        text: str,
        data: bytes,
        media_type: str,
        source: str,
        credentials: Credentials,
        insecure: bool = False,
    ) -> str:
        """Let the tag or digest *text* mean the manifest *data*; its digest.

        The blobs of an image are taken from the repository *source*, "" for none, which has to be
        at the same registry.
        """
        name = references.parse(text).with_default_tag()
        found = manifests.parse(data, media_type)
        repository = await self._registries.open(name, credentials, insecure)
        if source and isinstance(found, Manifest):
            origin = _beside(name, source)
            if origin.path != name.path:
                there = await self._registries.open(origin, credentials, insecure)
                await copy_blobs(there, repository, found)
        reference = name.digest or name.tag or ""
        try:
            await repository.put_manifest(reference, data, found.media_type)
        except Refused as error:
            raise refusals.of_pull(error, name) from None
        return sha256(data)

    async def _first(
        self,
        text: str,
        credentials: Credentials,
        insecure: bool,
        ask: Callable[[Repository, str], Awaitable[T]],
    ) -> T:
        """The answer of the first mirror that has one, else of the registry itself."""
        name = references.parse(text).with_default_tag()
        reference = name.digest or name.tag or ""
        *mirrors, registry = self._registries.candidates(name, credentials, insecure)
        for mirror in mirrors:
            with suppress(BoxshipError):
                return await ask(mirror, reference)
        try:
            return await ask(registry, reference)
        except Refused as error:
            raise refusals.of_pull(error, name) from None


def _beside(target: Reference, text: str) -> Reference:
    source = references.parse(text)
    if source.domain != target.domain:
        raise InvalidParameter(
            "cannot use source images from a different registry than the target image: "
            f"{source.domain} != {target.domain}"
        )
    return source
