"""From method and path to a row of the route table."""

import re
from collections.abc import Iterable
from typing import Protocol

from boxship.api.request import CURRENT, OLDEST, Version
from boxship.api.route import Route
from boxship.base.errors import InvalidParameter, NotFound

_VERSIONED = re.compile(r"/v([0-9.]+)(/.*)\Z", re.DOTALL)
_PARAMETER = re.compile(r"\{(\w+)(:path)?\}")
_SLASHES = re.compile(r"/{2,}")


class Table(Protocol):
    def match(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The row for *path* and its parameters; NotFound."""


class Router:
    """Rows without parameters by one look-up, the others by their first segment and a regex."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._exact: dict[tuple[str, str], Route] = {}
        self._patterns: dict[tuple[str, str], list[tuple[re.Pattern[str], Route]]] = {}
        for route in routes:
            if "{" in route.pattern:
                key = (route.method, _first_segment(route.pattern))
                self._patterns.setdefault(key, []).append((_compile(route.pattern), route))
            else:
                self._exact[route.method, route.pattern] = route

    def match(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The row for *path*; :class:`NotFound` in Docker's words, for a wrong method as well."""
        route = self._exact.get((method, path))
        if route is not None:
            return route, {}
        for pattern, route in self._patterns.get((method, _first_segment(path)), ()):
            found = pattern.match(path)
            if found is not None:
                return route, found.groupdict()
        raise NotFound("page not found")


def split_version(path: str) -> tuple[Version, str]:
    """The API version that *path* asks for, and the rest; :class:`InvalidParameter` outside ours.

    Repeated slashes are folded: clients put names with a leading slash into paths.
    """
    if "//" in path:
        path = _SLASHES.sub("/", path)
    match = _VERSIONED.match(path)
    if match is None:
        return CURRENT, path
    text, rest = match.groups()
    numbers = [int(part[:9] or 0) for part in text.split(".")]
    version = (numbers[0], numbers[1] if len(numbers) > 1 else 0)
    if version < OLDEST:
        raise InvalidParameter(
            f"client version {text} is too old. Minimum supported API version is "
            f"{show_version(OLDEST)}, please upgrade your client to a newer version"
        )
    if version > CURRENT:
        raise InvalidParameter(
            f"client version {text} is too new. "
            f"Maximum supported API version is {show_version(CURRENT)}"
        )
    return version, rest


def show_version(version: Version) -> str:
    return f"{version[0]}.{version[1]}"


def _first_segment(path: str) -> str:
    return path.split("/", 2)[1] if "/" in path else path


def _compile(pattern: str) -> re.Pattern[str]:
    parts = []
    position = 0
    for found in _PARAMETER.finditer(pattern):
        parts.append(re.escape(pattern[position : found.start()]))
        parts.append(f"(?P<{found[1]}>{'.+' if found[2] else '[^/]+'})")
        position = found.end()
    parts.append(re.escape(pattern[position:]))
    return re.compile("".join(parts) + r"\Z", re.DOTALL)
