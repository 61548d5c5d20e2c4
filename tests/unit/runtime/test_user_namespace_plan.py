"""The part of a plan that a user namespace adds."""

from typing import Any

import pytest

from boxship.base.errors import InvalidParameter
from boxship.runtime import user_namespaces

MAPPING = [{"containerID": 0, "hostID": 1000, "size": 10}]


def spec(**linux: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "namespaces": [{"type": "user"}],
        "uidMappings": MAPPING,
        "gidMappings": MAPPING,
        "devices": [],
        "cgroupsPath": "/boxship/abc",
    }
    return {"linux": base | linux, "process": {"rlimits": []}}


def test_no_user_namespace() -> None:
    made = spec(namespaces=[{"type": "mount"}], uidMappings=None, gidMappings=None)
    assert user_namespaces.from_spec(made) == {}


def test_mappings_become_rows() -> None:
    rows = [[0, 1000, 10]]
    assert user_namespaces.from_spec(spec()) == {"path": "", "uid": rows, "gid": rows}


def test_a_joined_one_has_its_path() -> None:
    joined = spec(namespaces=[{"type": "user", "path": "/proc/7/ns/user"}])
    assert user_namespaces.from_spec(joined)["path"] == "/proc/7/ns/user"


@pytest.mark.parametrize(
    ("linux", "text"),
    [
        ({"uidMappings": []}, "user namespaces enabled, but no uid mappings found"),
        ({"gidMappings": None}, "user namespaces enabled, but no gid mappings found"),
        (
            {"gidMappings": [{"containerID": 1, "hostID": 5, "size": 9}]},
            "user namespaces enabled, but gid 0 is not mapped",
        ),
        (
            {"namespaces": []},
            "user namespace mappings specified, but not enabled in the spec",
        ),
    ],
)
def test_refusals(linux: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidParameter) as error:
        user_namespaces.from_spec(spec(**linux))
    assert str(error.value) == text


def before(made: dict[str, Any], mounts: list[Any]) -> dict[str, Any]:
    user = user_namespaces.from_spec(made)
    entering = {"join": {"ipc": "/proc/5/ns/ipc"}, "new": []}
    return dict(user_namespaces.before(made, user, entering, "/proc/5/ns/pid", mounts, True))


def test_all_that_is_joined_is_opened_before() -> None:
    joined = before(spec(), [])["open-namespaces"]["join"]
    assert joined == {"ipc": "/proc/5/ns/ipc", "pid": "/proc/5/ns/pid"}


def test_dev_is_made_outside_and_attached_inside() -> None:
    dev = {"target": "/dev", "type": "tmpfs", "options": {"mode": "755"}, "attributes": 2}
    other = {"target": "/t", "type": "tmpfs", "options": {}, "attributes": 0}
    steps = before(spec(), [("mount", dev), ("mount", other)])
    assert steps["prepare-devices"]["options"] == {"mode": "755"}
    assert steps["prepare-devices"]["attributes"] == 2
    assert (dev["type"], dev["source"]) == ("bind", steps["prepare-devices"]["source"])
    assert other["type"] == "tmpfs"


def test_owners_of_devices_that_are_not_mapped_give_way_to_root() -> None:
    devices = [{"path": "/dev/a", "uid": 3, "gid": 77}]
    found = before(spec(devices=devices), [])["prepare-devices"]["devices"]
    assert found == [{"path": "/dev/a", "uid": 1003, "gid": 1000}]
