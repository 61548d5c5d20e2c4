"""``docker images`` and ``docker system df``: summaries of many images."""

from collections.abc import Mapping
from typing import Any

from boxship.base.digests import sha256
from boxship.images.catalog import Catalog, LayerRow
from boxship.images.filters import LIST_FILTERS, FilterSet, named, tests_for
from boxship.images.record import ImageRecord
from boxship.images.reference import Reference
from boxship.images.removal import ContainersUsing
from boxship.images.saving import image_manifest
from boxship.oci.layout import Descriptor
from boxship.oci.media_types import OCI_MANIFEST

_SECOND = 1_000_000_000
UNKNOWN = -1


def summaries(
    catalog: Catalog, filters: FilterSet, show_all: bool, shared_size: bool, manifests: bool
) -> list[dict[str, Any]]:
    """API operation ImageList, newest image first."""
    filters.require(LIST_FILTERS)
    dangling = filters.flag("dangling")
    tests = tests_for(filters, catalog)
    parents, hidden = catalog.parents(), catalog.hidden()
    chosen = []
    for image in catalog.records():
        references = named(filters, image.references)
        if image.references:
            wanted = dangling is not True and bool(references) and image.id not in hidden
        else:
            is_top = show_all or image.id not in parents
            wanted = is_top and dangling is not False and "reference" not in filters
            wanted = wanted and not (dangling and image.id in parents)
        if wanted and all(test(image) for test in tests):
            chosen.append((image, references))
    chosen.sort(key=lambda pair: (-pair[0].created, pair[0].id))
    return _summaries(catalog, chosen, shared_size, manifests)


def _summaries(
    catalog: Catalog,
    chosen: list[tuple[ImageRecord, list[Reference]]],
    shared_size: bool,
    manifests: bool,
) -> list[dict[str, Any]]:
    layers = catalog.layers() if shared_size else {}
    uses = catalog.uses() if shared_size else {}
    variants = catalog.variants() if manifests else {}
    rows = []
    for image, references in chosen:
        row = _summary(image, references)
        if shared_size:
            row["SharedSize"] = shared(image, layers, uses)
        if manifests:
            family = [image, *catalog.records(variants.get(image.id, ()))]
            row["Manifests"] = [manifest_summary(catalog, one) for one in family]
        rows.append(row)
    return rows


def _summary(image: ImageRecord, references: list[Reference]) -> dict[str, Any]:
    return {
        "Containers": UNKNOWN,
        "Created": image.created // _SECOND,
        "Id": image.id,
        "Labels": image.config.get("Labels"),
        "ParentId": image.parent,
        "RepoDigests": [one.familiar for one in references if one.digest],
        "RepoTags": [one.familiar for one in references if one.tag],
        "SharedSize": UNKNOWN,
        "Size": image.size,
    }


def manifest_summary(catalog: Catalog, image: ImageRecord) -> dict[str, Any]:
    """One platform of an image (API definition ImageManifestSummary)."""
    manifest = image_manifest(catalog, image)
    descriptor = Descriptor(OCI_MANIFEST, sha256(manifest), len(manifest))
    return {
        "ID": descriptor.digest,
        "Descriptor": descriptor.to_json(),
        "Available": True,
        "Size": {"Content": image.size, "Total": image.size},
        "Kind": "image",
        "ImageData": {
            "Platform": image.platform.as_oci(),
            "Containers": [],
            "Size": {"Unpacked": image.size},
        },
    }


def shared(image: ImageRecord, layers: Mapping[str, LayerRow], uses: Mapping[str, int]) -> int:
    """Bytes of the image's layers that other images have too."""
    return sum(layers[diff_id].size for diff_id in image.diff_ids if uses.get(diff_id, 0) > 1)


def disk_usage(catalog: Catalog, using: ContainersUsing) -> dict[str, Any]:
    """The images' part of API operation SystemDataUsage."""
    parents = catalog.parents()
    chosen = [
        (image, list(image.references))
        for image in catalog.records()
        if image.references or image.id not in parents
    ]
    rows = _summaries(catalog, chosen, True, False)
    for row in rows:
        row["Containers"] = len(using(row["Id"]))
    return {"LayersSize": sum(row.size for row in catalog.layers().values()), "Images": rows}
