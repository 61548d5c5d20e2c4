"""Updates of limits, values looked at when a container starts, and their small parsers."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.base.errors import Conflict, InvalidParameter
from boxship.engine.containers.host_facts import HostFacts
from boxship.engine.containers.mount_points import requested_mounts
from boxship.engine.containers.signals import parse_signal
from boxship.engine.containers.update_limits import updated_host_config
from boxship.engine.containers.validation.cpusets import parse_list
from boxship.engine.containers.validation.ports import port_range, split_port
from boxship.engine.containers.validation.sizes import parse_size
from boxship.engine.containers.validation.start import check_start
from boxship.types.create import CreateRequest
from boxship.types.decode import decode
from boxship.types.host_config import (
    DeviceRequest,
    HostConfig,
    LogConfig,
    RestartPolicy,
    Ulimit,
)
from boxship.types.mounts import BindOptions, Mount, TmpfsOptions
from boxship.types.update import UpdateRequest

FACTS = HostFacts(cpus=2, online_cpus="0-1", cgroup_version=1)


def update(host: dict[str, Any], request: dict[str, Any]) -> HostConfig:
    before = HostConfig(**host)
    kept = copy.deepcopy(before)
    after, _ = updated_host_config("ID", before, UpdateRequest(**request), FACTS)
    assert before == kept
    return after


@pytest.mark.parametrize(
    ("host", "request_", "message"),
    [
        ({}, {"memory": 1}, "Minimum memory limit allowed is 6MB"),
        (
            {},
            {"nano_cpus": 9 * 10**9},
            "Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs",
        ),
        (
            {},
            {"cpuset_cpus": "9"},
            "Requested CPUs are not available - requested 9, available: 0-1",
        ),
        ({}, {"restart_policy": RestartPolicy(name="x")}, "invalid restart policy: unknown policy"),
    ],
)
def test_updates_are_checked(host: Any, request_: Any, message: str) -> None:
    with pytest.raises(InvalidParameter) as error:
        update(host, request_)
    assert str(error.value).startswith(message)


_SWAP = (
    "Memory limit should be smaller than already set memoryswap limit,"
    " update the memoryswap at the same time"
)


@pytest.mark.parametrize(
    ("host", "request_", "reason"),
    [
        ({"memory": 10_000_000, "memory_swap": 20_000_000}, {"memory": 30_000_000}, _SWAP),
        ({}, {"memory": 10_000_000}, _SWAP),
        (
            {"cpu_period": 50_000, "cpu_quota": 5000},
            {"nano_cpus": 10**9},
            "Conflicting options: Nano CPUs cannot be updated as CPU Period has already been set",
        ),
        (
            {"cpu_quota": 50_000},
            {"nano_cpus": 10**9},
            "Conflicting options: Nano CPUs cannot be updated as CPU Quota has already been set",
        ),
        (
            {"nano_cpus": 10**9},
            {"cpu_period": 50_000},
            "Conflicting options: CPU Period cannot be updated as NanoCPUs has already been set",
        ),
        (
            {"nano_cpus": 10**9},
            {"cpu_quota": 50_000},
            "Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set",
        ),
        (
            {"auto_remove": True},
            {"restart_policy": RestartPolicy(name="always")},
            "Restart policy cannot be updated because AutoRemove is enabled for the container",
        ),
    ],
)
def test_updates_that_contradict_what_is_set(host: Any, request_: Any, reason: str) -> None:
    with pytest.raises(Conflict) as error:
        update(host, request_)
    assert str(error.value) == f"Cannot update container ID: {reason}"


def test_updates_change_only_what_they_name() -> None:
    host = {"memory": 10_000_000, "memory_swap": 20_000_000, "pids_limit": 5, "cpu_shares": 3}
    after = update(host, {"memory": 15_000_000})
    assert (after.memory, after.memory_swap, after.pids_limit) == (15_000_000, 20_000_000, 5)
    assert update(host, {"pids_limit": -1}).pids_limit == 0
    assert update(host, {"memory": 30_000_000, "memory_swap": -1}).memory_swap == -1
    assert update(host, {"cpu_quota": -1}).cpu_quota == -1
    policy = RestartPolicy(name="on-failure", maximum_retry_count=3)
    assert update({}, {"restart_policy": policy}).restart_policy == policy
    unchanged = update(host, {"ulimits": [Ulimit(name="nofile")], "oom_kill_disable": True})
    assert unchanged == HostConfig(**host)


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ({"ulimits": [Ulimit(name="bogus", soft=1, hard=1)]}, "wrong rlimit value: RLIMIT_BOGUS"),
        ({"ulimits": [Ulimit(name="nofile", soft=2, hard=1)]}, "error setting rlimit type"),
        ({"ulimits": [Ulimit(name="nofile", soft=-1, hard=100)]}, "error setting rlimit type"),
        (
            {"sysctls": {"kernel.bogus": "1"}},
            'sysctl "kernel.bogus" is not in a separate kernel namespace',
        ),
        (
            {"network_mode": "host", "sysctls": {"net.ipv4.ip_forward": "1"}},
            'sysctl "net.ipv4.ip_forward" not allowed in host network namespace',
        ),
        (
            {"ipc_mode": "host", "sysctls": {"kernel.shmmax": "1"}},
            'sysctl "kernel.shmmax" is not allowed in the hosts ipc namespace',
        ),
        (
            {"uts_mode": "host", "sysctls": {"kernel.domainname": "1"}},
            'sysctl "kernel.domainname" is not in a separate kernel namespace',
        ),
        ({"sysctls": {"kernel.hostname": "x"}}, 'conflicts with the OCI "hostname" field'),
        ({"tmpfs": {"/x": "bogus"}}, 'invalid tmpfs option "bogus"'),
        ({"tmpfs": {"/x": "ro=1"}}, 'invalid tmpfs option "ro"'),
        ({"dns": ["bad"]}, 'bad nameserver address bad: ParseAddr("bad"): unable to parse IP'),
        (
            {"device_requests": [DeviceRequest(count=-1, capabilities=[["gpu", "x"]])]},
            'could not select device driver "" with capabilities: [[gpu x]]',
        ),
        (
            {"device_requests": [DeviceRequest(driver="nope")]},
            'could not select device driver "nope" with capabilities: []',
        ),
        (
            {"log_config": LogConfig(type="json-file", config={"max-size": "x"})},
            "invalid size: 'x'",
        ),
        (
            {"log_config": LogConfig(type="json-file", config={"max-size": "0"})},
            "max-size must be a positive number",
        ),
        (
            {"log_config": LogConfig(type="json-file", config={"max-file": "x"})},
            'strconv.Atoi: parsing "x": invalid syntax',
        ),
        (
            {"log_config": LogConfig(type="json-file", config={"max-file": "0"})},
            "max-file cannot be less than 1",
        ),
        (
            {"log_config": LogConfig(type="json-file", config={"compress": "true"})},
            "compress cannot be true when max-file is less than 2 or max-size is not set",
        ),
        (
            {"log_config": LogConfig(type="json-file", config={"labels-regex": "("})},
            "error parsing regexp: missing closing ): `(`",
        ),
        (
            {
                "mounts": [
                    Mount(type="bind", bind_options=BindOptions(read_only_force_recursive=True))
                ]
            },
            "mount options conflict: !ReadOnly && BindOptions.ReadOnlyForceRecursive",
        ),
        (
            {"mounts": [Mount(type="tmpfs", tmpfs_options=TmpfsOptions(options=[["bogus"]]))]},
            'invalid tmpfs option "bogus"',
        ),
    ],
)
def test_values_that_fail_at_start(host: Any, message: str) -> None:
    with pytest.raises(InvalidParameter) as error:
        check_start(HostConfig(**host))
    assert message in str(error.value)


def test_values_that_start() -> None:
    check_start(
        HostConfig(
            ulimits=[Ulimit(name="NOFILE", soft=100, hard=-1)],
            sysctls={
                "net/ipv4/ip_forward": "1",
                "kernel.domainname": "x",
                "fs.mqueue.msg_max": "1",
            },
            tmpfs={"/x": "rw,exec,uid=0,size=1m", "/y": ""},
            dns=["1.1.1.1", "::1"],
            log_config=LogConfig(type="json-file", config={"max-size": "1m", "max-file": "2"}),
        )
    )


@pytest.mark.parametrize(
    ("text", "number"),
    [("TERM", 15), ("sigterm", 15), ("9", 9), ("RTMIN+3", 37), ("SIGRTMAX", 64), ("99", 99)],
)
def test_signals(text: str, number: int) -> None:
    assert parse_signal(text) == number


@pytest.mark.parametrize("text", ["X", "0", "", "SIG", "9x", "１"])
def test_no_signals(text: str) -> None:
    with pytest.raises(InvalidParameter, match="invalid signal: "):
        parse_signal(text)


@given(st.sets(st.integers(0, 200), min_size=1))
def test_every_list_of_cpus_reads_back(numbers: set[int]) -> None:
    assert parse_list(",".join(map(str, sorted(numbers)))) == numbers


@given(st.text(alphabet="0123456789-,x ", max_size=12))
def test_lists_of_cpus_never_fail_otherwise(text: str) -> None:
    try:
        parse_list(text)
    except ValueError:
        pass


def test_sizes_and_ports() -> None:
    sizes = {"10m": 10 << 20, "1.5GiB": 3 << 29, "7": 7, "1 kB": 1024}
    assert {text: parse_size(text) for text in sizes} == sizes
    assert split_port("80/UDP") == ("80", "udp")
    assert split_port("80") == ("80", "tcp")
    assert port_range("8000-8010") == (8000, 8010)
    assert port_range("9-8") is port_range("70000") is port_range("-1") is port_range("1-") is None


@given(st.text(alphabet="/:ab.rozs,-\n é", max_size=16))
def test_binds_never_fail_otherwise(text: str) -> None:
    try:
        (point,) = requested_mounts(HostConfig(binds=[text]))
    except InvalidParameter:
        return
    assert point.destination.startswith("/") and point.destination != "/"
    assert ".." not in point.destination.split("/")
    assert point.type == "volume" or point.source.startswith("/")


def test_bodies_of_updates() -> None:
    body = b'{"memory":5,"RestartPolicy":{"Name":"always"}}'
    request = decode(UpdateRequest, body)
    assert (request.memory, request.restart_policy.name) == (5, "always")
    assert decode(CreateRequest, b'{"HostConfig":{}}').host_config == HostConfig()
