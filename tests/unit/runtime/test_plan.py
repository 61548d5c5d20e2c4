"""The plan: which steps there are, and that their order keeps a container inside."""

from typing import Any

import pytest

from boxship.runtime.plan import make_plan
from boxship.runtime.spec import build
from boxship.runtime.spec.facts import Facts, UserMount
from boxship.sandbox.steps import STEPS
from boxship.types.container_config import ContainerConfig
from boxship.types.host_config import HostConfig

V2 = {"version": 2, "path": "/c", "mounts": {}, "controllers": [], "hierarchies": {}}
V1 = V2 | {"version": 1, "hierarchies": {"cpu": "/sys/fs/cgroup/cpu/c", "memory": "/m/c"}}


def plan(
    host: HostConfig | None = None,
    cgroup: dict[str, Any] = V2,
    mounts: list[UserMount] | None = None,
    gated: bool = False,
    **config: Any,
) -> Any:
    given = Facts(
        "c" * 64,
        "box",
        cgroup["version"],
        "/",
        joins={"pid": "/proc/11", "ipc": "/proc/13", "network": "/proc/12"},
        mounts=mounts or [],
    )
    host = host or HostConfig(masked_paths=["/proc/kcore"], readonly_paths=["/proc/sys"])
    spec = build.build(ContainerConfig(**config), host, ["true"], given)
    return make_plan(spec, cgroup, gated=gated)


def names(made: Any) -> list[str]:
    return [name for name, _ in made.steps]


def arguments(made: Any, wanted: str) -> Any:
    return next(values for name, values in made.steps if name == wanted)


EVERY = [
    plan(),
    plan(HostConfig(readonly_rootfs=True, privileged=True), V1, tty=True),
    plan(HostConfig(pid_mode="host", ipc_mode="host", network_mode="host", uts_mode="host")),
    plan(mounts=[UserMount("bind", "/dev", "/dev")]),
]


@pytest.mark.parametrize("made", EVERY)
def test_every_step_is_known_and_the_order_holds(made: Any) -> None:
    found = names(made)
    assert {*found} <= {*STEPS}
    order = [
        "join-cgroup",
        "enter-namespaces",
        "open-sources",
        "isolate-mounts",
        "attach-root",
        "mount",
        "protect-paths",
        "mask-paths",
        "pivot-root",
    ]
    assert [name for name in dict.fromkeys(found) if name in order] == order
    last_mount = len(found) - 1 - found[::-1].index("mount")
    for step in ("make-devices", "make-console", "make-directory", "set-sysctls"):
        assert step not in found or last_mount < found.index(step) < found.index("protect-paths")
    assert found[found.index("pivot-root") + 1 :] in ([], ["seal-root"])


@pytest.mark.parametrize(
    ("sysctls", "after"),
    [
        ({}, "seal-root"),
        ({"kernel.msgmax": "9000"}, "seal-root"),
        ({"net.ipv4.ip_unprivileged_port_start": "80"}, "seal-root"),
        ({"net.ipv4.conf.all.forwarding": "1"}, "make-directory"),
    ],
)
def test_a_network_is_waited_for_as_late_as_may_be(sysctls: dict[str, str], after: str) -> None:
    host = HostConfig(sysctls=sysctls, readonly_rootfs=True)
    found = names(plan(host, gated=True))
    assert found.count("await-network") == 1
    assert found[found.index("await-network") - 1] == after
    assert "await-network" not in names(plan(host))


def test_what_a_plan_has_only_sometimes() -> None:
    assert "seal-root" in names(plan(HostConfig(readonly_rootfs=True)))
    assert "seal-root" not in names(plan())
    assert "make-console" in names(plan(tty=True)) and "make-console" not in names(plan())
    host = names(plan(HostConfig(network_mode="host", uts_mode="host")))
    assert not {"loopback-up", "set-hostname", "set-sysctls"} & {*host}
    assert {"loopback-up", "set-hostname", "set-sysctls"} <= {*names(plan())}


def test_devices_are_not_made_in_a_dev_of_the_hosts() -> None:
    assert "make-devices" not in names(plan(mounts=[UserMount("bind", "/dev", "/dev")]))
    assert "make-devices" in names(plan(mounts=[UserMount("bind", "/dev/x", "/dev")]))


def test_namespaces_are_joined_or_made() -> None:
    host = HostConfig(ipc_mode="container:x", pid_mode="container:x", uts_mode="host")
    made = plan(host)
    entering = arguments(made, "enter-namespaces")
    assert entering["join"] == {"ipc": "/proc/13/ns/ipc"}
    assert {*entering["new"]} == {"mount", "network", "cgroup"}
    assert made.pid_namespace == "/proc/11/ns/pid"
    assert plan().pid_namespace == "new" and plan(HostConfig(pid_mode="host")).pid_namespace == ""


@pytest.mark.parametrize(
    ("propagation", "peers"),
    [("", False), ("rprivate", False), ("shared", True), ("rshared", True), ("rslave", True)],
)
def test_a_source_is_a_peer_of_the_hosts_mount_only_to_pass_mounts_on(
    propagation: str, peers: bool
) -> None:
    made = plan(HostConfig(), V1, [UserMount("bind", "/a", "/one", propagation=propagation)])
    rows = arguments(made, "open-sources")["sources"]
    assert {row["path"]: row["peers"] for row in rows}["/one"] is peers
    assert not any(row["peers"] for row in rows if row["path"] != "/one")


def test_sources_are_referred_to_by_place() -> None:
    mounts = [UserMount("bind", "/b", "/two"), UserMount("bind", "/a", "/one", recursive=False)]
    made = plan(HostConfig(ipc_mode="container:x"), V1, mounts)
    rows = {row["index"]: row for row in arguments(made, "open-sources")["sources"]}
    by_target = {v["target"]: rows[v["source"]] for n, v in made.steps if v.get("type") == "bind"}
    wanted = {
        "/a": {"path": "/one", "recursive": False, "process": ""},
        "/b": {"path": "/two", "recursive": True, "process": ""},
        "/dev/shm": {"path": "/dev/shm", "recursive": True, "process": "/proc/13"},
    }
    for target, row in wanted.items():
        assert by_target[target] | row == by_target[target]
    shown = arguments(made, "mount-cgroup")["hierarchies"]
    assert {name: rows[place]["path"] for name, place in shown.items()} == V1["hierarchies"]


def test_the_cgroup_is_read_only_unless_privileged() -> None:
    assert arguments(plan(), "mount-cgroup")["read_only"]
    assert not arguments(plan(HostConfig(privileged=True)), "mount-cgroup")["read_only"]


def test_optional_sysctls_are_dockers_own() -> None:
    made = plan(HostConfig(sysctls={"net.ipv4.ip_forward": "1"}))
    step = arguments(made, "set-sysctls")
    assert "net.ipv4.ip_forward" in step["values"]
    assert "net.ipv4.ip_forward" not in step["optional"]
