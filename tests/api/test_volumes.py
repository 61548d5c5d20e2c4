"""Volumes: the resource, and what containers do with them."""

from typing import Any

import pytest
from docker import DockerClient

from support.api import Api
from support.waiting import eventually


def names(api: Api, **filters: list[str]) -> list[str]:
    answer = api("GET", "/volumes", filters=filters)
    assert answer.status == 200, answer
    return [row["Name"] for row in answer.json["Volumes"]]


def output(api: Api, *script: str, **options: Any) -> str:
    """What a container printed."""
    identity = api.run(Cmd=["sh", "-c", "; ".join(script)], Tty=True, **options)
    assert api.wait(identity) == 0
    text = api("GET", f"/containers/{identity}/logs", stdout=1).body.decode().replace("\r", "")
    api("DELETE", f"/containers/{identity}")
    return text


def test_description(api: Api) -> None:
    made = api("POST", "/volumes/create", {"Name": "data", "Labels": {"a": "b"}})
    assert made.status == 201
    shown = made.json
    assert shown.pop("CreatedAt").endswith("Z")
    assert shown.pop("Mountpoint").endswith("/volumes/data/_data")
    assert shown == {
        "Driver": "local",
        "Labels": {"a": "b"},
        "Name": "data",
        "Options": None,
        "Scope": "local",
    }
    again = api("POST", "/volumes/create", {"Name": "data", "Labels": {"other": "x"}})
    assert (again.status, again.json) == (201, made.json)
    assert api("GET", "/volumes/data").json == made.json
    assert api("GET", "/volumes").json == {"Volumes": [made.json], "Warnings": None}


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"Name": "a"}, 400, "create a: volume name is too short, names should be at least two"),
        ({"Name": "a/b"}, 400, 'create a/b: "a/b" includes invalid characters for a local volume'),
        ({"Name": "vv", "Driver": "no"}, 404, "create vv: error looking up volume plugin no: "),
        ({"Name": "vv", "DriverOpts": {"x": "y"}}, 400, 'create vv: invalid option: "x"'),
    ],
)
def test_refusals(api: Api, body: object, status: int, text: str) -> None:
    answer = api("POST", "/volumes/create", body)
    assert (answer.status, answer.message[: len(text)]) == (status, text)
    assert names(api) == []


def test_missing_ones(api: Api) -> None:
    for method in ("GET", "DELETE"):
        answer = api(method, "/volumes/nosuch")
        assert (answer.status, answer.message) == (404, "get nosuch: no such volume")
    assert api("DELETE", "/volumes/nosuch", force=1).status == 204


def test_filters(api: Api) -> None:
    api("POST", "/volumes/create", {"Name": "one", "Labels": {"a": "b"}})
    api("POST", "/volumes/create", {"Name": "two"})
    api.create(host={"Binds": ["two:/d"]})
    assert names(api, name=["on"]) == ["one"]
    assert names(api, label=["a"]) == names(api, label=["a=b"]) == ["one"]
    assert names(api, label=["a=c"]) == []
    assert names(api, dangling=["true"]) == ["one"]
    assert names(api, dangling=["0"]) == ["two"]
    assert names(api, driver=["local"]) == ["one", "two"]
    assert api("GET", "/volumes", filters={"bogus": ["x"]}).message == "invalid filter 'bogus'"
    bad = api("GET", "/volumes", filters={"dangling": ["x"]})
    assert bad.message == "invalid filter 'dangling=[x]'"


def test_what_is_in_use_stays(api: Api) -> None:
    identity = api.create(host={"Binds": ["data:/d"]})
    for force in (0, 1):
        answer = api("DELETE", "/volumes/data", force=force)
        assert answer.status == 409
        assert answer.message == f"remove data: volume is in use - [{identity}]"
    api("DELETE", f"/containers/{identity}", v=1)
    assert names(api) == ["data"]
    assert api("DELETE", "/volumes/data").status == 204


def test_data_outlives_containers(api: Api) -> None:
    bind = {"Binds": ["data:/d"]}
    output(api, "echo kept >/d/file", host=bind)
    assert output(api, "cat /d/file", host=bind) == "kept\n"
    refused = output(api, "touch /d/x 2>&1 || true", host={"Binds": ["data:/d:ro"]})
    assert "Read-only file system" in refused


def test_an_empty_volume_gets_what_the_image_has(api: Api) -> None:
    listing = "ls -ldn /home /home/guest | awk '{print $1, $3, $4}'"
    plain = output(api, listing)
    for host in (
        {"Binds": ["filled:/home"]},
        {"Mounts": [{"Type": "volume", "Target": "/home"}]},
    ):
        assert output(api, listing, host=host) == plain
    options = {"NoCopy": True}
    mount = {"Type": "volume", "Source": "bare", "Target": "/home", "VolumeOptions": options}
    assert output(api, "ls -A /home", host={"Mounts": [mount]}) == ""
    assert output(api, "ls -A /home", host={"Binds": ["filled:/home"]}) == "guest\n"


def test_anonymous_ones_go_with_their_container(api: Api) -> None:
    host = {"Binds": ["/short", "named:/named"], "Mounts": [{"Type": "volume", "Target": "/long"}]}
    identity = api.create(host=host, Volumes={"/config": {}})
    mounts = {row["Destination"]: row for row in api.inspect(identity)["Mounts"]}
    assert sorted(mounts) == ["/config", "/long", "/named", "/short"]
    for target, row in mounts.items():
        assert (row["Type"], row["Driver"], row["RW"]) == ("volume", "local", True)
        assert row["Mode"] == ("" if target == "/config" else "z")
        assert row["Source"].endswith(f"/volumes/{row['Name']}/_data")
        assert (len(row["Name"]) == 64) is (target != "/named")
    assert len(names(api)) == 4
    api("DELETE", f"/containers/{identity}", v=1)
    assert names(api) == ["named"]


def test_they_stay_without_v_and_go_with_rm(api: Api) -> None:
    kept = api.create(Volumes={"/x": {}})
    api("DELETE", f"/containers/{kept}")
    assert len(names(api)) == 1
    gone = api.run(host={"AutoRemove": True}, Volumes={"/x": {}}, Cmd=["true"])
    eventually(lambda: api("GET", f"/containers/{gone}/json").status == 404)
    assert len(names(api)) == 1


def test_volumes_of_another_container(api: Api) -> None:
    first = api.create("first", host={"Binds": ["data:/d"]}, Volumes={"/anon": {}})
    second = api.create("second", host={"VolumesFrom": ["first:ro"], "Binds": ["other:/d"]})
    shown = {row["Destination"]: row for row in api.inspect(second)["Mounts"]}
    assert (shown["/d"]["Name"], shown["/d"]["RW"]) == ("other", True)
    anonymous = shown["/anon"]
    assert anonymous["RW"] is False
    api("DELETE", f"/containers/{first}", v=1)
    assert anonymous["Name"] in names(api)
    api("DELETE", f"/containers/{second}", v=1)
    assert anonymous["Name"] not in names(api)


def test_prune(api: Api) -> None:
    used = api.create(host={"Binds": ["used:/d"]})
    api("POST", "/volumes/create", {"Name": "named"})
    anonymous = api("POST", "/volumes/create", {}).json["Name"]
    assert api("POST", "/volumes/prune").json["VolumesDeleted"] == [anonymous]
    assert api("POST", "/volumes/prune", filters={"all": ["1"]}).json["VolumesDeleted"] == ["named"]
    api("POST", "/volumes/create", {"Name": "named"})
    assert api("POST", "/v1.41/volumes/prune").json["VolumesDeleted"] == ["named"]
    assert names(api) == ["used"]
    assert api("DELETE", f"/containers/{used}").status == 204


def test_disk_usage(api: Api) -> None:
    output(api, "head -c 5000 /dev/zero >/d/file", host={"Binds": ["data:/d"]})
    rows = api("GET", "/system/df", type="volume").json["Volumes"]
    assert [row["UsageData"] for row in rows] == [{"RefCount": 0, "Size": 5000}]


def test_a_bind_of_a_host_directory(api: Api, tmp_path: Any) -> None:
    (tmp_path / "file").write_text("from the host\n")
    options = {"type": "none", "o": "bind", "device": str(tmp_path)}
    api("POST", "/volumes/create", {"Name": "bound", "DriverOpts": options})
    assert output(api, "cat /d/file", host={"Binds": ["bound:/d"]}) == "from the host\n"
    assert api("DELETE", "/volumes/bound").status == 204
    assert (tmp_path / "file").exists()


def test_docker_for_python(client: DockerClient) -> None:
    volume = client.volumes.create("pyvol", labels={"a": "b"})
    said = client.containers.run(
        "busybox",
        ["sh", "-c", "echo z >/d/f; cat /d/f"],
        volumes={"pyvol": {"bind": "/d", "mode": "rw"}},
        remove=True,
    )
    assert said == b"z\n"
    assert [each.name for each in client.volumes.list(filters={"label": "a"})] == ["pyvol"]
    volume.remove()


def test_sources_of_binds_are_made_at_the_start(api: Api, tmp_path: Any) -> None:
    missing = tmp_path / "a" / "b"
    identity = api.create(host={"Binds": [f"{missing}:/d"]})
    assert not missing.exists()
    api.start(identity)
    assert missing.is_dir()
    (tmp_path / "file").touch()
    blocked = api.create(host={"Binds": [f"{tmp_path}/file/below:/d"]})
    answer = api("POST", f"/containers/{blocked}/start")
    assert answer.status == 400
    assert answer.message.startswith("error while creating mount source path ")
