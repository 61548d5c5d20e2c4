"""The smallest engines that handlers can be served with: those of the system, and of builds."""

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from boxship.builder.options import BuildOptions
from boxship.engine.building.building import Sources
from boxship.engine.buildkit.services import BuildkitServices
from boxship.engine.events import Events


class SystemEngine:
    def __init__(self) -> None:
        self.events = Events()
        self.asked: list[frozenset[str]] = []

    async def system_info(self) -> Mapping[str, Any]:
        return {"ID": "test-engine", "Containers": 3, "Driver": "erofs"}

    async def disk_usage(self, kinds: frozenset[str]) -> Mapping[str, Any]:
        self.asked.append(kinds)
        images = [{"Id": "i", "Size": 7}] if "image" in kinds else None
        return {
            "LayersSize": 7,
            "Images": images,
            "Containers": [],
            "Volumes": [],
            "BuildCache": [],
        }


class _Upload:
    def close(self) -> None:
        pass


class _Building:
    """Takes archives, and makes nothing of them."""

    async def receive(self, fd: int) -> _Upload:
        own = os.dup(fd)

        def read() -> None:
            with open(own, "rb") as archive:
                archive.read()

        await asyncio.to_thread(read)
        return _Upload()

    async def build(
        self, sources: Sources, options: BuildOptions
    ) -> AsyncGenerator[Mapping[str, Any], None]:
        for tag in options.tags:
            yield {"stream": f"Successfully tagged {tag}\n"}

    async def prune(self, *chosen: Any) -> Mapping[str, Any]:
        return {"CachesDeleted": [], "SpaceReclaimed": 0}


class BuildingEngine(SystemEngine):
    """With all of BuildKit's connections; what its calls would need of an engine is not there.
    *root* is where it would keep things."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.options = SimpleNamespace(data_root=root)
        self.building = _Building()
        self.buildkit = BuildkitServices(self)  # type: ignore[arg-type]
