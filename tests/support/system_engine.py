"""The smallest engine that the system handlers can be served with."""

from collections.abc import Mapping
from typing import Any

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
