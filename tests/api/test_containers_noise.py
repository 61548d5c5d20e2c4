"""Noise to every container, exec, network and volume path: 4xx, never 5xx, and nothing left."""

import json
import socket
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.api import Api

_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
)
_KEYS = st.sampled_from(
    [
        "Image", "Cmd", "Entrypoint", "Env", "HostConfig", "NetworkingConfig", "Labels", "Volumes",
        "Healthcheck", "Binds", "Mounts", "Memory", "NanoCpus", "CpusetCpus", "RestartPolicy",
        "LogConfig", "PortBindings", "Ulimits", "Devices", "Tmpfs", "SecurityOpt", "Sysctls",
        "CapAdd", "ExtraHosts", "NetworkMode", "IpcMode", "PidMode", "Links", "VolumesFrom",
        "EndpointsConfig", "Name", "Type", "Config", "Target", "Source", "User", "StopTimeout",
        "ConsoleSize", "Driver", "DriverOpts", "Container", "Detach", "Tty", "ShmSize", "none",
    ]
)  # fmt: skip
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)
_QUIET = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_POSTS = [
    "/containers/create",
    "/containers/box/update",
    "/containers/box/exec",
    "/networks/create",
    "/networks/none/connect",
    "/volumes/create",
    "/commit?container=nosuch",
]


def refused_or_done(answer: Any) -> None:
    # 501 is the clear answer for what this engine does not serve.
    assert answer.status < 500 or answer.status == 501, answer
    if answer.status >= 400:
        assert answer.message


@pytest.mark.parametrize("path", _POSTS)
def test_bodies(api: Api, path: str) -> None:
    api.run("box")

    @_QUIET
    @given(body=st.dictionaries(_KEYS, _VALUES, max_size=5), image=st.booleans())
    def check(body: dict[str, Any], image: bool) -> None:
        if image:
            body = {**body, "Image": "busybox"}
        answer = api("POST", path, body)
        refused_or_done(answer)
        if path == "/containers/create" and answer.status == 201:
            identity = answer.json["Id"]
            refused_or_done(api("POST", f"/containers/{identity}/start"))
            refused_or_done(api("GET", f"/containers/{identity}/json"))
            api("DELETE", f"/containers/{identity}", force=1, v=1)

    check()
    assert api.status("box") in ("running", "exited")


@pytest.mark.parametrize(
    "path",
    [
        "/containers/json", "/containers/box/logs", "/containers/box/stats", "/containers/box/top",
        "/containers/box/archive", "/containers/box/json", "/events", "/volumes", "/networks",
        "/system/df", "/images/json",
    ],
)  # fmt: skip
def test_queries(api: Api, path: str) -> None:
    api.create("box")
    names = st.sampled_from(
        [
            "filters", "limit", "all", "size", "since", "until", "tail", "stdout", "stderr",
            "stream", "one-shot", "ps_args", "path", "type", "timestamps", "details",
        ]
    )  # fmt: skip
    filters = st.dictionaries(
        st.sampled_from(["name", "label", "status", "before", "exited", "dangling", "until"]),
        st.lists(st.text(max_size=6), max_size=2),
        max_size=2,
    ).map(json.dumps)

    @_QUIET
    @given(query=st.dictionaries(names, st.text(max_size=8) | filters, max_size=4))
    def check(query: dict[str, str]) -> None:
        # Neither of them ever ends by itself.
        bounded = {"until": "1"} if path == "/events" else {"stream": "0", "one-shot": "1"}
        refused_or_done(api("GET", path, **{**query, **bounded}))

    check()


@pytest.mark.parametrize(
    "name",
    ["%00", "%2e%2e%2f%2e%2e", "a%20b", "%ff%fe", "x" * 5000, "%F0%9F%90%B3", "..;", "'\"--"],
)
def test_names(api: Api, name: str) -> None:
    for method, verb in (("GET", "json"), ("POST", "start"), ("GET", "archive?path=/")):
        answer = api(method, f"/containers/{name}/{verb}")
        assert 400 <= answer.status < 500, answer


@pytest.mark.parametrize(
    "path", ["/etc/../../..", "a" * 5000, "/" + "d/" * 3000, b"\x80", "/x\x00y"]
)
def test_archive_paths(api: Api, path: object) -> None:
    identity = api.create()
    answer = api("GET", f"/containers/{identity}/archive", path=path)
    assert answer.status < 500, answer


def test_a_body_that_is_cut_off_leaves_nothing(api: Api) -> None:
    for path in ("/containers/create?name=half", "/volumes/create"):
        with socket.socket(socket.AF_UNIX) as half:
            half.connect(api.path)
            head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            half.sendall(f"{head}Content-Length: 500\r\n\r\n".encode() + b'{"Image":"busybox"')
    assert api("GET", "/containers/json", all=1).json == []
    assert api("GET", "/volumes").json["Volumes"] == []


def test_a_body_of_many_megabytes_is_refused(api: Api) -> None:
    body = b'{"Image":"busybox","Labels":{"a":"' + b"x" * (32 << 20) + b'"}}'
    try:
        answer = api("POST", "/containers/create", body, {"Content-Type": "application/json"})
    except (BrokenPipeError, ConnectionResetError):
        return
    assert answer.status in (400, 413)
