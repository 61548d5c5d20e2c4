"""``docker image inspect`` and ``docker history``."""

from typing import Any

import msgspec

from boxship.base.errors import Internal
from boxship.base.times import ZERO, rfc3339
from boxship.images.catalog import Catalog
from boxship.images.record import ImageRecord, container_config, parse_time
from boxship.types.container_config import OMITTED_WHEN_EMPTY, OMITTED_WHEN_NULL

_SECOND = 1_000_000_000


def inspect(image: ImageRecord, driver: str) -> dict[str, Any]:
    """API operation ImageInspect, in the form of the newest version."""
    document = image.document
    answer: dict[str, Any] = {
        "Id": image.id,
        "RepoTags": image.repo_tags,
        "RepoDigests": image.repo_digests,
        "Parent": image.parent,
        "Comment": document.get("comment") or _last_comment(image),
        "Created": rfc3339(image.created) if image.created else "",
        "DockerVersion": document.get("docker_version") or "",
        "Author": document.get("author") or "",
        "Config": render_config(image),
        "Architecture": document.get("architecture") or "",
        "Variant": document.get("variant") or "",
        "Os": document.get("os") or "",
        "Size": image.size,
        "GraphDriver": {"Data": None, "Name": driver},
        "RootFS": {"Type": "layers", "Layers": image.layers()},
        "Metadata": {"LastTagTime": rfc3339(image.last_tagged) if image.last_tagged else ZERO},
    }
    if not answer["Variant"]:
        del answer["Variant"]
    if isinstance(container := document.get("container"), str) and container:
        answer["Container"] = container
    if not image.diff_ids:
        del answer["RootFS"]["Layers"]
    return answer


def _steps(image: ImageRecord) -> list[dict[str, Any]]:
    steps = image.document.get("history")
    return [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []


def _last_comment(image: ImageRecord) -> str:
    return next((step.get("comment") or "" for step in reversed(_steps(image))), "")


def render_config(image: ImageRecord) -> dict[str, Any] | None:
    """The configuration with every field that Docker prints, None when the image has none."""
    if image.document.get("config") is None:
        return None
    values: dict[str, Any] = msgspec.to_builtins(container_config(image.document))
    health = values.get("Healthcheck")
    if health:
        values["Healthcheck"] = {key: value for key, value in health.items() if value}
    return {
        key: value
        for key, value in values.items()
        if not (key in OMITTED_WHEN_EMPTY and not value)
        and not (key in OMITTED_WHEN_NULL and value is None)
    }


def history(catalog: Catalog, image: ImageRecord) -> list[dict[str, Any]]:
    """API operation ImageHistory, newest step first."""
    sizes = iter([catalog.layer(diff_id).size for diff_id in image.diff_ids])
    rows: list[dict[str, Any]] = []
    for step in _steps(image):
        size = 0 if step.get("empty_layer") else next(sizes, None)
        if size is None:
            raise Internal("too many non-empty layers in History section")
        rows.append(
            {
                "Comment": step.get("comment") or "",
                "Created": parse_time(step.get("created")) // _SECOND,
                "CreatedBy": step.get("created_by") or "",
                "Id": "<missing>",
                "Size": size,
                "Tags": None,
            }
        )
    rows.reverse()
    _name_steps(catalog, image, rows)
    return rows


def _name_steps(catalog: Catalog, image: ImageRecord, rows: list[dict[str, Any]]) -> None:
    """Put IDs to the steps that led to the image, and to its parents as far as they are known."""
    named = -1
    while (at := len(rows) - len(_steps(image))) < len(rows):
        if at > named:
            rows[at]["Id"] = image.id
            rows[at]["Tags"] = image.repo_tags or None
        named = max(at, named)
        found = catalog.records([image.parent]) if image.parent else []
        if not found:
            return
        image = found[0]
