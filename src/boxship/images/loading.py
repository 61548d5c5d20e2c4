"""``docker load``, the daemon's side: what the worker found becomes images and tags."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boxship.base.errors import InvalidParameter, NotFound
from boxship.base.ids import short_id
from boxship.images import platform as platforms
from boxship.images import reference as references
from boxship.images.adopt import NewImage
from boxship.images.catalog import Catalog
from boxship.images.platform import Platform
from boxship.images.record import validate
from boxship.images.reference import Reference
from boxship.images.staging import staged

_BAR = "[" + "=" * 49 + ">]"
_UNITS = ("B", "kB", "MB", "GB", "TB")


@dataclass
class Loaded:
    """``images`` in the archive's order; ``names`` lists for each tag its image IDs, preferred
    first; ``report`` is what the user is told of, image by image."""

    images: list[NewImage]
    names: dict[Reference, list[str]]
    report: list[tuple[str, list[Reference]]]


def understand(result: dict[str, Any], staging: Path, wanted: Platform | None) -> Loaded:
    """The worker's *result*, verified.

    :class:`InvalidParameter` for names or configurations that are malformed, :class:`NotFound`
    when nothing is of the platform *wanted*.
    """
    loaded = Loaded([], {}, [])
    matches: dict[str, Platform] = {}
    for found in result["images"]:
        raw = found["config"].encode()
        layers = [one for one in (staged(staging, layer) for layer in found["layers"]) if one]
        image = NewImage(raw, layers, found["parent"] or "")
        platform = platforms.of_config(validate(raw))
        if wanted is not None and not platform.runs(wanted):
            continue
        matches[image.id] = platform
        loaded.images.append(image)
        names = list(dict.fromkeys(_name(text) for text in found["names"]))
        loaded.report.append((image.id, names))
        for name in names:
            loaded.names.setdefault(name, []).append(image.id)
    if not loaded.images:
        raise NotFound(f"the archive holds no image for the platform {wanted}")
    here = wanted or platforms.host()
    for ids in loaded.names.values():
        ids.sort(key=lambda image_id: not matches[image_id].runs(here))
    present = {image.id for image in loaded.images}
    for image in loaded.images:
        image.parent = image.parent if image.parent in present else ""
    return loaded


def _name(text: str) -> Reference:
    reference = references.parse(text)
    if not reference.tag:
        raise InvalidParameter(f'invalid tag "{text}"')
    return references.parse_tagged(reference.repository, reference.tag)


def renamed(loaded: Loaded, catalog: Catalog) -> Iterator[dict[str, Any]]:
    """What is said of tags that meant something else so far. Ask before they are moved."""
    for name, image_ids in loaded.names.items():
        for old in catalog.tagged(name)[:1]:
            if old not in image_ids:
                yield {
                    "stream": f"The image {name.familiar} already exists, renaming the old one "
                    f"with ID {old} to empty string\n"
                }


def progress(loaded: Loaded) -> Iterator[dict[str, Any]]:
    """One finished bar for each layer that was new."""
    seen = set()
    for image in loaded.images:
        for layer in image.layers:
            if layer.diff_id not in seen:
                seen.add(layer.diff_id)
                size = layer.stored
                yield {
                    "status": "Loading layer",
                    "progressDetail": {"current": size, "total": size},
                    "progress": f"{_BAR} {_human(size):>8}/{_human(size)}",
                    "id": short_id(layer.diff_id),
                }


def _human(size: float) -> str:
    """As Docker's bars write sizes: four digits, decimal units."""
    unit = 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.4g}{_UNITS[unit]}"


def announcements(loaded: Loaded) -> Iterator[dict[str, Any]]:
    """The lines that clients look for."""
    for image_id, names in loaded.report:
        if not names:
            yield {"stream": f"Loaded image ID: {image_id}\n"}
        for name in names:
            # A tag with several platforms is told of once.
            if loaded.names[name][0] == image_id:
                yield {"stream": f"Loaded image: {name.familiar}\n"}
