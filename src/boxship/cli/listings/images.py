"""The columns of ``boxship images``: a row for each name of an image."""

from __future__ import annotations

from boxship.cli.output.formatter import Listing
from boxship.cli.output.texts import ago, local_time, short_id
from boxship.cli.output.units import human_size, short_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    Image = dict[str, Any]

NONE = "<none>"
DEFAULT = ("Repository", "Tag", "ID", "CreatedSince", "Size")
WITH_DIGESTS = ("Repository", "Tag", "Digest", "ID", "CreatedSince", "Size")

TITLES = {
    "ID": "IMAGE ID",
    "Repository": "REPOSITORY",
    "Tag": "TAG",
    "Digest": "DIGEST",
    "CreatedSince": "CREATED",
    "CreatedAt": "CREATED AT",
    "Size": "SIZE",
    "Containers": "CONTAINERS",
    "VirtualSize": "SIZE",
    "SharedSize": "SHARED SIZE",
    "UniqueSize": "UNIQUE SIZE",
}


def images(truncate: bool) -> Listing:
    """The listing over rows of :func:`rows`."""
    columns = {
        "ID": lambda i: short_id(i["Id"]) if truncate else i["Id"],
        "Repository": lambda i: i["Repository"],
        "Tag": lambda i: i["Tag"],
        "Digest": lambda i: i["Digest"],
        "CreatedSince": lambda i: ago(i["Created"]),
        "CreatedAt": lambda i: local_time(i["Created"]),
        "Size": lambda i: short_size(i["Size"]),
        "Containers": lambda i: _known(i.get("Containers", -1), str),
        "VirtualSize": lambda i: human_size(i["Size"]),
        "SharedSize": lambda i: _known(i.get("SharedSize", -1), human_size),
        "UniqueSize": _unique_size,
    }
    return Listing("*formatter.imageContext", columns, TITLES)


def _known(number: int, show: Any) -> str:
    return "N/A" if number < 0 else show(number)


def _unique_size(image: Image) -> str:
    shared = image.get("SharedSize", -1)
    return "N/A" if shared < 0 else human_size(image["Size"] - shared)


def rows(images: Iterable[Image], digests: bool) -> Iterator[Image]:
    """One row for each name; *digests* says whether that column will be shown."""
    for image in images:
        for repository, tag, digest in _names(image, digests):
            yield {**image, "Repository": repository, "Tag": tag, "Digest": digest}


def _names(image: Image, digests: bool) -> list[tuple[str, str, str]]:
    tags = _split(image.get("RepoTags"), ":")
    hashes = _split(image.get("RepoDigests"), "@")
    if not tags and not hashes:
        return [(NONE, NONE, NONE)]
    found: list[tuple[str, str, str]] = []
    for repository, names in tags.items():
        own = hashes.pop(repository, []) if digests else []
        hashes.pop(repository, None)
        found += [(repository, name, own[0] if own else NONE) for name in names]
    for repository, names in hashes.items():
        found += [(repository, NONE, name) for name in (names if digests else names[:1])]
    return found


def _split(names: list[str] | None, separator: str) -> dict[str, list[str]]:
    by_repository: dict[str, list[str]] = {}
    for name in names or []:
        repository, _, rest = name.rpartition(separator)
        if not name.startswith(NONE):
            by_repository.setdefault(repository, []).append(rest)
    return by_repository
