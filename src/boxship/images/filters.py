"""Which images a list or a prune is about (API operations ImageList and ImagePrune)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from boxship.images.catalog import Catalog
from boxship.images.moments import parse_until
from boxship.images.patterns import compile_pattern, matches
from boxship.images.record import ImageRecord
from boxship.images.reference import Reference
from boxship.images.resolving import resolve

LIST_FILTERS = frozenset(("before", "dangling", "label", "reference", "since", "until"))
PRUNE_FILTERS = frozenset(("dangling", "label", "label!", "until"))

Test = Callable[[ImageRecord], bool]


class FilterSet(Protocol):
    """The values of a ``filters`` parameter by name."""

    def __contains__(self, name: str) -> bool: ...

    def require(self, accepted: Iterable[str]) -> None: ...

    def get(self, name: str) -> list[str]: ...

    def flag(self, name: str, default: bool | None = None) -> bool | None: ...

    def match_pairs(self, name: str, pairs: Mapping[str, str] | None) -> bool: ...


def tests_for(filters: FilterSet, catalog: Catalog) -> list[Test]:
    """What an image must pass, apart from ``dangling`` and ``reference``."""
    tests: list[Test] = []
    for name, earlier in (("before", True), ("since", False), ("until", True)):
        for value in filters.get(name):
            limit = parse_until(value) if name == "until" else resolve(catalog, value).created
            tests.append(_older(limit) if earlier else _newer(limit))
    if "label" in filters:
        tests.append(lambda image: filters.match_pairs("label", image.labels))
    if "label!" in filters:
        tests.append(lambda image: not filters.match_pairs("label!", image.labels))
    return tests


def _older(limit: int) -> Test:
    return lambda image: image.created < limit


def _newer(limit: int) -> Test:
    return lambda image: image.created > limit


def named(filters: FilterSet, references: Iterable[Reference]) -> list[Reference]:
    """The references that the ``reference`` filter leaves."""
    patterns = filters.get("reference")
    for pattern in patterns:
        compile_pattern(pattern)
    if not patterns:
        return list(references)
    return [one for one in references if any(matches(pattern, one) for pattern in patterns)]
