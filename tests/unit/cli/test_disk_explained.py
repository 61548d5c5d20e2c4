"""``system df --explain``: what holds space, and the commands that free it."""

from typing import Any

from boxship.cli.explanation import advice, holdings


def report(**parts: Any) -> dict[str, Any]:
    return {"LayersSize": 0, "Images": [], "Containers": [], "Volumes": [], **parts}


def image(identity: str, name: str, size: int, shared: int = 0) -> dict[str, Any]:
    return {"Id": identity, "RepoTags": [name], "Size": size, "SharedSize": shared}


def container(name: str, state: str, size: int = 0, **more: Any) -> dict[str, Any]:
    return {"Id": "c" * 64, "Names": [f"/{name}"], "State": state, "SizeRw": size, **more}


def test_the_largest_comes_first_and_what_is_empty_is_left_out() -> None:
    found = holdings(
        report(
            Images=[image("a", "a:1", 10), image("b", "b:1", 30)],
            Containers=[container("x", "exited", 20), container("y", "running", 0)],
        )
    )
    assert [item.what for item in found] == ["image b:1", "container x", "image a:1"]


def test_what_runs_keeps_its_image_and_volumes() -> None:
    mounts = [{"Name": "data"}]
    found = {
        item.what: item
        for item in holdings(
            report(
                Images=[image("a", "a:1", 10), image("b", "b:1", 10), image("c", "c:1", 10)],
                Containers=[
                    container("up", "running", 5, ImageID="a", Mounts=mounts),
                    container("down", "exited", 5, ImageID="b"),
                ],
                Volumes=[
                    {"Name": "data", "UsageData": {"Size": 7, "RefCount": 1}},
                    {"Name": "old", "UsageData": {"Size": 7, "RefCount": 0}},
                    {"Name": "unknown", "UsageData": {"Size": -1, "RefCount": 0}},
                ],
            )
        )
    }
    assert {what: item.free for what, item in found.items()} == {
        "image a:1": False,
        "image b:1": True,
        "image c:1": True,
        "container up": False,
        "container down": True,
        "volume data": False,
        "volume old": True,
    }
    assert found["image a:1"].mend == "boxship rm -f up && boxship rmi a:1"
    assert found["image b:1"].why == "used by down, stopped"
    assert found["image c:1"].mend == "boxship rmi c:1"
    assert found["volume data"].mend == "boxship rm -f up && boxship volume rm data"


def test_shared_layers_count_once() -> None:
    images = [image("a", "a:1", 110, shared=100), image("b", "b:1", 120, shared=100)]
    found = {item.what: item.size for item in holdings(report(Images=images, LayersSize=130))}
    assert found == {"shared layers": 100, "image a:1": 10, "image b:1": 20}


def test_an_image_without_a_name_is_named_by_its_id() -> None:
    nameless = {"Id": "sha256:" + "f" * 64, "RepoTags": ["<none>:<none>"], "Size": 5}
    (found,) = holdings(report(Images=[nameless]))
    assert found.mend == "boxship rmi ffffffffffff" and found.why == "it has lost its name"


def test_the_build_cache() -> None:
    records = [{"Size": 5, "InUse": True}, {"Size": 9}, {"Size": 100, "Shared": True}]
    found = holdings(report(BuildCache=records))
    assert [(item.size, item.free) for item in found] == [(9, True), (5, False)]


def test_one_command_frees_what_nothing_needs() -> None:
    volume = [{"Name": "v1", "UsageData": {"Size": 7, "RefCount": 0}}]
    images = [image("a", "a:1", 10)]
    assert advice(holdings(report())) == ""
    assert advice(holdings(report(Images=images))) == "boxship system prune -a"
    assert advice(holdings(report(Volumes=volume))) == "boxship volume prune -a"
    both = advice(holdings(report(Images=images, Volumes=volume)))
    assert both == "boxship system prune -a && boxship volume prune -a"
