"""What takes how much space (``GET /system/df``)."""

from typing import TYPE_CHECKING, Any

from boxship.engine import volumes
from boxship.engine.containers import listing

if TYPE_CHECKING:
    from boxship.engine.engine import Engine


async def disk_usage(engine: "Engine", kinds: frozenset[str]) -> dict[str, Any]:
    """Only the parts of *kinds* are worked out; Docker shows the others as null."""
    answer: dict[str, Any] = {
        "LayersSize": 0,
        "Images": None,
        "Containers": None,
        "Volumes": None,
        "BuildCache": None,
    }
    if "image" in kinds:
        answer |= engine.images.disk_usage(engine.containers_using)
    if "container" in kinds:
        answer["Containers"] = await listing.containers(engine, {}, show_all=True, size=True)
    if "volume" in kinds:
        answer["Volumes"] = await volumes.disk_usage(engine)
    if "build-cache" in kinds:
        answer["BuildCache"] = await engine.building.disk_usage()
    return answer
