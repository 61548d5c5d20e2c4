from typing import Any

import pytest

from boxship.api.request import CURRENT, Request
from boxship.api.response import Empty, Response
from boxship.api.route import Route
from boxship.api.router import Router, split_version
from boxship.api.routes import ROUTES
from boxship.base.errors import InvalidParameter, NotFound


async def handler(engine: Any, request: Request) -> Response:
    return Empty()


def names(*patterns: str) -> Router:
    return Router(Route("GET", pattern, handler) for pattern in patterns)


@pytest.mark.parametrize(
    ("path", "pattern", "params"),
    [
        ("/images/json", "/images/json", {}),
        ("/images/a/json", "/images/{name:path}/json", {"name": "a"}),
        ("/images/r:5000/a/b:t/json", "/images/{name:path}/json", {"name": "r:5000/a/b:t"}),
        ("/images/json/json", "/images/{name:path}/json", {"name": "json"}),
        ("/images/a/b/get", "/images/{name:path}/get", {"name": "a/b"}),
        ("/containers/a\nb/json", "/containers/{id}/json", {"id": "a\nb"}),
        ("/", "/", {}),
    ],
)
def test_matches(path: str, pattern: str, params: dict[str, str]) -> None:
    router = names(
        "/", "/images/{name:path}/get", "/images/{name:path}/json", "/images/json",
        "/containers/{id}/json",
    )  # fmt: skip
    route, found = router.match("GET", path)
    assert (route.pattern, found) == (pattern, params)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nope"),
        ("POST", "/images/json"),
        ("HEAD", "/images/json"),
        ("GET", "/images/json/"),
        ("GET", "/containers/a/b/json"),
        ("GET", "/containers/json"),
        ("GET", "*"),
        ("GET", ""),
    ],
)
def test_misses(method: str, path: str) -> None:
    with pytest.raises(NotFound, match=r"^page not found$"):
        names("/images/json", "/containers/{id}/json").match(method, path)


@pytest.mark.parametrize(
    ("path", "version", "rest"),
    [
        ("/info", CURRENT, "/info"),
        ("/v1.24/info", (1, 24), "/info"),
        ("/v1.51/a/b", (1, 51), "/a/b"),
        ("/vabc/info", CURRENT, "/vabc/info"),
        ("/v1.45/containers//name/json", (1, 45), "/containers/name/json"),
        ("//v1.45//info", (1, 45), "/info"),
        ("/v1.45", CURRENT, "/v1.45"),
    ],
)
def test_versions(path: str, version: tuple[int, int], rest: str) -> None:
    assert split_version(path) == (version, rest)


def test_versions_outside_ours_in_dockers_words() -> None:
    with pytest.raises(InvalidParameter) as old:
        split_version("/v1.23/info")
    assert str(old.value) == (
        "client version 1.23 is too old. Minimum supported API version is 1.24, "
        "please upgrade your client to a newer version"
    )
    with pytest.raises(InvalidParameter) as new:
        split_version("/v1.99/info")
    assert str(new.value) == (
        "client version 1.99 is too new. Maximum supported API version is 1.51"
    )


@pytest.mark.parametrize("text", ["1", ".", "1.2.3", "0" * 9999, "9" * 9999, "1." + "9" * 9999])
def test_odd_versions_are_refused(text: str) -> None:
    with pytest.raises(InvalidParameter):
        split_version(f"/v{text}/info")


def test_rows_are_unique_and_reachable() -> None:
    rows = [(route.method, route.pattern) for route in ROUTES]
    assert len(rows) == len(set(rows))
    router = Router(ROUTES)
    for route in ROUTES:
        path = route.pattern.replace(":path}", "}").replace("{", "").replace("}", "")
        assert router.match(route.method, path)[0].pattern == route.pattern
