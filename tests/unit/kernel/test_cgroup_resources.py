"""Limits from the OCI form, unit conversions, device policies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.base.errors import InvalidParameter
from boxship.kernel.cgroup import convert, from_spec
from boxship.kernel.cgroup.devices import DeviceRule, Policy, fold
from boxship.kernel.cgroup.resources import BlockIO, Cpu, DeviceValue, Memory, Resources


def test_an_empty_spec_changes_nothing() -> None:
    assert from_spec({}) == Resources()
    assert from_spec({"memory": None, "cpu": {}, "pids": {}}) == Resources()


def test_every_field() -> None:
    row = {"major": 8, "minor": 1}
    spec = {
        "memory": {
            "limit": 100,
            "reservation": 50,
            "swap": -1,
            "kernel": 7,
            "kernelTCP": 9,
            "swappiness": 0,
            "disableOOMKiller": True,
        },
        "cpu": {
            "shares": 512,
            "quota": -1,
            "burst": 5,
            "period": 50000,
            "realtimeRuntime": 1,
            "realtimePeriod": 2,
            "cpus": "0-1",
            "mems": "0",
            "idle": 1,
        },
        "pids": {"limit": -1},
        "blockIO": {
            "weight": 300,
            "weightDevice": [row | {"weight": 10, "leafWeight": 20}],
            "throttleReadBpsDevice": [row | {"rate": 1}],
            "throttleWriteBpsDevice": [row | {"rate": 2}],
            "throttleReadIOPSDevice": [row | {"rate": 3}],
            "throttleWriteIOPSDevice": [row | {"rate": 4}],
        },
        "devices": [{"allow": False}, {"allow": True, "type": "c", "major": 1, "access": "rw"}],
        "hugepageLimits": [{"pageSize": "2MB", "limit": 2097152}],
        "unified": {"memory.high": "1000"},
    }
    disk = [(DeviceValue(8, 1, value),) for value in (10, 1, 2, 3, 4)]
    assert from_spec(spec) == Resources(
        Memory(100, 50, -1, 9, 0, True),
        Cpu(512, -1, 5, 50000, 1, 2, "0-1", "0", 1),
        BlockIO(300, *disk),
        -1,
        (DeviceRule(False), DeviceRule(True, "c", 1, None, "rw")),
        (("2MB", 2097152),),
        {"memory.high": "1000"},
    )


@pytest.mark.parametrize(
    "spec",
    [
        {"memory": {"limit": "much"}},
        {"memory": 5},
        {"devices": [{"type": "c"}]},
        {"devices": [{"allow": True, "type": "z"}]},
        {"devices": [{"allow": True, "access": "rx"}]},
        {"blockIO": {"weightDevice": [{"major": 8, "weight": 10}]}},
        {"unified": {"../memory.max": "1"}},
        {"unified": {"": "1"}},
        {"unified": {"..": "1"}},
    ],
)
def test_malformed(spec: dict[str, object]) -> None:
    with pytest.raises(InvalidParameter):
        from_spec(spec)


@pytest.mark.parametrize(("shares", "weight"), [(2, 1), (1024, 39), (262144, 10000), (0, 1)])
def test_cpu_weight(shares: int, weight: int) -> None:
    assert convert.cpu_weight(shares) == weight


@given(st.integers(1, 10000))
def test_weights_survive_the_way_to_shares_and_back(weight: int) -> None:
    assert abs(convert.cpu_weight(convert.cpu_shares(weight)) - weight) <= 1


@pytest.mark.parametrize(("weight", "io"), [(10, 1), (500, 4950), (1000, 10000)])
def test_io_weight(weight: int, io: int) -> None:
    assert convert.io_weight(weight) == io


def test_swap() -> None:
    assert convert.swap_alone(300, 100) == 200
    assert convert.swap_alone(100, 100) == 0
    assert convert.swap_alone(-1, None) == -1
    for total, memory in ((100, 200), (100, None), (100, -1)):
        with pytest.raises(InvalidParameter):
            convert.swap_alone(total, memory)


DOCKER = [
    DeviceRule(False),
    DeviceRule(True, "c", 1, 3),
    DeviceRule(True, "c", None, None, "m"),
    DeviceRule(True, "b", None, None, "m"),
]


def test_fold() -> None:
    assert fold([]) == Policy(True, {})
    wildcards = {("c", None, None): "m", ("b", None, None): "m"}
    assert fold(DOCKER) == Policy(False, {("c", 1, 3): "rwm", **wildcards})
    assert fold([*DOCKER, DeviceRule(True)]) == Policy(True, {})
    assert fold([*DOCKER, DeviceRule(False)]) == Policy(False, {})
    less = [*DOCKER, DeviceRule(False, "c", 1, 3, "m"), DeviceRule(True, "c", 1, 3, "m")]
    assert fold([*less, DeviceRule(False, "c", 1, 3, "wm")]).exceptions["c", 1, 3] == "r"
    gone = fold([*DOCKER, DeviceRule(False, "b", None, None, "m")])
    assert ("b", None, None) not in gone.exceptions
    both = fold([DeviceRule(False), DeviceRule(True, "a", 7, None, "r")])
    assert both.exceptions == {("b", 7, None): "r", ("c", 7, None): "r"}
    assert fold([DeviceRule(False, "c", 5, 5, "w")]) == Policy(True, {("c", 5, 5): "w"})
