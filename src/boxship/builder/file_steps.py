"""COPY, ADD and WORKDIR as orders for the workers that digest and write what they say."""

import posixpath
import re
from collections.abc import Mapping
from typing import Any

from boxship.base.errors import InvalidParameter
from boxship.builder.dockerfile.ignore import Ignored, translate
from boxship.builder.machine import Place, Tree
from boxship.builder.work import Action, Copy, Files, MakeDirectory, Origin, Write

_SPECIAL = frozenset("*?[\\")


def orders(work: Files, places: Mapping[Origin, Place]) -> tuple[list[dict[str, Any]], list[Tree]]:
    """The actions of *work* for a worker, and the trees that they number."""
    trees: list[Tree] = []
    numbers: dict[Origin, int] = {}
    for origin in work.origins():
        if origin not in numbers:
            numbers[origin] = len(trees)
            trees.append(places[origin].tree)
    return [_order(action, numbers, places) for action in work.actions], trees


def _order(
    action: Action, numbers: Mapping[Origin, int], places: Mapping[Origin, Place]
) -> dict[str, Any]:
    if isinstance(action, MakeDirectory):
        return {"do": "mkdir", "target": action.path, "chown": action.user}
    owner = {"chown": action.owner.chown, "chmod": action.owner.chmod}
    if isinstance(action, Write):
        found = {"do": "write", "name": action.name, "content": action.content}
        return found | owner | {"target": action.target}
    place = places[action.origin]
    return owner | {
        "do": "copy",
        "source": numbers[action.origin],
        "paths": [_pattern(place, path) for path in action.paths],
        "target": action.target,
        "parents": action.parents,
        "pivot": _pivot(action, place),
        "excludes": _rules(Ignored(action.excludes)),
        "ignore": _rules(place.ignored, place.directory),
        "unpack": action.unpack,
        "required": action.required,
        "owners": place.owners,
    }


def _rules(ignored: Ignored | None, directory: str = "") -> list[list[Any]]:
    if not ignored:
        return []
    rows = []
    for pattern in ignored.patterns:
        expression = translate(pattern.cleaned)
        if directory:
            inner = expression.removeprefix(r"\A").removesuffix(r"\Z")
            expression = rf"\A{re.escape(directory)}/(?:{inner})\Z"
        rows.append([pattern.negated, expression])
    return rows


def _pivot(action: Copy, place: Place) -> str:
    """With ``--parents``, what stands before ``/./`` is left out of the target."""
    head, found, _ = action.paths[0].partition("/./")
    head = head if found else ""
    return posixpath.normpath(posixpath.join(place.directory, head.lstrip("/"))).lstrip("./")


def _pattern(place: Place, path: str) -> dict[str, Any]:
    if place.only:
        path = place.only
        parts = [{"name": path}]
        return {"text": path, "parts": parts}
    clean = posixpath.normpath("/" + path).lstrip("/")
    parts = [{"name": part} for part in place.directory.split("/") if part]
    for part in clean.split("/"):
        if part:
            parts.append(_component(part))
    return {"text": path.lstrip("/") or "/", "parts": parts}


def _component(part: str) -> dict[str, str]:
    if not _SPECIAL & set(part):
        return {"name": part}
    try:
        return {"match": translate(part.replace("**", "*"))}
    except InvalidParameter:
        raise InvalidParameter(f"syntax error in pattern: {part}") from None
