"""The same requests to dockerd and to Boxship: statuses, texts and shapes of answers agree.

Accepted differences: where dockerd answers 500 to what the client can mend, Boxship answers 4xx
with the same text; the OCI runtime is not runc, so that texts do not name it.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from support.api import SLEEP, Answer, Api

NONE = {"NetworkMode": "none"}
BOX: dict[str, Any] = {"Image": "busybox", "Cmd": SLEEP, "HostConfig": NONE}
Step = tuple[str, str, Any]


def create(name: str, **more: Any) -> Step:
    host = {**NONE, **more.pop("HostConfig", {})}
    return ("POST", f"/containers/create?name={name}", {**BOX, **more, "HostConfig": host})


def each(*steps: str) -> list[Step]:
    """Steps without a body: ``METHOD /path``."""
    return [(*step.split(" ", 1), None) for step in steps]  # type: ignore[misc]


STORIES: dict[str, list[Step]] = {
    "lifecycle": [
        create("box", Labels={"a": "b"}),
        *each(
            "GET /containers/box/json", "POST /containers/box/kill", "POST /containers/box/pause",
            "POST /containers/box/start", "POST /containers/box/start", "GET /containers/box/json",
            "GET /containers/box/top", "GET /containers/box/stats?stream=0",
            "POST /containers/box/pause", "POST /containers/box/pause",
            "POST /containers/box/start", "POST /containers/box/exec", "DELETE /containers/box",
            "POST /containers/box/unpause", "POST /containers/box/unpause",
            "POST /containers/box/kill?signal=99", "POST /containers/box/kill?signal=FOO",
            "POST /containers/box/rename?name=box", "POST /containers/box/rename?name=",
            "POST /containers/box/rename?name=!", "DELETE /containers/box",
            "POST /containers/box/stop?t=0", "POST /containers/box/stop",
            "POST /containers/box/wait", "GET /containers/json?all=1",
            "GET /containers/box/stats?stream=0", "GET /containers/box/changes",
            "DELETE /containers/box", "DELETE /containers/box", "GET /containers/box/json",
        ),
    ],
    "refused creations": [
        ("POST", "/containers/create", body)
        for body in (
            {}, {"Image": "nosuch"}, {"Image": "A"}, {"Image": "busybox", "Env": [""]},
            *(
                {**BOX, "HostConfig": host}
                for host in (
                    {"Memory": 1}, {"CpusetCpus": "99"}, {"NanoCpus": 10**12}, {"ShmSize": -1},
                    {"Binds": ["x"]}, {"Binds": ["/a:b"]}, {"Binds": ["a:/x"]}, {"PidMode": "x"},
                    {"IpcMode": "x"}, {"UTSMode": "x"}, {"NetworkMode": "host", "Links": ["x"]},
                    {"IpcMode": "container:no"}, {"PidMode": "container:no"}, {"CapAdd": ["NO"]},
                    {"RestartPolicy": {"Name": "x"}}, {"Runtime": "x"}, {"ExtraHosts": ["x"]},
                    {"RestartPolicy": {"Name": "always", "MaximumRetryCount": 2}},
                    {"AutoRemove": True, "RestartPolicy": {"Name": "always"}},
                    {"Mounts": [{"Type": "x", "Target": "/x"}]},
                    {"Mounts": [{"Type": "bind", "Source": "/nosuch", "Target": "/x"}]},
                    {"OomScoreAdj": 5000}, {"LogConfig": {"Type": "x"}}, {"CpuQuota": 10},
                    {"MemorySwappiness": 200}, {"SecurityOpt": ["x"]}, {"VolumesFrom": ["no"]},
                )
            ),
        )
    ],
    "failing starts": [
        step
        for number, more in enumerate(
            (
                {"Cmd": ["nosuch"]}, {"Cmd": ["/nosuch"]}, {"Cmd": ["/etc/passwd"]},
                {"User": "nosuch"}, {"User": "0:nosuch"}, {"HostConfig": {"Dns": ["x"]}},
                {"HostConfig": {"Sysctls": {"bogus.x": "1"}}},
                {"HostConfig": {"Devices": [{"PathOnHost": "/dev/no"}]}},
                {"HostConfig": {"Tmpfs": {"/x": "bogus"}}},
                {"HostConfig": {"NetworkMode": "nosuch"}},
                {"HostConfig": {"NetworkMode": "container:nosuch"}},
                {"HostConfig": {"DeviceCgroupRules": ["x"]}},
                {"HostConfig": {"LogConfig": {"Type": "json-file", "Config": {"max-size": "x"}}}},
            )
        )
        for step in (
            create(f"f{number}", **more),
            *each(f"POST /containers/f{number}/start", f"GET /containers/f{number}/json"),
        )
    ],
    "archives": [
        create("box"),
        *each(
            "GET /containers/box/archive", "GET /containers/box/archive?path=/nosuch",
            "HEAD /containers/box/archive?path=/etc", "HEAD /containers/box/archive?path=/nosuch",
            "GET /containers/box/archive?path=/etc/passwd/", "PUT /containers/box/archive?path=/no",
            "PUT /containers/box/archive?path=/etc/passwd", "PUT /containers/box/archive",
        ),
    ],
    "volumes": [
        ("POST", "/volumes/create", {"Name": "data", "Labels": {"a": "b"}}),
        ("POST", "/volumes/create", {"Name": "x"}),
        ("POST", "/volumes/create", {"Name": "xx", "Driver": "no"}),
        create("box", HostConfig={"Binds": ["data:/d", "/anonymous"]}),
        *each(
            "GET /volumes", "GET /volumes/data", "GET /volumes/nosuch", "DELETE /volumes/data",
            "GET /containers/box/json", "GET /system/df?type=volume", "DELETE /containers/box?v=1",
            "POST /volumes/prune", "DELETE /volumes/data", "DELETE /volumes/data",
            "DELETE /volumes/data?force=1",
        ),
    ],
    "networks": [
        *each(
            "GET /networks/none", "GET /networks/nosuch", "DELETE /networks/host",
            "POST /networks/prune", 'GET /networks?filters={"bogus":["x"]}',
        ),
        ("POST", "/networks/create", {"Name": "none"}),
    ],
    "logs and waiting": [
        create("box", Cmd=["sh", "-c", "echo a; exit 3"]),
        *each(
            "GET /containers/box/logs", "GET /containers/box/logs?stdout=1",
            "POST /containers/box/wait?condition=bogus", "POST /containers/box/start",
            "POST /containers/box/wait", "GET /containers/box/logs?stdout=1",
            "GET /containers/box/logs?stdout=1&since=x", "GET /containers/box/json",
            'GET /containers/json?filters={"exited":["3"]}',
            'GET /containers/json?filters={"exited":["x"]}',
            'GET /containers/json?filters={"status":["x"]}',
            'GET /containers/json?filters={"before":["no"]}', "GET /containers/json?filters=x",
            'POST /containers/prune?filters={"until":["x"]}', "POST /containers/prune",
        ),
    ],
}  # fmt: skip

# What differs between versions, told by a container on a network of its own.
OLDER_CLIENT: list[Step] = [
    ("POST", "/networks/create", {"Name": "older", "CheckDuplicate": True}),
    (
        "POST",
        "/containers/create?name=box",
        {
            **BOX,
            "Hostname": "hosty",
            "Labels": {"a": "b"},
            "HostConfig": {"NetworkMode": "older", "ConsoleSize": [9, 9], "Annotations": {}},
            "NetworkingConfig": {"EndpointsConfig": {"older": {"Aliases": ["alias"]}}},
        },
    ),
    *each("POST /containers/box/start", "GET /containers/box/json", "GET /containers/json?size=1"),
    ("POST", "/containers/box/exec", {"Cmd": ["true"], "ConsoleSize": [1, 2]}),
    ("POST", "/containers/box/update", {"Memory": 1 << 26, "MemorySwap": 1 << 26}),
    ("POST", "/commit?container=box&repo=older", {}),
    *each(
        "GET /images/older/json", "GET /images/json", "GET /images/older/history",
        "DELETE /images/older", "GET /networks/older", "GET /volumes",
        "GET /plugins", "GET /swarm", "GET /nodes", "GET /secrets",
        "GET /configs", "POST /session", "POST /containers/prune",
        # Only what nobody else has left in the daemon.
        'POST /images/prune?filters={"label":["older"]}', "POST /networks/prune",
        "POST /volumes/prune", 'POST /build/prune?filters={"id":["older"]}',
        'POST /build/prune?filters={"id":["older"],"label":["a"],"label!":["b"]}',
        "POST /containers/box/copy", "GET /containers/nosuch/json", "GET /images/nosuch/json",
        "POST /containers/box/kill", "POST /containers/box/wait",
        "DELETE /containers/box?force=1", "DELETE /networks/older",
    ),
]  # fmt: skip

# Where the engines store things differs, and so do details that their kernels' cgroups give.
_OPAQUE = {"GraphDriver", "blkio_stats", "memory_stats", "cpu_stats", "Labels", "ContainerConfig"}
_RUNC = "runc create failed: "
_IDS = re.compile(r"[0-9a-f]{64}")


def shape(value: Any, key: str = "") -> Any:
    """Names and types; texts only of errors."""
    if key in _OPAQUE:
        return key
    if isinstance(value, dict):
        if "message" in value:
            return _IDS.sub("ID", str(value["message"]).replace(_RUNC, ""))
        return {_IDS.sub("ID", name): shape(member, name) for name, member in value.items()}
    if isinstance(value, list):
        return [shape(value[0], key)] if value else []
    return type(value).__name__


def summary(answer: Answer) -> tuple[int, Any]:
    # 500 for the client's own mistakes is dockerd's; ours is a 4xx.
    status = (
        400 if 400 <= answer.status < 600 and answer.status not in (404, 409) else answer.status
    )
    kind = answer.headers.get("content-type", "")
    if kind != "application/json" or not answer.body:
        return status, kind
    return status, shape(json.loads(answer.body))


@pytest.fixture
def both(dockerd_socket: str, boxship_socket: str) -> Iterator[tuple[Api, Api]]:
    pair = Api(dockerd_socket), Api(boxship_socket)
    for api in pair:
        api.clean()
    yield pair
    for api in pair:
        api.clean()


# dockerd says 500 or 400 here; the texts agree, our statuses say what the client can do about it.
_STATUS_OF_OURS = {
    "failed to join",
    "container rootfs",
    "Container ID is not paused",
    "Error response",
}


@pytest.mark.needs_dockerd
@pytest.mark.parametrize("story", STORIES)
def test_stories(both: tuple[Api, Api], story: str) -> None:
    differences = []
    for method, path, body in STORIES[story]:
        theirs, ours = (summary(api(method, f"/v1.45{path}", body)) for api in both)
        accepted = isinstance(ours[1], str) and ours[1].startswith(tuple(_STATUS_OF_OURS))
        if theirs != ours and not (accepted and theirs[1] == ours[1]):
            differences.append((f"{method} {path}", body, theirs, ours))
    assert differences == []


@pytest.mark.needs_dockerd
@pytest.mark.parametrize("version", ["1.24", "1.30", "1.39", "1.41", "1.43", "1.44"])
def test_older_versions(both: tuple[Api, Api], version: str) -> None:
    differences = []
    for method, path, body in OLDER_CLIENT:
        theirs, ours = (summary(api(method, f"/v{version}{path}", body)) for api in both)
        unlike = {*_lines(theirs)} ^ {*_lines(ours)}
        differences += [f"{method} {path}{line}" for line in sorted(unlike)]
    assert differences == []


def _lines(value: Any, path: str = " ") -> Iterator[str]:
    """Each member of a shape by its path."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _lines(member, f"{path}.{name}")
    elif isinstance(value, list | tuple):
        for member in value:
            yield from _lines(member, f"{path}[]")
    else:
        yield f"{path} {value}"
