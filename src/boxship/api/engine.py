"""The slice of the engine that the system handlers use."""

from collections.abc import Mapping
from typing import Any, Protocol

from boxship.engine.events import Events


class Engine(Protocol):
    """Other handlers declare, or import, the parts that they need themselves."""

    @property
    def events(self) -> Events:
        """The event hub."""

    async def system_info(self) -> Mapping[str, Any]:
        """What only the engine knows of ``GET /info``: counts, storage, paths, security options.

        Members replace those of the host's own description (``boxship.engine.host``).
        """

    async def disk_usage(self, kinds: frozenset[str]) -> Mapping[str, Any]:
        """The answer of ``GET /system/df`` for *kinds*: container, image, volume, build-cache."""
