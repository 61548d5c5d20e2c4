"""Rules of a create request that the table of dockerd's answers does not show."""

import copy

import pytest

from boxship.base.errors import InvalidParameter
from boxship.engine.containers.defaults import MASKED_PATHS, default_hostname
from boxship.engine.containers.host_facts import HostFacts, read_host_facts
from boxship.engine.containers.image_config import command, merge_image_config
from boxship.engine.containers.validate import Prepared, complete, prepare
from boxship.engine.containers.validation.names import (
    clean_name,
    parse_link,
    parse_volumes_from,
)
from boxship.engine.containers.validation.security_options import parse_security_options
from boxship.types.container_config import ContainerConfig, HealthConfig
from boxship.types.create import CreateRequest
from boxship.types.host_config import HostConfig, LogConfig
from boxship.types.networking import EndpointSettings, NetworkingConfig

V2 = HostFacts(cpus=4, online_cpus="0-3", cgroup_version=2)
V1 = HostFacts(cpus=4, online_cpus="0-3", cgroup_version=1)


def prepared(facts: HostFacts = V2, **host: object) -> Prepared:
    return prepare(CreateRequest(cmd=["x"], host_config=HostConfig(**host)), facts)


def test_an_empty_config_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="config cannot be empty in order to create"):
        prepare(CreateRequest(host_config=HostConfig(memory=1)), V2)


def test_defaults_are_what_inspect_shows() -> None:
    host = prepared().host_config
    assert (host.network_mode, host.ipc_mode, host.shm_size) == ("bridge", "private", 64 << 20)
    assert (host.runtime, host.log_config) == ("runc", LogConfig(type="json-file", config={}))
    assert host.restart_policy.name == "no"
    assert host.masked_paths == list(MASKED_PATHS)


def test_defaults_follow_the_cgroup_version_and_the_clients() -> None:
    assert prepared(V2).host_config.cgroupns_mode == "private"
    assert prepared(V1).host_config.cgroupns_mode == "host"
    assert prepared(V2).host_config.oom_kill_disable is None
    assert prepared(V1).host_config.oom_kill_disable is False
    request = CreateRequest(cmd=["x"])
    old = prepare(request, V2, ipc_mode="shareable", cgroupns_mode="host").host_config
    assert (old.ipc_mode, old.cgroupns_mode) == ("shareable", "host")


def test_oom_kill_disable_is_dropped_with_a_warning_under_v2() -> None:
    result = prepared(V2, oom_kill_disable=True)
    assert result.host_config.oom_kill_disable is None
    assert result.warnings == [
        "Your kernel does not support OomKillDisable. OomKillDisable discarded."
    ]


def test_privileged_hides_nothing_unless_asked() -> None:
    host = prepared(privileged=True).host_config
    assert (host.masked_paths, host.readonly_paths) == (None, None)
    assert host.security_opt == ["label=disable"]
    assert prepared(masked_paths=[]).host_config.masked_paths == []


def test_missing_controllers_become_warnings_and_nothing_is_kept() -> None:
    facts = HostFacts(2, "0-1", unsupported=frozenset({"memory", "pids", "cpuset", "swap"}))
    result = prepared(facts, memory=1 << 30, pids_limit=5, cpuset_cpus="0")
    host = result.host_config
    assert (host.memory, host.pids_limit, host.cpuset_cpus) == (0, None, "")
    assert len(result.warnings) == 3
    quiet = prepared(facts)
    assert quiet.warnings == []


def test_blkio_weight_is_checked_where_it_works() -> None:
    assert prepared(blkio_weight=10).host_config.blkio_weight == 10
    with pytest.raises(InvalidParameter, match="Range of blkio weight is from 10 to 1000"):
        prepared(blkio_weight=9)


def test_the_request_does_not_change() -> None:
    request = CreateRequest(
        cmd=["x"],
        working_dir="/a/../b/",
        mac_address="02:42:ac:11:00:02",
        host_config=HostConfig(pids_limit=-1, memory=1 << 24, ipc_mode="host"),
        networking_config=NetworkingConfig(endpoints_config={"bridge": EndpointSettings()}),
    )
    before = copy.deepcopy(request)
    first = complete(prepare(request, V2), {"Env": ["A=1"]})
    assert request == before
    assert first.host_config.memory_swap == 1 << 25
    assert (first.config.working_dir, first.config.env) == ("/b", ["A=1"])
    assert first.endpoints["bridge"].mac_address == "02:42:ac:11:00:02"
    assert "MacAddress field is now deprecated" in first.warnings[0]


def test_contradicting_mac_addresses_are_refused() -> None:
    endpoints = {"bridge": EndpointSettings(mac_address="02:42:ac:11:00:03")}
    request = CreateRequest(
        cmd=["x"],
        mac_address="02:42:ac:11:00:02",
        networking_config=NetworkingConfig(endpoints_config=endpoints),
    )
    with pytest.raises(InvalidParameter, match="must match the endpoint-specific MAC address"):
        prepare(request, V2)


def test_default_network_is_renamed_and_a_shared_one_has_no_endpoint() -> None:
    config = NetworkingConfig(endpoints_config={"default": EndpointSettings(links=["a"])})
    request = CreateRequest(
        cmd=["x"], host_config=HostConfig(network_mode="default"), networking_config=config
    )
    assert prepare(request, V2).endpoints == {"bridge": EndpointSettings(links=["a"])}
    assert prepared(network_mode="container:x").endpoints == {}
    assert prepare(CreateRequest(cmd=["x"], network_disabled=True), V2).endpoints == {}


def test_default_log_options_belong_to_the_default_driver() -> None:
    facts = HostFacts(1, "0", default_log_options={"max-size": "1m"})
    assert prepared(facts).host_config.log_config.config == {"max-size": "1m"}
    asked = LogConfig(type="json-file", config={"max-size": "2m"})
    assert prepared(facts, log_config=asked).host_config.log_config.config == {"max-size": "2m"}
    assert prepared(facts, log_config=LogConfig(type="none")).host_config.log_config.config == {}


@pytest.mark.parametrize("name", ["ab", "/ab", "A.b-c_d", "a" * 300, "0x"])
def test_good_names(name: str) -> None:
    assert clean_name(name) == name.removeprefix("/")


@pytest.mark.parametrize(
    "name", ["a", "//ab", "-a", "a b", ".a", "a/b", "/", "é", "_a", "%", "ab\n", ""]
)
def test_bad_names(name: str) -> None:
    with pytest.raises(InvalidParameter) as error:
        clean_name(name)
    assert str(error.value) == (
        f"Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
    )


def test_links_and_volumes_from() -> None:
    assert parse_link("db") == ("db", "db")
    assert parse_link("db:x") == ("db", "x")
    assert parse_volumes_from("c") == ("c", "rw")
    assert parse_volumes_from("c:ro") == ("c", "ro")


def test_security_options() -> None:
    parsed = parse_security_options(
        ["no-new-privileges", "seccomp=unconfined", "apparmor:p", "label=disable", "label:user:x"]
    )
    assert parsed.no_new_privileges
    assert (parsed.seccomp, parsed.apparmor) == ("unconfined", "p")
    assert parsed.labels == ["disable", "user:x"]
    assert parse_security_options(["seccomp=builtin"]).seccomp is None
    assert not parse_security_options(["no-new-privileges:false"]).no_new_privileges
    profile = '{"defaultAction":"SCMP_ACT_ALLOW","x":"a=b"}'
    assert parse_security_options([f"seccomp={profile}"]).seccomp == profile


def test_nul_bytes_are_refused_but_for_labels() -> None:
    for broken in (
        CreateRequest(cmd=["a\0b"]),
        CreateRequest(cmd=["x"], env=["A=\0"]),
        CreateRequest(cmd=["x"], working_dir="/a\0"),
        CreateRequest(cmd=["x"], host_config=HostConfig(binds=["/a\0:/b"])),
    ):
        with pytest.raises(InvalidParameter, match="nul byte"):
            complete(prepare(broken, V2), None)
    allowed = CreateRequest(cmd=["a\\u0000b"], labels={"a": "\0"})
    assert complete(prepare(allowed, V2), None).path == "a\\u0000b"


IMAGE = {
    "User": "u",
    "Env": ["PATH=/bin", "A=1", "B=2"],
    "Cmd": ["c", "d"],
    "Entrypoint": ["e"],
    "ExposedPorts": {"80/tcp": {}},
    "Volumes": {"/v1": {}},
    "WorkingDir": "/w",
    "Labels": {"l": "img", "m": "img"},
    "StopSignal": "SIGINT",
    "Shell": ["/bin/sh", "-x"],
    "OnBuild": ["RUN y"],
    "Healthcheck": {"Test": ["CMD", "x"], "Interval": 5_000_000_000, "Retries": 7},
    "unknown": 1,
}


def test_the_image_fills_what_is_missing_only() -> None:
    full = merge_image_config(ContainerConfig(), IMAGE)
    assert (full.user, full.working_dir, full.stop_signal) == ("u", "/w", "SIGINT")
    assert (full.shell, full.on_build) == (None, None)
    mine = ContainerConfig(
        user="z",
        env=["C=3", "A=9"],
        labels={"l": "u"},
        volumes={"/v2": {}},
        exposed_ports={"82/tcp": {}},
        healthcheck=HealthConfig(interval=7_000_000_000),
    )
    merged = merge_image_config(mine, IMAGE)
    assert merged.env == ["C=3", "A=9", "PATH=/bin", "B=2"]
    assert merged.labels == {"l": "u", "m": "img"}
    assert list(merged.volumes or ()) == ["/v2", "/v1"]
    assert set(merged.exposed_ports or ()) == {"80/tcp", "82/tcp"}
    assert merged.healthcheck == HealthConfig(test=["CMD", "x"], interval=7_000_000_000, retries=7)
    assert (merged.user, mine.env) == ("z", ["C=3", "A=9"])


@pytest.mark.parametrize(
    ("entrypoint", "cmd", "expected"),
    [
        (None, None, ("e", ["c", "d"])),
        (None, [], ("e", ["c", "d"])),
        (None, ["y"], ("e", ["y"])),
        (["x"], None, ("x", [])),
        (["x"], ["y"], ("x", ["y"])),
        ([], None, ("c", ["d"])),
        ([], ["q"], ("q", [])),
        ([""], ["q"], ("q", [])),
    ],
)
def test_entry_point_and_command_combine_as_in_dockerd(
    entrypoint: list[str] | None, cmd: list[str] | None, expected: tuple[str, list[str]]
) -> None:
    config = ContainerConfig(entrypoint=entrypoint, cmd=cmd)
    assert command(merge_image_config(config, IMAGE)) == expected


def test_an_emptied_entry_point_takes_no_command_from_the_image() -> None:
    with pytest.raises(InvalidParameter, match="no command specified"):
        command(merge_image_config(ContainerConfig(entrypoint=[""]), IMAGE))


def test_host_name_is_the_hosts_only_when_shared() -> None:
    identity = "0123456789abcdef" * 4
    config = ContainerConfig()
    assert default_hostname(config, HostConfig(), identity, "h") == identity[:12]
    assert default_hostname(config, HostConfig(network_mode="host"), identity, "h") == "h"
    assert default_hostname(config, HostConfig(uts_mode="host"), identity, "h") == "h"
    assert default_hostname(ContainerConfig(hostname="n"), HostConfig(), identity, "h") == "n"


def test_facts_of_this_machine_are_consistent() -> None:
    facts = read_host_facts(2)
    assert facts.cpus >= 1
    prepare(CreateRequest(cmd=["x"], host_config=HostConfig(cpuset_cpus="0")), facts)


def test_memory_and_swap_stay_within_the_apis_integers() -> None:
    assert prepared(memory=2**62).host_config.memory_swap == 2**63 - 1


def test_the_endpoints_mac_address_is_shown_in_the_old_place() -> None:
    endpoints = {"bridge": EndpointSettings(mac_address="02:42:ac:11:00:03")}
    request = CreateRequest(
        cmd=["x"], networking_config=NetworkingConfig(endpoints_config=endpoints)
    )
    assert prepare(request, V2).config.mac_address == "02:42:ac:11:00:03"
