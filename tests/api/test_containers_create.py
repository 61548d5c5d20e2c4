"""POST /containers/create: what is refused, what is filled in, names and other containers."""

import pytest

from support.api import Api


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({}, 400, "config cannot be empty in order to create a container"),
        ({"Image": "nosuch"}, 404, "No such image: nosuch:latest"),
        ({"Image": "NoSuch"}, 400, "invalid reference format: repository name (library/NoSuch) "),
        ({"Image": "busybox", "HostConfig": {"Memory": 1}}, 400, "Minimum memory limit allowed"),
        ({"Image": "busybox", "HostConfig": {"ShmSize": -1}}, 400, "SHM size can not be less"),
        ({"Image": "busybox", "Env": ["=x"]}, 400, "invalid environment variable: =x"),
        ({"Image": "busybox", "WorkingDir": "rel"}, 400, "the working directory 'rel' is invalid"),
        ({"Image": "busybox", "Cmd": 5}, 400, "invalid JSON: "),
        (
            {"Image": "busybox", "HostConfig": {"PidMode": "container:nosuch"}},
            400,
            "No such container: nosuch",
        ),
        (
            {"Image": "busybox", "HostConfig": {"IpcMode": "container:nosuch"}},
            400,
            "No such container: nosuch",
        ),
        (
            {"Image": "busybox", "HostConfig": {"Links": ["nosuch:x"]}},
            400,
            "could not get container for nosuch: No such container: nosuch",
        ),
        (
            {"Image": "busybox", "HostConfig": {"VolumesFrom": ["nosuch"]}},
            400,
            "No such container: nosuch",
        ),
    ],
)
def test_refusals(api: Api, body: object, status: int, message: str) -> None:
    answer = api("POST", "/containers/create", body)
    assert (answer.status, answer.message[: len(message)]) == (status, message)
    assert api("GET", "/containers/json", all=1).json == []


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"", b'{"Cmd":', b"\xff\xfe"])
def test_bodies_that_are_no_request(api: Api, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    assert api("POST", "/containers/create", body, headers).status == 400


def test_content_type_has_to_be_json(api: Api) -> None:
    answer = api("POST", "/containers/create", b"{}", {"Content-Type": "text/plain"})
    assert answer.status == 400
    assert answer.message == (
        "unsupported Content-Type header (text/plain): must be 'application/json'"
    )


@pytest.mark.parametrize("name", ["!x", "a", "-a", "a b"])
def test_bad_names(api: Api, name: str) -> None:
    answer = api("POST", "/containers/create", {"Image": "busybox"}, name=name)
    assert answer.status == 400
    assert answer.message == (
        f"Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
    )


def test_a_name_is_taken_once_with_or_without_slash(api: Api) -> None:
    first = api.create("one")
    for name in ("one", "/one"):
        answer = api("POST", "/containers/create", {"Image": "busybox"}, name=name)
        assert answer.status == 409
        assert answer.message.startswith(
            f'Conflict. The container name "/one" is already in use by container "{first}".'
        )


def test_the_image_gives_command_environment_and_labels(api: Api) -> None:
    answer = api("POST", "/containers/create", {"Image": "busybox", "Env": ["A=b"]})
    assert (answer.status, answer.json["Warnings"]) == (201, [])
    shown = api.inspect(answer.json["Id"])
    assert (shown["Path"], shown["Args"]) == ("sh", [])
    assert shown["Config"]["Cmd"] == ["sh"]
    assert shown["Config"]["Labels"] == {}
    assert shown["Config"]["Env"][0] == "A=b"
    assert any(each.startswith("PATH=") for each in shown["Config"]["Env"])


def test_null_members_are_absent_members(api: Api) -> None:
    body = {"Image": "busybox", "Cmd": None, "Env": None, "HostConfig": None, "Labels": None}
    assert api("POST", "/containers/create", body).status == 201


def test_a_container_without_an_image_has_an_empty_root(api: Api) -> None:
    identity = api("POST", "/containers/create", {"Image": "", "Cmd": ["x"]}).json["Id"]
    answer = api("POST", f"/containers/{identity}/start")
    assert answer.status == 400
    assert 'exec: "x": executable file not found in $PATH' in answer.message


def test_hostnames(api: Api) -> None:
    own = api.create()
    assert api.inspect(own)["Config"]["Hostname"] == own[:12]
    asked = api.create(Hostname="box", Domainname="example.org")
    assert api.inspect(asked)["Config"]["Hostname"] == "box"


def test_other_containers_are_kept_by_id(api: Api) -> None:
    target = api.create("target")
    for member in ("PidMode", "IpcMode", "NetworkMode"):
        joined = api.create(host={member: "container:target"})
        assert api.inspect(joined)["HostConfig"][member] == f"container:{target}"


def test_joining_needs_a_running_container(api: Api) -> None:
    target = api.create("target")
    texts = {
        "PidMode": f"failed to join PID namespace: container {target} is not running",
        "IpcMode": f"failed to join IPC namespace: container {target} is not running",
        "NetworkMode": f"cannot join network of a non running container: {target}",
    }
    for member, text in texts.items():
        joined = api.create(host={member: "container:target"})
        answer = api("POST", f"/containers/{joined}/start")
        assert (answer.status, answer.message) == (409, text)


def test_an_unknown_network_shows_at_the_start(api: Api) -> None:
    identity = api.create(host={"NetworkMode": "nosuch"})
    answer = api("POST", f"/containers/{identity}/start")
    assert (answer.status, answer.message) == (404, "network nosuch not found")
    state = api.inspect(identity)["State"]
    assert (state["Status"], state["ExitCode"]) == ("created", 128)
    assert state["Error"] == "network nosuch not found"


def test_links_show_as_paths(api: Api) -> None:
    api.create("db")
    linked = api.create("web", host={"NetworkMode": "bridge", "Links": ["db:database"]})
    assert api.inspect(linked)["HostConfig"]["Links"] == ["/db:/web/database"]


def test_old_versions_have_old_defaults(api: Api) -> None:
    body = {"Image": "busybox"}
    old = api("POST", "/v1.39/containers/create", body).json["Id"]
    new = api("POST", "/v1.40/containers/create", body).json["Id"]
    assert api.inspect(old)["HostConfig"]["IpcMode"] == "shareable"
    assert api.inspect(new)["HostConfig"]["IpcMode"] == "private"


def test_who_joins_a_network_has_its_owner_s_names(api: Api) -> None:
    owner = api.run("owner", Hostname="shared")
    guest = api.run("guest", host={"NetworkMode": "container:owner"})
    shown, owners = api.inspect(guest), api.inspect(owner)
    assert shown["Config"]["Hostname"] == "shared"
    for path in ("HostnamePath", "HostsPath", "ResolvConfPath"):
        assert shown[path] == owners[path] != ""
    assert shown["NetworkSettings"]["Networks"] == {}
    assert shown["NetworkSettings"]["SandboxID"] == ""


def test_private_ipc_is_not_shared(api: Api) -> None:
    donor = api.run("donor", host={"IpcMode": "private"})
    other = api.create(host={"IpcMode": "container:donor"})
    answer = api("POST", f"/containers/{other}/start")
    assert answer.status == 409
    assert answer.message == (
        f"failed to join IPC namespace: container {donor}: "
        "non-shareable IPC (hint: use IpcMode:shareable for the donor container)"
    )
    api.run("sharer", host={"IpcMode": "shareable"})
    api.run(host={"IpcMode": "container:sharer"})


def test_a_link_is_removed_by_its_path(api: Api) -> None:
    api.create("db")
    api.create("web", host={"NetworkMode": "bridge", "Links": ["db:database", "db:other"]})
    assert api("DELETE", "/containers/web/database", link=1).status == 204
    assert api.inspect("web")["HostConfig"]["Links"] == ["/db:/web/other"]
    assert api("DELETE", "/containers/web/nosuch", link=1).status == 404
    assert api("DELETE", "/containers/web", link=1).status == 409
    assert api("DELETE", "/containers/web/other").status == 404
    assert api("DELETE", "/containers/nosuch/other", link=1).status == 404


def test_limits_beside_the_host_part_hold_unless_it_has_its_own(api: Api) -> None:
    """Clients from before there was a host part send them so."""
    old = {"Memory": 64 << 20, "MemorySwap": 96 << 20, "CpuShares": 5, "Cpuset": "0"}
    names = ("Memory", "MemorySwap", "CpuShares", "CpusetCpus")
    shown = api.inspect(api.create(**old))["HostConfig"]
    assert [shown[name] for name in names] == [64 << 20, 96 << 20, 5, "0"]
    shown = api.inspect(api.create(host={"Memory": 32 << 20, "CpuShares": 7}, **old))["HostConfig"]
    assert [shown[name] for name in names] == [32 << 20, 96 << 20, 7, "0"]
