"""The answer of inspect: every key of Docker's, in its order, empty ones dropped as it does."""

import json
from typing import Any

import msgspec

from boxship.engine.containers.container import Container, MountPoint, State
from boxship.engine.containers.host_facts import HostFacts
from boxship.engine.containers.inspect import inspect
from boxship.engine.containers.validate import complete, prepare
from boxship.types.container_config import HealthConfig
from boxship.types.create import CreateRequest
from boxship.types.host_config import HostConfig
from boxship.types.mounts import BindOptions, Mount
from boxship.types.networking import EndpointIPAMConfig, EndpointSettings

FACTS = HostFacts(cpus=2, online_cpus="0-1", cgroup_version=1)
SECOND = 1_000_000_000
TOP = [
    "Id",
    "Created",
    "Path",
    "Args",
    "State",
    "Image",
    "ResolvConfPath",
    "HostnamePath",
    "HostsPath",
    "LogPath",
    "Name",
    "RestartCount",
    "Driver",
    "Platform",
    "MountLabel",
    "ProcessLabel",
    "AppArmorProfile",
    "ExecIDs",
    "HostConfig",
    "GraphDriver",
    "Mounts",
    "Config",
    "NetworkSettings",
]


def container(
    state: State | None = None, host: HostConfig | None = None, **config: Any
) -> Container:
    config.setdefault("cmd", ["sleep", "100"])
    request = CreateRequest(image="busybox", host_config=host, **config)
    done = complete(prepare(request, FACTS, exists=lambda path: True), {})
    return Container(
        id="c5ee5b853abb" + "0" * 52,
        name="plain",
        created=1_795_543_432 * SECOND + 641_032_636,
        image_id="sha256:" + "d" * 64,
        config=done.config,
        host_config=done.host_config,
        endpoints=done.endpoints,
        path=done.path,
        args=done.args,
        mounts=done.mounts,
        state=state or State(),
    )


def shown(subject: Container, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(msgspec.json.encode(inspect(subject, **more)))
    return answer


def test_a_created_container_looks_as_dockerd_shows_it() -> None:
    answer = shown(container())
    assert list(answer) == TOP
    assert answer["Name"] == "/plain"
    assert answer["Created"] == "2026-11-24T18:03:52.641032636Z"
    assert (answer["Path"], answer["Args"]) == ("sleep", ["100"])
    assert answer["ExecIDs"] is None
    assert answer["State"] == {
        "Status": "created",
        "Running": False,
        "Paused": False,
        "Restarting": False,
        "OOMKilled": False,
        "Dead": False,
        "Pid": 0,
        "ExitCode": 0,
        "Error": "",
        "StartedAt": "0001-01-01T00:00:00Z",
        "FinishedAt": "0001-01-01T00:00:00Z",
    }
    assert list(answer["Config"]) == [
        "Hostname",
        "Domainname",
        "User",
        "AttachStdin",
        "AttachStdout",
        "AttachStderr",
        "Tty",
        "OpenStdin",
        "StdinOnce",
        "Env",
        "Cmd",
        "Image",
        "Volumes",
        "WorkingDir",
        "Entrypoint",
        "OnBuild",
        "Labels",
    ]
    assert answer["Config"]["Labels"] == {}
    host = answer["HostConfig"]
    assert list(host)[:8] == [
        "Binds",
        "ContainerIDFile",
        "LogConfig",
        "NetworkMode",
        "PortBindings",
        "RestartPolicy",
        "AutoRemove",
        "VolumeDriver",
    ]
    assert list(host)[-2:] == ["MaskedPaths", "ReadonlyPaths"]
    assert not {"Mounts", "Init", "Sysctls", "Tmpfs", "StorageOpt", "Annotations"} & host.keys()
    assert host["ConsoleSize"] == [0, 0]
    assert answer["NetworkSettings"]["Ports"] == {}
    assert answer["NetworkSettings"]["Networks"]["bridge"]["DNSNames"] is None


def test_states_are_flags_too() -> None:
    paused = State(status="paused", pid=9, started_at=3 * SECOND)
    answer = shown(container(paused))["State"]
    assert (answer["Running"], answer["Paused"], answer["Pid"]) == (True, True, 9)
    assert answer["StartedAt"] == "1970-01-01T00:00:03Z"
    restarting = shown(container(State(status="restarting")))["State"]
    assert restarting["Running"] and restarting["Restarting"]
    assert shown(container(State(status="dead")))["State"]["Dead"]
    health = {"Status": "healthy", "FailingStreak": 0, "Log": []}
    assert shown(container(State(status="running", health=health)))["State"]["Health"] == health


def test_what_is_set_is_shown() -> None:
    config = shown(
        container(
            exposed_ports={"80/tcp": {}},
            healthcheck=HealthConfig(),
            stop_timeout=0,
            stop_signal="9",
            shell=["sh"],
        )
    )["Config"]
    assert config["ExposedPorts"] == {"80/tcp": {}}
    assert (config["Healthcheck"], config["StopTimeout"]) == ({}, 0)
    assert (config["StopSignal"], config["Shell"]) == ("9", ["sh"])
    mount = Mount(
        type="bind", source="/tmp", target="/x/", read_only=True, bind_options=BindOptions()
    )
    answer = shown(container(host=HostConfig(init=False, mounts=[mount], sysctls={"a": "b"})))
    assert answer["HostConfig"]["Init"] is False
    assert answer["HostConfig"]["Sysctls"] == {"a": "b"}
    assert answer["HostConfig"]["Mounts"] == [
        {"Type": "bind", "Source": "/tmp", "Target": "/x/", "ReadOnly": True, "BindOptions": {}}
    ]
    assert answer["Mounts"] == [
        {
            "Type": "bind",
            "Source": "/tmp",
            "Destination": "/x",
            "Mode": "",
            "RW": False,
            "Propagation": "rprivate",
        }
    ]


def test_facts_of_the_moment_are_passed_in() -> None:
    driver = {"Name": "overlayfs", "Data": {"UpperDir": "/u"}}
    answer = shown(
        container(), graph_driver=driver, exec_ids=["e1"], size=(0, 5), sandbox=("id", "/ns")
    )
    assert answer["GraphDriver"] == driver
    assert answer["ExecIDs"] == ["e1"]
    assert (answer["SizeRw"], answer["SizeRootFs"]) == (0, 5)
    assert answer["NetworkSettings"]["SandboxKey"] == "/ns"
    asked = container(host=HostConfig(security_opt=["apparmor=mine"]))
    assert shown(asked)["AppArmorProfile"] == "mine"


def test_the_bridge_endpoint_is_repeated_at_the_top() -> None:
    subject = container(
        State(status="running"), exposed_ports={"80": {}, "junk": {}, "5-6/udp": {}}
    )
    subject.endpoints = {
        "bridge": EndpointSettings(
            ip_address="172.17.0.2",
            ip_prefix_len=16,
            mac_address="02:42:ac:11:00:02",
            ipam_config=EndpointIPAMConfig(ipv4_address="172.17.0.2"),
        )
    }
    settings = shown(subject)["NetworkSettings"]
    assert (settings["IPAddress"], settings["IPPrefixLen"]) == ("172.17.0.2", 16)
    assert settings["Networks"]["bridge"]["IPAMConfig"] == {"IPv4Address": "172.17.0.2"}
    assert settings["Ports"] == {"80/tcp": None, "5/udp": None, "6/udp": None}


def test_volumes_show_name_and_driver() -> None:
    subject = container()
    subject.mounts = [
        MountPoint(type="volume", name="v", source="/v/_data", destination="/d", driver="local")
    ]
    assert list(shown(subject)["Mounts"][0]) == (
        ["Type", "Name", "Source", "Destination", "Driver", "Mode", "RW", "Propagation"]
    )


def test_a_container_survives_its_own_encoding() -> None:
    subject = container(host=HostConfig(binds=["/tmp:/b:ro", "vol1:/c"]))
    assert msgspec.json.decode(msgspec.json.encode(subject), type=Container) == subject
