"""The columns of ``boxship system df``."""

from __future__ import annotations

from boxship.cli.output.formatter import Listing
from boxship.cli.output.units import human_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEFAULT = ("Type", "TotalCount", "Active", "Size", "Reclaimable")
TITLES = {
    "Type": "TYPE",
    "TotalCount": "TOTAL",
    "Active": "ACTIVE",
    "Size": "SIZE",
    "Reclaimable": "RECLAIMABLE",
}
RUNNING = ("running", "paused", "restarting")


class Usage:
    """One kind of object: how many there are and are used, bytes, and bytes nothing needs."""

    __slots__ = ("active", "percent", "reclaimable", "size", "title", "total")

    def __init__(
        self, title: str, total: int, active: int, size: int, reclaimable: int, percent: bool
    ) -> None:
        self.title = title
        self.total = total
        self.active = active
        self.size = size
        self.reclaimable = reclaimable
        self.percent = percent


def disk() -> Listing:
    columns = {
        "Type": lambda u: u.title,
        "TotalCount": lambda u: str(u.total),
        "Active": lambda u: str(u.active),
        "Size": lambda u: human_size(u.size),
        "Reclaimable": _reclaimable,
    }
    return Listing("*formatter.diskUsageImagesContext", columns, TITLES)


def _reclaimable(usage: Usage) -> str:
    text = human_size(usage.reclaimable)
    if not usage.percent or not usage.size:
        return text
    return f"{text} ({usage.reclaimable * 100 // usage.size}%)"


def usages(report: dict[str, Any]) -> list[Usage]:
    return [_images(report), _containers(report), _volumes(report), _cache(report)]


def _images(report: dict[str, Any]) -> Usage:
    images = report.get("Images") or []
    used = [image for image in images if image.get("Containers", 0) > 0]
    size = report.get("LayersSize", 0)
    needed = sum(
        image["Size"] - max(0, image.get("SharedSize", 0)) for image in used if image["Size"] != -1
    )
    return Usage("Images", len(images), len(used), size, max(0, size - needed), True)


def _containers(report: dict[str, Any]) -> Usage:
    containers = report.get("Containers") or []
    active = [item for item in containers if item.get("State") in RUNNING]
    size = sum(item.get("SizeRw", 0) for item in containers)
    needed = sum(item.get("SizeRw", 0) for item in active)
    return Usage("Containers", len(containers), len(active), size, size - needed, True)


def _volumes(report: dict[str, Any]) -> Usage:
    volumes = [volume.get("UsageData") or {} for volume in report.get("Volumes") or []]
    used = [data for data in volumes if data.get("RefCount", 0) > 0]
    size = sum(max(0, data.get("Size", 0)) for data in volumes)
    needed = sum(max(0, data.get("Size", 0)) for data in used)
    return Usage("Local Volumes", len(volumes), len(used), size, size - needed, True)


def _cache(report: dict[str, Any]) -> Usage:
    records = report.get("BuildCache") or []
    used = [record for record in records if record.get("InUse")]
    own = [record for record in records if not record.get("Shared")]
    size = sum(record.get("Size", 0) for record in own)
    needed = sum(record.get("Size", 0) for record in own if record.get("InUse"))
    return Usage("Build Cache", len(records), len(used), size, size - needed, False)
