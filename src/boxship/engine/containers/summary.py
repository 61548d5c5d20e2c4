"""The answer of ``GET /containers/json``: which containers, in what order, and their rows."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import structs

from boxship.engine.containers.container import Container
from boxship.engine.containers.inspect import mount_answer
from boxship.engine.containers.list_filters import Filters, Lookups, compile_filters
from boxship.engine.containers.ports import port_rows
from boxship.engine.containers.status_text import status_text
from boxship.types.networking import EndpointSettings

_SECOND = 1_000_000_000


def select(
    containers: Iterable[Container],
    lookups: Lookups,
    filters: Filters | None = None,
    show_all: bool = False,
    limit: int = 0,
) -> list[Container]:
    """The containers to list, newest first.

    Stopped ones are left out unless *show_all*, a positive *limit* or a filter on the status asks
    for them. Raises what :func:`compile_filters` and *lookups* raise.
    """
    chosen = filters or {}
    predicates = compile_filters(chosen, lookups)
    stopped_too = show_all or limit > 0 or bool(list(chosen.get("status", ())))
    found = [
        each
        for each in containers
        if (stopped_too or each.state.running) and all(holds(each) for holds in predicates)
    ]
    found.sort(key=_age)
    return found[:limit] if limit > 0 else found


def _age(container: Container) -> tuple[int, str]:
    return -container.created, container.id


def rows(
    containers: Iterable[Container],
    now: int,
    image: Callable[[str], str | None],
    sizes: Mapping[str, tuple[int, int]] | None = None,
) -> list[dict[str, Any]]:
    """A row per container; values may be models, which msgspec encodes as they are.

    *now* is in nanoseconds. *image* resolves a reference to an image's id; a container whose
    reference now means another image shows the id instead. *sizes*: bytes written and bytes in
    all by container id, when the client asked.
    """
    resolved: dict[str, str | None] = {}
    answers = []
    for container in containers:
        reference = container.config.image
        if reference not in resolved:
            resolved[reference] = image(reference) if reference else container.image_id
        current = resolved[reference] == container.image_id
        size = sizes.get(container.id) if sizes is not None else None
        answers.append(_row(container, now, reference if current else container.image_id, size))
    return answers


def _row(
    container: Container, now: int, image: str, size: tuple[int, int] | None
) -> dict[str, Any]:
    host: dict[str, Any] = {"NetworkMode": container.host_config.network_mode}
    if container.host_config.annotations:
        host["Annotations"] = container.host_config.annotations
    row: dict[str, Any] = {
        "Id": container.id,
        "Names": [f"/{container.name}"],
        "Image": image,
        "ImageID": container.image_id,
        "Command": command_text(container.path, container.args),
        "Created": container.created // _SECOND,
        "Ports": port_rows(container),
    }
    for key, value in zip(("SizeRw", "SizeRootFs"), size or (), strict=False):
        if value:
            row[key] = value
    row |= {
        "Labels": container.config.labels or {},
        "State": container.state.status,
        "Status": status_text(container.state, now),
        "HostConfig": host,
        "NetworkSettings": {"Networks": _endpoints(container)},
        "Mounts": [mount_answer(point) for point in container.mounts],
    }
    return row


def _endpoints(container: Container) -> dict[str, EndpointSettings]:
    """As lists have them: without names."""
    return {
        name: structs.replace(each, aliases=None, dns_names=None)
        if each.aliases or each.dns_names
        else each
        for name, each in container.endpoints.items()
    }


def command_text(path: str, args: Iterable[str]) -> str:
    """Program and arguments, those with spaces in single quotes (not a shell's quoting)."""
    words = [f"'{each}'" if " " in each else each for each in args]
    return " ".join([path, *words])
