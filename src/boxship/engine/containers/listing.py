"""``GET /containers/json`` and ``/containers/{id}/json`` over the live containers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from boxship.base.errors import BoxshipError
from boxship.base.times import now_ns
from boxship.engine.containers import archives, files, links, summary
from boxship.engine.containers.inspect import inspect as describe
from boxship.engine.containers.list_filters import Lookups
from boxship.engine.networks import attachment
from boxship.engine.networks.reach import reach

if TYPE_CHECKING:
    from boxship.engine.engine import Engine


def _image_id(engine: "Engine", reference: str) -> str | None:
    try:
        return engine.images.resolve(reference).id
    except BoxshipError:
        return None


def lookups(engine: "Engine") -> Lookups:
    """What filters need to ask of other containers and of images."""
    return Lookups(
        container=lambda reference: engine.containers.get(reference).container,
        image=lambda reference: _image_id(engine, reference),
    )


async def containers(
    engine: "Engine",
    filters: Mapping[str, list[str]],
    show_all: bool = False,
    limit: int = 0,
    size: bool = False,
) -> list[dict[str, Any]]:
    chosen = summary.select(
        [live.container for live in engine.containers], lookups(engine), filters, show_all, limit
    )
    sizes = None
    if size:
        sizes = {each.id: await sizes_of(engine, each.id) for each in chosen}
    rows = summary.rows(chosen, now_ns(), lambda name: _image_id(engine, name), sizes)
    linked = links.names_of(engine)
    for container, row in zip(chosen, rows, strict=True):
        row["Names"] += linked.get(container.id, ())
        if reached := reach(engine, container):
            row["Reach"] = reached
    return rows


async def sizes_of(engine: "Engine", container_id: str) -> tuple[int, int]:
    """Bytes written, and bytes with the image."""
    live = engine.containers.get(container_id)
    written = await archives.written(engine, live)
    return written, written + archives.root_size(engine, live.container)


async def inspect(engine: "Engine", reference: str, size: bool = False) -> dict[str, Any]:
    live = engine.containers.get(reference)
    container = live.container
    rootfs_data = _graph_driver(engine, live.id)
    answer = describe(
        container,
        graph_driver={"Data": rootfs_data, "Name": container.driver},
        exec_ids=[each.id for each in live.execs.values() if each.exit_code is None],
        size=await sizes_of(engine, live.id) if size else None,
        sandbox=attachment.sandbox(container),
    )
    if reached := reach(engine, container):
        answer["NetworkSettings"]["Reach"] = reached
    if container.host_config.links:
        answer["HostConfig"]["Links"] = links.shown(engine, container) or None
    return answer


def _graph_driver(engine: "Engine", container_id: str) -> dict[str, str]:
    container = engine.containers.get(container_id).container
    try:
        spec = files.rootfs(engine, container)
    except BoxshipError:
        return {}
    lower = ":".join(layer.get("data") or layer["path"] for layer in spec["layers"])
    return {"LowerDir": lower, "UpperDir": spec["upper"], "WorkDir": spec["work"]}
