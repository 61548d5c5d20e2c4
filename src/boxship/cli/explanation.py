"""What holds disk space, why it is there, and what would free it."""

from __future__ import annotations

from boxship.cli.listings.disk import RUNNING
from boxship.cli.output.texts import short_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Item = dict[str, Any]

NONE = "<none>:<none>"
SHOWN_NAMES = 3


class Holding:
    """*size* bytes that *what* holds because of *why*. ``free``: nothing that runs needs it."""

    __slots__ = ("free", "mend", "size", "what", "why")

    def __init__(self, what: str, size: int, why: str, mend: str, *, free: bool) -> None:
        self.what = what
        self.size = size
        self.why = why
        self.mend = mend
        self.free = free


def holdings(report: Item) -> list[Holding]:
    """Of a ``/system/df`` report, largest first; what holds nothing is left out."""
    containers = report.get("Containers") or []
    found = [
        *_images(report, containers),
        *_containers(containers),
        *_volumes(report.get("Volumes") or [], containers),
        *_cache(report.get("BuildCache") or []),
    ]
    return sorted((item for item in found if item.size > 0), key=lambda item: -item.size)


def _images(report: Item, containers: list[Item]) -> Iterator[Holding]:
    images = report.get("Images") or []
    for image in images:
        users = [item for item in containers if item.get("ImageID") == image["Id"]]
        name = _image_name(image)
        own = image["Size"] - max(0, image.get("SharedSize", 0))
        if users:
            mend = f"boxship rm -f {_words(users)} && boxship rmi {name}"
            free = not _any_runs(users)
            yield Holding(f"image {name}", own, _used_by(users), mend, free=free)
        else:
            why = "no container uses it" if name in _names(image) else "it has lost its name"
            yield Holding(f"image {name}", own, why, f"boxship rmi {name}", free=True)
    yield from _shared(report, images)


def _shared(report: Item, images: list[Item]) -> Iterator[Holding]:
    """Layers of several images go when the last of these goes."""
    sharing = [image for image in images if image.get("SharedSize", 0) > 0]
    own = sum(image["Size"] - max(0, image.get("SharedSize", 0)) for image in images)
    size = report.get("LayersSize", 0) - own
    if sharing and size > 0:
        names = [_image_name(image) for image in sharing]
        mend = f"boxship rmi {' '.join(names)}"
        used = any(image.get("Containers", 0) > 0 for image in sharing)
        yield Holding("shared layers", size, f"parts of {_listed(names)}", mend, free=not used)


def _names(image: Item) -> list[str]:
    return [name for name in image.get("RepoTags") or [] if name != NONE]


def _image_name(image: Item) -> str:
    return next(iter(_names(image)), short_id(image["Id"]))


def _containers(containers: list[Item]) -> Iterator[Holding]:
    for item in containers:
        name, size = _name(item), item.get("SizeRw", 0)
        if item.get("State") in RUNNING:
            why, mend = f"files it wrote; it is {item['State']}", f"boxship rm -f {name}"
        else:
            why, mend = "files it wrote; it is stopped", f"boxship rm {name}"
        free = item.get("State") not in RUNNING
        yield Holding(f"container {name}", size, why, mend, free=free)


def _name(container: Item) -> str:
    names = [name.removeprefix("/") for name in container.get("Names") or []]
    return next((name for name in names if "/" not in name), short_id(container["Id"]))


def _volumes(volumes: list[Item], containers: list[Item]) -> Iterator[Holding]:
    for volume in volumes:
        name, usage = volume["Name"], volume.get("UsageData") or {}
        users = [
            item
            for item in containers
            if any(mount.get("Name") == name for mount in item.get("Mounts") or [])
        ]
        why, mend = "no container uses it", f"boxship volume rm {name}"
        if users:
            why, mend = _used_by(users), f"boxship rm -f {_words(users)} && {mend}"
        free = not _any_runs(users)
        yield Holding(f"volume {name[:20]}", usage.get("Size", 0), why, mend, free=free)


def _cache(records: list[Item]) -> Iterator[Holding]:
    own = [record for record in records if not record.get("Shared")]
    for used, why in ((True, "a build uses it"), (False, "later builds are faster with it")):
        size = sum(r.get("Size", 0) for r in own if bool(r.get("InUse")) == used)
        yield Holding("build cache", size, why, "boxship system prune", free=not used)


def _any_runs(containers: list[Item]) -> bool:
    return any(item.get("State") in RUNNING for item in containers)


def _used_by(containers: list[Item]) -> str:
    stopped = "" if _any_runs(containers) else ", stopped"
    return f"used by {_listed([_name(item) for item in containers])}{stopped}"


def _words(containers: list[Item]) -> str:
    return " ".join(_name(item) for item in containers)


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:SHOWN_NAMES])
    more = len(names) - SHOWN_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def advice(found: list[Holding]) -> str:
    """The one command that frees all that nothing needs; "" where that is nothing."""
    kinds = {item.what.split()[0] for item in found if item.free}
    if not kinds:
        return ""
    commands = ["boxship system prune -a"] if kinds - {"volume"} else []
    # Volumes that have a name are data: the general command spares them.
    commands += ["boxship volume prune -a"] if "volume" in kinds else []
    return " && ".join(commands)
