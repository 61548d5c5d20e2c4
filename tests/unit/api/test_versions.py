from typing import Any

import pytest

from boxship.api.versions import (
    REQUESTS,
    RESPONSES,
    adapt_request,
    adapt_response,
)
from boxship.types.create import CreateRequest
from boxship.types.decode import decode
from boxship.types.exec_config import ExecConfig


def info() -> dict[str, Any]:
    return {
        "MemoryLimit": True,
        "SecurityOptions": ["name=seccomp,profile=builtin", "name=cgroupns"],
        "ContainerdCommit": {"ID": "x"},
        "BridgeNfIptables": True,
        "BridgeNfIp6tables": True,
        "FirewallBackend": {"Driver": "nftables"},
    }


@pytest.mark.parametrize(
    ("version", "options"),
    [
        ((1, 24), ["seccomp", "cgroupns"]),
        ((1, 25), ["name=seccomp,profile=builtin", "name=cgroupns"]),
    ],
)
def test_security_options(version: tuple[int, int], options: list[str]) -> None:
    assert adapt_response("info", version, info())["SecurityOptions"] == options


def test_members_come_and_go() -> None:
    assert adapt_response("info", (1, 24), info())["ExecutionDriver"] == "<not supported>"
    assert "ExecutionDriver" not in adapt_response("info", (1, 25), info())
    assert adapt_response("info", (1, 41), info())["KernelMemory"] is True
    assert "KernelMemory" not in adapt_response("info", (1, 42), info())
    assert adapt_response("info", (1, 48), info())["ContainerdCommit"]["Expected"] == "x"
    assert adapt_response("info", (1, 49), info())["ContainerdCommit"] == {"ID": "x"}
    assert "FirewallBackend" not in adapt_response("info", (1, 48), info())
    assert "FirewallBackend" in adapt_response("info", (1, 49), info())
    assert "BridgeNfIptables" in adapt_response("info", (1, 49), info())
    assert "BridgeNfIptables" not in adapt_response("info", (1, 50), info())


def test_lists_and_maps() -> None:
    def images() -> list[dict[str, Any]]:
        return [{"Size": 5, "RepoTags": [], "RepoDigests": []}, {"Size": 6, "RepoTags": ["a:b"]}]

    old = adapt_response("image.list", (1, 42), images())
    assert [image["VirtualSize"] for image in old] == [5, 6]
    assert old[0]["RepoTags"] == ["<none>:<none>"] and old[1]["RepoTags"] == ["a:b"]
    assert adapt_response("image.list", (1, 43), images())[0]["RepoTags"] == []
    assert adapt_response("image.list", (1, 44), images()) == images()

    container = {"NetworkSettings": {"Networks": {"a": {"GwPriority": 1, "x": 2}, "b": None}}}
    adapted = adapt_response("container.inspect", (1, 47), container)
    assert adapted["NetworkSettings"]["Networks"] == {"a": {"x": 2}, "b": None}


@pytest.mark.parametrize("subject", sorted({row.subject for row in RESPONSES}))
@pytest.mark.parametrize("version", [(1, 24), (1, 44), (1, 51)])
def test_answers_with_holes_are_no_error(subject: str, version: tuple[int, int]) -> None:
    empty: Any = [] if subject.endswith("list") else {"MemoryLimit": False, "Images": None}
    adapt_response(subject, version, empty)


def create(body: bytes = b"{}") -> CreateRequest:
    return decode(CreateRequest, body)


def test_old_defaults_of_create() -> None:
    body = b'{"HostConfig":{"IpcMode":""}}'
    for version, mode in (((1, 39), "shareable"), ((1, 40), "")):
        adapted = adapt_request("container.create", version, create(body)).host_config
        assert adapted is not None and adapted.ipc_mode == mode
    given = adapt_request("container.create", (1, 24), create(b'{"HostConfig":{"IpcMode":"host"}}'))
    assert given.host_config is not None and given.host_config.ipc_mode == "host"


def test_old_versions_ignore_what_they_did_not_know() -> None:
    body = (
        b'{"Healthcheck":{"StartInterval":5},"HostConfig":{"Annotations":{"a":"b"},'
        b'"Mounts":[{"BindOptions":{"NonRecursive":true,"ReadOnlyNonRecursive":true}},{}]}}'
    )
    old = adapt_request("container.create", (1, 39), create(body))
    new = adapt_request("container.create", (1, 44), create(body))
    assert old.healthcheck is not None and old.healthcheck.start_interval == 0
    assert new.healthcheck is not None and new.healthcheck.start_interval == 5
    assert old.host_config is not None and old.host_config.annotations is None
    assert new.host_config is not None and new.host_config.annotations == {"a": "b"}
    assert old.host_config.mounts is not None and new.host_config.mounts is not None
    bind = old.host_config.mounts[0].bind_options
    assert bind is not None and not bind.non_recursive and not bind.read_only_non_recursive
    bind = new.host_config.mounts[0].bind_options
    assert bind is not None and bind.non_recursive and bind.read_only_non_recursive


def test_every_request_row_names_a_field() -> None:
    bodies = {
        "container.create": create(
            b'{"Healthcheck":{},"HostConfig":{"Mounts":[{"BindOptions":{}}]}}'
        ),
        "exec.create": ExecConfig(),
        "exec.start": ExecConfig(),
    }
    for subject in {row.subject for row in REQUESTS}:
        adapt_request(subject, (1, 24), bodies[subject])
