"""Host configuration to OCI configuration: namespaces, mounts, devices, capabilities, limits."""

from typing import Any

import pytest

from boxship.base.errors import InvalidParameter
from boxship.kernel import caps
from boxship.runtime.spec import build
from boxship.runtime.spec.facts import Facts, HostDevice, UserMount
from boxship.types.container_config import ContainerConfig
from boxship.types.host_config import DeviceMapping, HostConfig, Ulimit

MASKED = ["/proc/kcore", "/sys/firmware"]


def facts(**given: Any) -> Facts:
    values = {
        "id": "c" * 64,
        "hostname": "box",
        "cgroup_version": 2,
        "cgroup_parent": "/parent/",
        "joins": {"pid": "/proc/11", "network": "/proc/12", "ipc": "/proc/13"},
    }
    return Facts(**(values | given))


def spec(host: HostConfig | None = None, given: Facts | None = None, **config: Any) -> Any:
    host = host or HostConfig(masked_paths=MASKED, readonly_paths=["/proc/sys"])
    return build.build(ContainerConfig(**config), host, ["true"], given or facts())


def namespaces(result: Any) -> dict[str, str | None]:
    return {row["type"]: row.get("path") for row in result["linux"]["namespaces"]}


def mounts(result: Any) -> dict[str, dict[str, Any]]:
    return {row["destination"]: row for row in result["mounts"]}


def test_all_namespaces_are_new() -> None:
    fresh = dict.fromkeys(("mount", "pid", "network", "ipc", "uts", "cgroup"))
    assert namespaces(spec()) == fresh
    assert "cgroup" not in namespaces(spec(given=facts(cgroup_version=1)))


@pytest.mark.parametrize("kind", ["pid", "network", "ipc", "uts", "cgroup"])
def test_the_hosts_namespaces_are_not_mentioned(kind: str) -> None:
    field = "cgroupns_mode" if kind == "cgroup" else f"{kind}_mode"
    assert kind not in namespaces(spec(HostConfig(**{field: "host"})))


@pytest.mark.parametrize(
    ("kind", "path"),
    [("pid", "/proc/11/ns/pid"), ("network", "/proc/12/ns/net"), ("ipc", "/proc/13/ns/ipc")],
)
def test_another_containers_are_joined(kind: str, path: str) -> None:
    host = HostConfig(**{f"{kind}_mode": "container:other"})
    assert namespaces(spec(host))[kind] == path


def test_default_mounts() -> None:
    found = mounts(spec(HostConfig(shm_size=1234)))
    assert [*found] == [
        "/proc",
        "/dev",
        "/dev/pts",
        "/sys",
        "/sys/fs/cgroup",
        "/dev/mqueue",
        "/dev/shm",
    ]
    assert {"nosuid", "noexec", "nodev"} <= {*found["/proc"]["options"]}
    assert "ro" in found["/sys"]["options"] and "size=1234" in found["/dev/shm"]["options"]
    privileged = mounts(spec(HostConfig(privileged=True)))
    assert "ro" not in privileged["/sys"]["options"] + privileged["/sys/fs/cgroup"]["options"]


def test_mounts_of_shared_namespaces() -> None:
    host = mounts(spec(HostConfig(ipc_mode="host", pid_mode="host")))
    for path in ("/dev/shm", "/proc"):
        assert (host[path]["type"], host[path]["source"]) == ("bind", path)
    joined = mounts(spec(HostConfig(ipc_mode="container:x")))["/dev/shm"]
    assert (joined["type"], joined["process"]) == ("bind", "/proc/13")
    assert "/dev/shm" not in mounts(spec(HostConfig(ipc_mode="none")))


def test_the_users_mounts_come_last_and_by_depth() -> None:
    given = [
        UserMount("bind", "/a/b/c", "/one", read_only=True, read_only_recursive=True),
        UserMount("bind", "/a", "/two", recursive=False, propagation="rslave"),
        UserMount("tmpfs", "/dev/shm", options=["size=1m"]),
        UserMount("bind", "/a/b", "/three", read_only=True),
    ]
    result = spec(given=facts(mounts=given))
    order = [row["destination"] for row in result["mounts"]]
    assert order[-4:] == ["/a", "/dev/shm", "/a/b", "/a/b/c"]
    assert order.count("/dev/shm") == 1
    found = mounts(result)
    assert found["/a"]["options"] == ["bind", "rslave"]
    assert found["/a/b"]["options"] == ["rbind", "ro", "rprivate"]
    assert found["/a/b/c"]["options"] == ["rbind", "rro", "rprivate"]
    assert found["/dev/shm"]["options"] == ["size=1m"]


def test_masks_are_left_out_for_privileged_containers() -> None:
    linux = spec()["linux"]
    assert (linux["maskedPaths"], linux["readonlyPaths"]) == (MASKED, ["/proc/sys"])
    linux = spec(HostConfig(masked_paths=MASKED, privileged=True))["linux"]
    assert (linux["maskedPaths"], linux["readonlyPaths"]) == ([], [])


def test_capabilities_are_never_inheritable_or_ambient() -> None:
    for host in (HostConfig(), HostConfig(privileged=True), HostConfig(cap_add=["ALL"])):
        sets = spec(host)["process"]["capabilities"]
        assert sets["inheritable"] == sets["ambient"] == []
        assert sets["bounding"] == sets["effective"] == sets["permitted"] != []
    dropped = spec(HostConfig(cap_drop=["ALL"]))["process"]["capabilities"]
    assert dropped["bounding"] == []
    assert {*spec()["process"]["capabilities"]["bounding"]} <= {*caps.DOCKER_DEFAULT}


def test_environment() -> None:
    process = spec(env=["A=1", "PATH=/p", "EMPTY=", "A=2", "B"], tty=True)["process"]
    assert process["env"] == ["PATH=/p", "HOSTNAME=box", "TERM=xterm", "A=2", "EMPTY="]
    assert "TERM=xterm" not in spec()["process"]["env"]


def test_default_sysctls_follow_the_network() -> None:
    port = "net.ipv4.ip_unprivileged_port_start"
    assert spec()["linux"]["sysctl"][port] == "0"
    for mode in ("host", "container:x"):
        assert spec(HostConfig(network_mode=mode))["linux"]["sysctl"] == {}
    own = spec(HostConfig(sysctls={port: "80", "kernel.msgmax": "1"}))["linux"]["sysctl"]
    assert (own[port], own["kernel.msgmax"]) == ("80", "1")


def test_limits_of_the_user_win_over_the_daemons() -> None:
    host = HostConfig(ulimits=[Ulimit(name="nofile", soft=1, hard=2)])
    given = facts(ulimits={"nofile": (5, 6), "core": (0, 0)})
    rows = {
        row["type"]: (row["soft"], row["hard"]) for row in spec(host, given)["process"]["rlimits"]
    }
    assert rows == {"RLIMIT_NOFILE": (1, 2), "RLIMIT_CORE": (0, 0)}


def rules(result: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = result["linux"]["resources"]["devices"]
    return found


def test_device_rules_begin_with_a_refusal() -> None:
    assert rules(spec())[0] == {"allow": False, "access": "rwm"}
    assert {"allow": True, "type": "c", "access": "rwm", "major": 1, "minor": 3} in rules(spec())
    assert rules(spec(HostConfig(privileged=True))) == [{"allow": True, "access": "rwm"}]


def test_devices_that_were_given() -> None:
    device = HostDevice("/dev/mine", "b", 8, 3, 0o660, 0, 6)
    mapping = DeviceMapping("/dev/sda3", "/dev/mine", "r")
    host = HostConfig(devices=[mapping], device_cgroup_rules=["c 42:* rmw", "b 7:1 r"])
    result = spec(host, facts(devices=[device]))
    node = result["linux"]["devices"][-1]
    assert (node["path"], node["major"], node["minor"], node["fileMode"]) == (
        "/dev/mine",
        8,
        3,
        0o660,
    )
    assert rules(result)[-3:] == [
        {"allow": True, "type": "b", "access": "r", "major": 8, "minor": 3},
        {"allow": True, "type": "c", "access": "rmw", "major": 42},
        {"allow": True, "type": "b", "access": "r", "major": 7, "minor": 1},
    ]


@pytest.mark.parametrize("rule", ["", "c", "c 1:2", "c 1 r", "c 1:2:3 r", "c 1:2 r w", "c x:y r"])
def test_malformed_device_rules(rule: str) -> None:
    with pytest.raises(InvalidParameter, match="invalid device cgroup rule format"):
        spec(HostConfig(device_cgroup_rules=[rule]))


def test_the_rest() -> None:
    host = HostConfig(readonly_rootfs=True, oom_score_adj=7, annotations={"a": "b"})
    result = spec(host, working_dir="/w", user="u:g", domainname="d")
    assert result["root"]["readonly"] and result["annotations"] == {"a": "b"}
    assert result["linux"]["cgroupsPath"] == "/parent/" + "c" * 64
    process = result["process"]
    assert (process["cwd"], process["user"]["username"], process["oomScoreAdj"]) == (
        "/w",
        "u:g",
        7,
    )
    assert (result["hostname"], result["domainname"]) == ("box", "d")
