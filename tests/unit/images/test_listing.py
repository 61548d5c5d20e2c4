"""List, inspect, history and disk usage over images in a database. Shapes: dockerd 26.1.5."""

from pathlib import Path
from typing import Any

import pytest

from boxship.api.filters import Filters
from boxship.base.errors import InvalidParameter, NotFound
from boxship.images.catalog import Catalog
from boxship.images.inspecting import history, inspect
from boxship.images.listing import disk_usage, summaries
from boxship.images.resolving import resolve
from support.image_archives import Image, sha
from support.image_rows import with_catalog

D1 = f"sha256:{'1' * 64}"
OLD = Image([b"base"], ["base:1", f"base@{D1}"], extra={"created": "2020-01-01T00:00:00Z"})
MID = Image(
    [b"base", b"mid"],
    ["user/mid:latest", "mid:2"],
    config={"Labels": {"a": "b"}},
    extra={"created": "2021-01-01T00:00:00.123456789Z"},
)
LOOSE = Image([b"base", b"loose"], extra={"created": "2022-01-01T00:00:00Z"})
HIDDEN = Image([b"base"], extra={"created": "2020-06-01T00:00:00Z"})
ALL: list[tuple[Image, str]] = [(OLD, ""), (MID, HIDDEN.id), (LOOSE, OLD.id), (HIDDEN, "")]
NAMES = {OLD.id: "old", MID.id: "mid", LOOSE.id: "loose", HIDDEN.id: "hidden"}


def listed(catalog: Catalog, show_all: bool = False, **filters: list[str]) -> list[str]:
    rows = summaries(catalog, Filters(filters), show_all, False, False)
    return [NAMES[row["Id"]] for row in rows]


def on_catalog(tmp_path: Path, check: Any) -> None:
    async def scenario(catalog: Catalog) -> None:
        check(catalog)

    with_catalog(tmp_path, ALL, scenario)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["loose", "mid", "old"]),
        ({"dangling": ["true"]}, ["loose"]),
        ({"dangling": ["false"]}, ["mid", "old"]),
        ({"label": ["a"]}, ["mid"]),
        ({"label": ["a=c"]}, []),
        ({"reference": ["ba*"]}, ["old"]),
        ({"reference": ["*/mid", "base"]}, ["mid", "old"]),
        ({"reference": ["*:9"]}, []),
        ({"before": ["mid:2"]}, ["old"]),
        ({"since": ["base:1"]}, ["loose", "mid"]),
        ({"since": ["base:1"], "before": [LOOSE.id]}, ["mid"]),
        ({"until": ["2020-12-31"]}, ["old"]),
    ],
)
def test_filters(tmp_path: Path, filters: dict[str, list[str]], expected: list[str]) -> None:
    on_catalog(tmp_path, lambda catalog: _equal(listed(catalog, **filters), expected))


def _equal(found: object, expected: object) -> None:
    assert found == expected


def test_all_shows_intermediate_images(tmp_path: Path) -> None:
    on_catalog(
        tmp_path,
        lambda catalog: _equal(listed(catalog, True), ["loose", "mid", "hidden", "old"]),
    )


@pytest.mark.parametrize(
    ("filters", "error", "message"),
    [
        ({"x": ["y"]}, InvalidParameter, "invalid filter 'x'"),
        ({"dangling": ["x"]}, InvalidParameter, "invalid filter 'dangling=[x]'"),
        ({"before": ["nope"]}, NotFound, "No such image: nope:latest"),
        (
            {"since": ["Base"]},
            InvalidParameter,
            "invalid reference format: repository name (library/Base) must be lowercase",
        ),
        ({"until": ["z"]}, InvalidParameter, 'failed to parse value as time or duration: "z"'),
        ({"reference": ["["]}, InvalidParameter, "syntax error in pattern"),
    ],
)
def test_bad_filters(
    tmp_path: Path, filters: dict[str, list[str]], error: type[Exception], message: str
) -> None:
    def check(catalog: Catalog) -> None:
        with pytest.raises(error) as caught:
            listed(catalog, **filters)
        assert str(caught.value) == message

    on_catalog(tmp_path, check)


def test_a_row(tmp_path: Path) -> None:
    def check(catalog: Catalog) -> None:
        row = summaries(catalog, Filters({"reference": ["mid"]}), False, True, False)[0]
        assert row == {
            "Containers": -1,
            "Created": 1609459200,
            "Id": MID.id,
            "Labels": {"a": "b"},
            "ParentId": HIDDEN.id,
            "RepoDigests": [],
            "RepoTags": ["mid:2"],
            "SharedSize": len(b"base"),
            "Size": len(b"basemid"),
        }

    on_catalog(tmp_path, check)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("base:1", OLD),
        ("docker.io/library/base:1", OLD),
        (f"base@{D1}", OLD),
        (OLD.id, OLD),
        (OLD.id[7:], OLD),
        (OLD.id[7:17], OLD),
        (OLD.id[:17], OLD),
        ("user/mid", MID),
    ],
)
def test_resolving(tmp_path: Path, name: str, expected: Image) -> None:
    on_catalog(tmp_path, lambda catalog: _equal(resolve(catalog, name).id, expected.id))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("base", "No such image: base:latest"),
        ("docker.io/library/base", "No such image: base:latest"),
        ("sha256:abc", "No such image: sha256:abc"),
        ("0" * 64, f"No such image: sha256:{'0' * 64}"),
        (f"base:1@sha256:{'2' * 64}", f"No such image: base:1@sha256:{'2' * 64}"),
    ],
)
def test_resolving_nothing(tmp_path: Path, name: str, message: str) -> None:
    def check(catalog: Catalog) -> None:
        with pytest.raises(NotFound) as caught:
            resolve(catalog, name)
        assert str(caught.value) == message

    on_catalog(tmp_path, check)


def test_an_ambiguous_prefix_names_nothing(tmp_path: Path) -> None:
    images: dict[str, list[Image]] = {}
    number = 0
    while not any(len(group) > 1 for group in images.values()):
        one = Image([], extra={"comment": str(number)})
        images.setdefault(one.id[7:9], []).append(one)
        number += 1
    prefix, pair = next((key, group) for key, group in images.items() if len(group) > 1)

    async def scenario(catalog: Catalog) -> None:
        with pytest.raises(NotFound):
            resolve(catalog, prefix)
        assert resolve(catalog, pair[0].id[7:30]).id == pair[0].id

    with_catalog(tmp_path, [(one, "") for one in pair], scenario)


def test_inspect(tmp_path: Path) -> None:
    def check(catalog: Catalog) -> None:
        found = inspect(resolve(catalog, "mid:2"), "erofs")
        assert found["RepoTags"] == ["mid:2", "user/mid:latest"]
        assert found["RepoDigests"] == []
        assert found["Created"] == "2021-01-01T00:00:00.123456789Z"
        assert found["Config"]["Labels"] == {"a": "b"}
        # What the configuration leaves out is there all the same.
        assert found["Config"]["Env"] is None
        assert found["Config"]["Hostname"] == ""
        assert "ExposedPorts" not in found["Config"]
        assert found["RootFS"] == {
            "Type": "layers",
            "Layers": [f"sha256:{sha(b'base')}", f"sha256:{sha(b'mid')}"],
        }
        assert found["Size"] == len(b"basemid")

    on_catalog(tmp_path, check)


def test_history_names_the_parents_it_knows(tmp_path: Path) -> None:
    def check(catalog: Catalog) -> None:
        rows = history(catalog, resolve(catalog, LOOSE.id))
        assert [row["Id"] for row in rows] == [LOOSE.id, OLD.id]
        assert [row["Tags"] for row in rows] == [None, ["base:1"]]
        assert [row["Size"] for row in rows] == [len(b"loose"), len(b"base")]
        assert [row["CreatedBy"] for row in rows] == ["step 1", "step 0"]

    on_catalog(tmp_path, check)


def test_steps_without_a_layer_have_no_size(tmp_path: Path) -> None:
    steps = [{"created_by": "a"}, {"created_by": "b", "empty_layer": True}]
    one = Image([b"x"], ["x:1"], extra={"history": steps})

    async def scenario(catalog: Catalog) -> None:
        rows = history(catalog, resolve(catalog, "x:1"))
        assert [(row["CreatedBy"], row["Size"], row["Id"]) for row in rows] == [
            ("b", 0, one.id),
            ("a", 1, "<missing>"),
        ]

    with_catalog(tmp_path, [(one, "")], scenario)


def test_steps_that_share_an_image_share_its_parent(tmp_path: Path) -> None:
    def steps(*names: str) -> dict[str, Any]:
        return {"history": [{"created_by": name, "empty_layer": name != "a"} for name in names]}

    base = Image([b"x"], ["x:1"], extra=steps("a", "b"))
    same = Image([b"x"], ["x:2"], extra=steps("a", "b") | {"config": {"User": "me"}})
    top = Image([b"x"], ["x:3"], extra=steps("a", "b", "c", "d"))

    async def scenario(catalog: Catalog) -> None:
        rows = history(catalog, resolve(catalog, "x:3"))
        assert [row["Id"] for row in rows] == [top.id, "<missing>", same.id, "<missing>"]
        assert [row["Tags"] for row in rows] == [["x:3"], None, ["x:2"], None]

    with_catalog(tmp_path, [(base, ""), (same, base.id), (top, same.id)], scenario)


def test_disk_usage_counts_each_layer_once(tmp_path: Path) -> None:
    def check(catalog: Catalog) -> None:
        usage = disk_usage(catalog, lambda image_id: [])
        assert usage["LayersSize"] == len(b"base") + len(b"mid") + len(b"loose")
        assert sorted(NAMES[row["Id"]] for row in usage["Images"]) == ["loose", "mid", "old"]
        assert {row["Containers"] for row in usage["Images"]} == {0}

    on_catalog(tmp_path, check)
