"""GET /containers/json with its filters, sizes and limits, and prune."""

from typing import Any

import pytest

from support.api import Api


@pytest.fixture
def three(api: Api) -> dict[str, str]:
    """``alpha`` never ran, ``beta`` is paused, ``gamma`` ended with 3; oldest first."""
    found = {
        "alpha": api.create("alpha", Labels={"x": "1", "y": "2"}),
        "beta": api.run("beta", Labels={"x": "2"}, host={"Binds": ["/tmp:/mnt"]}),
        "gamma": api.run("gamma", Cmd=["sh", "-c", "exit 3"]),
    }
    api("POST", "/containers/beta/pause")
    api.wait("gamma")
    return found


def listed(api: Api, **query: Any) -> list[str]:
    answer = api("GET", "/containers/json", **query)
    assert answer.status == 200, answer
    return [row["Names"][0].removeprefix("/") for row in answer.json]


def test_what_runs_or_all_newest_first(api: Api, three: dict[str, str]) -> None:
    assert listed(api) == ["beta"]
    assert listed(api, all=1) == ["gamma", "beta", "alpha"]
    assert listed(api, limit=2) == ["gamma", "beta"]
    assert listed(api, limit=-1) == ["beta"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"name": ["a"]}, ["gamma", "beta", "alpha"]),
        ({"name": ["^al"]}, ["alpha"]),
        ({"name": ["/beta"]}, ["beta"]),
        ({"name": ["["]}, []),
        ({"label": ["x"]}, ["beta", "alpha"]),
        ({"label": ["x=1"]}, ["alpha"]),
        ({"label": ["x", "y"]}, ["alpha"]),
        ({"status": ["created"]}, ["alpha"]),
        ({"status": ["paused", "exited"]}, ["gamma", "beta"]),
        ({"exited": ["3"]}, ["gamma"]),
        ({"ancestor": ["busybox"]}, ["gamma", "beta", "alpha"]),
        ({"ancestor": ["nosuch"]}, []),
        ({"before": ["beta"]}, ["alpha"]),
        ({"since": ["beta"]}, ["gamma"]),
        ({"volume": ["/mnt"]}, ["beta"]),
        ({"network": ["none"]}, ["gamma", "beta", "alpha"]),
        ({"network": ["nosuch"]}, []),
        ({"health": ["none"]}, ["gamma", "beta", "alpha"]),
        ({"publish": ["80"]}, []),
        ({"is-task": ["false"]}, ["gamma", "beta", "alpha"]),
        ({"label": {"x=1": True}}, ["alpha"]),
    ],
)
def test_filters(
    api: Api, three: dict[str, str], filters: dict[str, Any], found: list[str]
) -> None:
    assert listed(api, all=1, filters=filters) == found


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"bogus": ["x"]}, "invalid filter 'bogus'"),
        ({"status": ["bogus"]}, "invalid filter 'status=bogus'"),
        ({"health": ["bogus"]}, "unrecognized filter value for health: bogus"),
        ({"is-task": ["x"]}, "invalid filter 'is-task=[x]'"),
        (
            {"exited": ["x"]},
            "invalid filter 'exited=x': strconv.Atoi: parsing \"x\": invalid syntax",
        ),
    ],
)
def test_bad_filters(api: Api, filters: dict[str, Any], message: str) -> None:
    answer = api("GET", "/containers/json", filters=filters)
    assert (answer.status, answer.message) == (400, message)


@pytest.mark.parametrize("text", ["x", "[]", '{"name":"x"}', '{"name":{"x":1}}'])
def test_filters_that_are_none(api: Api, text: str) -> None:
    answer = api("GET", "/containers/json", filters=text)
    assert answer.status == 400


def test_a_row(api: Api, three: dict[str, str]) -> None:
    row = api("GET", "/containers/json").json[0]
    assert row["Id"] == three["beta"]
    assert (row["Image"], row["Command"], row["State"]) == ("busybox", "sleep 1000", "paused")
    assert row["Status"].startswith("Up ") and row["Status"].endswith("(Paused)")
    assert row["HostConfig"] == {"NetworkMode": "none"}
    assert row["Labels"] == {"x": "2"}
    assert [mount["Destination"] for mount in row["Mounts"]] == ["/mnt"]
    assert "SizeRw" not in row
    sized = api("GET", "/containers/json", size=1).json[0]
    assert sized["SizeRootFs"] > 0


def test_the_image_s_id_when_its_name_has_moved(api: Api, three: dict[str, str]) -> None:
    image = api.inspect("alpha")["Image"]
    api("POST", "/images/busybox/tag", repo="kept")
    made = api("POST", "/commit", container="gamma", repo="busybox", tag="latest").json["Id"]
    try:
        assert {row["Image"] for row in api("GET", "/containers/json", all=1).json} == {image}
    finally:
        api("POST", "/images/kept/tag", repo="busybox")
        api("DELETE", "/images/kept")
        api("DELETE", f"/images/{made}")


def test_prune(api: Api, three: dict[str, str]) -> None:
    none = {"ContainersDeleted": None, "SpaceReclaimed": 0}
    assert api("POST", "/containers/prune", filters={"until": ["1h"]}).json == none
    assert api("POST", "/containers/prune", filters={"label": ["x=2"]}).json == none
    assert api("POST", "/containers/prune", filters={"label!": ["x"]}).json[
        "ContainersDeleted"
    ] == [three["gamma"]]
    assert api("POST", "/containers/prune").json["ContainersDeleted"] == [three["alpha"]]
    assert listed(api, all=1) == ["beta"]
    bad = api("POST", "/containers/prune", filters={"until": ["x"]})
    assert bad.message == 'failed to parse value as time or duration: "x"'
    assert api("POST", "/containers/prune", filters={"bogus": ["x"]}).status == 400
