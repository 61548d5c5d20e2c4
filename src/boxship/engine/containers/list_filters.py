"""Filters of the container list, one predicate each."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from boxship.base.errors import InvalidParameter
from boxship.base.go_regexp import compile_filter
from boxship.engine.containers.container import Container
from boxship.engine.containers.ports import port_rows
from boxship.engine.containers.validation.ports import port_range, split_port

STATUSES = ("paused", "restarting", "running", "removing", "dead", "created", "exited")
_HEALTHS = ("none", "starting", "healthy", "unhealthy")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}\Z")

Filters = Mapping[str, Iterable[str]]
Predicate = Callable[[Container], bool]


@dataclass(frozen=True)
class Lookups:
    """What filters need of other areas. *container*: by name or id, else raises NotFound;
    *image*: an image's id by reference or id, None if there is none; *ancestors*: ids of an image
    and of all that it was built from."""

    container: Callable[[str], Container]
    image: Callable[[str], str | None]
    ancestors: Callable[[str], Iterable[str]] = field(default=lambda image: (image,))


def compile_filters(filters: Filters, lookups: Lookups) -> list[Predicate]:
    """Predicates that must all hold. :class:`InvalidParameter` for unknown filters and values."""
    predicates = []
    for name, values in filters.items():
        maker = _MAKERS.get(name)
        if maker is None:
            raise InvalidParameter(f"invalid filter '{name}'")
        wanted = list(values)
        if wanted:
            predicates.append(maker(wanted, lookups))
    return predicates


def _id(wanted: list[str], lookups: Lookups) -> Predicate:
    return lambda container: any(container.id.startswith(value) for value in wanted)


def _name(wanted: list[str], lookups: Lookups) -> Predicate:
    searches = compile_filter(wanted)
    exact = {value.removeprefix("/") for value in wanted}

    def holds(container: Container) -> bool:
        name = container.name
        return name in exact or any(matches(name) or matches(f"/{name}") for matches in searches)

    return holds


def _label(wanted: list[str], lookups: Lookups) -> Predicate:
    pairs = [value.partition("=") for value in wanted]

    def holds(container: Container) -> bool:
        labels = container.config.labels or {}
        return all(
            key in labels and (not equals or labels[key] == value) for key, equals, value in pairs
        )

    return holds


def _status(wanted: list[str], lookups: Lookups) -> Predicate:
    for value in wanted:
        if value not in STATUSES:
            raise InvalidParameter(f"invalid filter 'status={value}'")
    return lambda container: container.state.status in wanted


def _exited(wanted: list[str], lookups: Lookups) -> Predicate:
    for value in wanted:
        if not _INTEGER.match(value):
            raise InvalidParameter(
                f"invalid filter 'exited={value}': "
                f'strconv.Atoi: parsing "{value}": invalid syntax'
            )
    codes = {int(value) for value in wanted}

    def holds(container: Container) -> bool:
        state = container.state
        return state.exit_code in codes and not state.running and state.finished_at != 0

    return holds


def _ancestor(wanted: list[str], lookups: Lookups) -> Predicate:
    images = {image for value in wanted if (image := lookups.image(value))}

    def holds(container: Container) -> bool:
        return not images.isdisjoint(lookups.ancestors(container.image_id))

    return holds


def _before(wanted: list[str], lookups: Lookups) -> Predicate:
    limit = min(lookups.container(value).created for value in wanted)
    return lambda container: container.created < limit


def _since(wanted: list[str], lookups: Lookups) -> Predicate:
    limit = max(lookups.container(value).created for value in wanted)
    return lambda container: container.created > limit


def _volume(wanted: list[str], lookups: Lookups) -> Predicate:
    def holds(container: Container) -> bool:
        return any(
            (point.name or point.source) in wanted or point.destination in wanted
            for point in container.mounts
        )

    return holds


def _network(wanted: list[str], lookups: Lookups) -> Predicate:
    def holds(container: Container) -> bool:
        return any(
            name in wanted
            or any(endpoint.network_id.startswith(value) for value in wanted if value)
            for name, endpoint in container.endpoints.items()
        )

    return holds


def _ports(kind: str, key: str) -> Callable[[list[str], Lookups], Predicate]:
    def make(wanted: list[str], lookups: Lookups) -> Predicate:
        ranges = [_parse_ports(kind, value) for value in wanted]

        def holds(container: Container) -> bool:
            return any(
                low <= row.get(key, -1) <= high and row["Type"] == protocol
                for row in port_rows(container)
                for low, high, protocol in ranges
            )

        return holds

    return make


def _parse_ports(kind: str, value: str) -> tuple[int, int, str]:
    number, protocol = split_port(value)
    limits = port_range(number) if number else None
    if limits is None:
        reason = f'strconv.ParseUint: parsing "{number}": invalid syntax'
        if not value:
            reason = "Empty string specified for ports."
        raise InvalidParameter(f"error while looking up for {kind} {value}: {reason}")
    return *limits, protocol


def _health(wanted: list[str], lookups: Lookups) -> Predicate:
    for value in wanted:
        if value not in _HEALTHS:
            raise InvalidParameter(f"unrecognized filter value for health: {value}")
    return lambda container: (container.state.health or {}).get("Status", "none") in wanted


def _is_task(wanted: list[str], lookups: Lookups) -> Predicate:
    """Swarm tasks: there are none here."""
    is_true = any(value in ("1", "true") for value in wanted)
    is_false = any(value in ("0", "false") for value in wanted)
    if is_true == is_false:
        raise InvalidParameter(f"invalid filter 'is-task=[{' '.join(wanted)}]'")
    return lambda container: is_false


def _isolation(wanted: list[str], lookups: Lookups) -> Predicate:
    """A filter of Windows; Docker on Linux accepts it and lists everything."""
    return lambda container: True


_MAKERS: dict[str, Callable[[list[str], Lookups], Predicate]] = {
    "ancestor": _ancestor,
    "before": _before,
    "exited": _exited,
    "expose": _ports("expose", "PrivatePort"),
    "health": _health,
    "id": _id,
    "is-task": _is_task,
    "isolation": _isolation,
    "label": _label,
    "name": _name,
    "network": _network,
    "publish": _ports("publish", "PublicPort"),
    "since": _since,
    "status": _status,
    "volume": _volume,
}
