"""The application in front of the engine: versions, routes, answers and errors."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import docker as docker_client
import pytest

import boxship
from boxship.api.routes import ROUTES
from boxship.api.server import App
from support.app_routes import EXTRA, LOG
from support.requirements import require_tool
from support.serving import Serving, read_all, read_until, serving
from support.system_engine import SystemEngine


@pytest.fixture
def engine() -> SystemEngine:
    LOG.clear()
    return SystemEngine()


@pytest.fixture
def server(engine: SystemEngine, tmp_path: Path) -> Iterator[Serving]:
    with serving(App(engine, (*EXTRA, *ROUTES)), tmp_path) as running:
        yield running


def split(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return int(first.split()[1]), dict(line.split(": ", 1) for line in lines), body


def get(server: Serving, target: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    return split(server.exchange(f"{method} {target} HTTP/1.1\r\nHost: d\r\n\r\n".encode()))


def message(answer: tuple[int, dict[str, str], bytes]) -> tuple[int, str]:
    status, headers, body = answer
    assert headers["Content-Type"] == "application/json"
    decoded = json.loads(body)
    assert list(decoded) == ["message"]
    return status, decoded["message"]


@pytest.mark.parametrize("target", ["/_ping", "/v1.24/info", "/nope", "/v1.99/info", "/test/crash"])
def test_every_answer_has_the_engines_headers(server: Serving, target: str) -> None:
    _, headers, _ = get(server, target)
    assert headers["Api-Version"] == "1.51"
    assert headers["Docker-Experimental"] == "false"
    assert headers["Ostype"] == "linux"
    assert headers["Server"] == f"Boxship/{boxship.__version__} (linux)"
    assert "Date" in headers


def test_ping(server: Serving) -> None:
    status, headers, body = get(server, "/_ping")
    assert (status, body) == (200, b"OK")
    for name, value in {
        "Builder-Version": "2",
        "Cache-Control": "no-cache, no-store, must-revalidate",
        "Pragma": "no-cache",
        "Swarm": "inactive",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": "2",
    }.items():
        assert headers[name] == value
    status, head_headers, body = get(server, "/_ping", "HEAD")
    assert (status, body) == (200, b"")
    assert head_headers["Content-Length"] == "0"
    assert head_headers.keys() == headers.keys()


def test_versions(server: Serving) -> None:
    assert json.loads(get(server, "/v1.30/test/echo/a/b/json?q=%20x")[2]) == {
        "params": {"name": "a/b"},
        "version": [1, 30],
        "query": " x",
        "peer": os.getuid(),
    }
    assert message(get(server, "/v1.23/test/text"))[0] == 400
    assert message(get(server, "/v1.99/_ping"))[0] == 400
    assert get(server, "/v1.30/test/new")[0] == 200


@pytest.mark.parametrize(
    ("method", "target"), [("GET", "/nope"), ("PUT", "/info"), ("HEAD", "/info"), ("GET", "/")]
)
def test_unknown_pages(server: Serving, method: str, target: str) -> None:
    status, _, body = get(server, target, method)
    assert status == 404
    assert body == (b"" if method == "HEAD" else b'{"message":"page not found"}\n')


def test_options(server: Serving) -> None:
    for target in ("/info", "/v1.45/containers/json", "*", "/nope"):
        status, headers, body = get(server, target, "OPTIONS")
        assert (status, headers["Content-Length"], body) == (200, "0", b"")


@pytest.mark.parametrize(
    ("name", "status"), [("InvalidParameter", 400), ("Conflict", 409), ("Unavailable", 503)]
)
def test_errors(server: Serving, name: str, status: int) -> None:
    assert message(get(server, f"/test/error/{name}")) == (status, "the message")


def test_not_modified_has_no_body(server: Serving) -> None:
    status, headers, body = get(server, "/test/error/NotModified")
    assert (status, body) == (304, b"")
    assert "Content-Length" not in headers and "Content-Type" not in headers


def test_crashes_are_answered_without_their_cause(server: Serving) -> None:
    for target in ("/test/crash", "/test/crash-encoding"):
        status, text = message(get(server, target))
        assert status == 500 and "secret" not in text and "Traceback" not in text
    assert get(server, "/_ping")[0] == 200


def test_bad_escapes(server: Serving) -> None:
    assert message(get(server, "/info?a=%zz")) == (400, 'invalid URL escape "%zz"')
    assert message(get(server, "/inf%"))[0] == 400


def test_plain_answers(server: Serving) -> None:
    status, headers, body = get(server, "/test/text")
    assert (status, headers["X-A"], body) == (200, "b", b"text")
    status, headers, body = get(server, "/test/empty", "DELETE")
    assert (status, body) == (204, b"") and "Content-Length" not in headers


def test_an_error_before_the_first_chunk_is_an_error(server: Serving) -> None:
    assert message(get(server, "/test/stream/fails")) == (404, "nothing there")
    assert LOG == ["closed fails"]


def test_streams(server: Serving) -> None:
    status, headers, body = get(server, "/test/stream/works")
    assert (status, headers["Content-Type"], headers["X-A"]) == (200, "text/x", "b")
    assert body == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"
    assert get(server, "/test/stream/breaks")[2] == b"3\r\none\r\n"
    assert get(server, "/test/early/fails")[0] == 200


def test_a_client_that_leaves_closes_its_stream(server: Serving) -> None:
    sock = server.connect()
    sock.sendall(b"GET /test/stream/waits HTTP/1.1\r\nHost: d\r\n\r\n")
    read_until(sock, b"one\r\n")
    sock.close()
    _await(lambda: LOG == ["closed waits"])


def _await(condition: Any) -> None:
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert condition()


def test_hijack(server: Serving) -> None:
    sock = server.connect()
    sock.sendall(b"POST /test/hijack/works HTTP/1.1\r\nHost: d\r\n\r\ninput")
    raw = b"application/vnd.docker.raw-stream"
    assert read_until(sock, b"\r\n\r\n") == b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n\r\n" % raw
    assert read_all(sock) == b"got input"
    assert get(server, "/test/hijack/fails", "POST")[2] == b""


def test_what_cannot_be_taken_is_abandoned(server: Serving) -> None:
    assert message(get(server, "/test/hijack/websocket"))[0] == 400
    assert LOG == ["abandoned"]


# -- system -----------------------------------------------------------------------------------


def test_info(server: Serving, engine: SystemEngine) -> None:
    info = json.loads(get(server, "/info")[2])
    assert (info["ID"], info["Containers"], info["Driver"]) == ("test-engine", 3, "erofs")
    assert info["KernelVersion"] == os.uname().release
    assert info["NCPU"] == len(os.sched_getaffinity(0))
    assert info["MemTotal"] > 1 << 20
    assert info["OSType"] == "linux"
    assert "BridgeNfIptables" not in info
    assert json.loads(get(server, "/v1.24/info")[2])["ExecutionDriver"] == "<not supported>"


def test_version(server: Serving) -> None:
    version = json.loads(get(server, "/version")[2])
    assert version["ApiVersion"] == "1.51" and version["MinAPIVersion"] == "1.24"
    assert version["Components"][0]["Name"] == "Engine"
    assert version["Components"][0]["Details"]["Arch"] == version["Arch"]


def test_disk_usage(server: Serving, engine: SystemEngine) -> None:
    assert "VirtualSize" in json.loads(get(server, "/v1.43/system/df")[2])["Images"][0]
    assert json.loads(get(server, "/system/df?type=container&type=volume")[2])["Images"] is None
    assert engine.asked[1] == {"container", "volume"}
    assert message(get(server, "/system/df?type=foo")) == (400, "unknown object type: foo")
    assert get(server, "/v1.41/system/df?type=foo")[0] == 200
    assert engine.asked[-1] == {"container", "image", "volume", "build-cache"}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["create", "exec_create: sh", "tag", "connect"]),
        ({"type": ["container"]}, ["create", "exec_create: sh"]),
        ({"event": ["create", "tag"]}, ["create", "tag"]),
        ({"event": ["exec_create"]}, ["exec_create: sh"]),
        ({"container": ["abc"]}, ["create", "exec_create: sh"]),
        ({"container": ["we"]}, ["create", "exec_create: sh"]),
        ({"container": ["other"]}, []),
        ({"image": ["busybox"]}, ["create", "exec_create: sh", "tag"]),
        ({"image": ["busybox:1"]}, ["create", "exec_create: sh", "tag"]),
        ({"image": ["busy"]}, []),
        ({"label": ["a"]}, ["create", "exec_create: sh"]),
        ({"label": ["a=c"]}, []),
        ({"network": ["bri"]}, ["connect"]),
        ({"scope": ["swarm"]}, []),
        ({"daemon": ["x"]}, []),
        ({"unknown": ["x"]}, ["create", "exec_create: sh", "tag", "connect"]),
    ],
)
def test_event_filters(
    server: Serving, engine: SystemEngine, filters: dict[str, list[str]], expected: list[str]
) -> None:
    attributes = {"name": "web", "image": "busybox:1", "a": "b"}

    def emit() -> None:
        engine.events.emit("container", "create", "abcdef", attributes)
        engine.events.emit("container", "exec_create: sh", "abcdef", attributes)
        engine.events.emit("image", "tag", "sha256:1", {"name": "busybox:1"})
        engine.events.emit("network", "connect", "f00", {"name": "bridge"})

    server.call(emit)
    now = time.time_ns()
    query = f"until={now // 10**9}.{now % 10**9:09}&filters={quote(json.dumps(filters))}"
    lines = get(server, f"/events?{query}")[2].split(b"\r\n")
    assert [json.loads(line)["Action"] for line in lines if line[:1] == b"{"] == expected


def test_events_answer_at_once_and_leave_nothing(server: Serving, engine: SystemEngine) -> None:
    sock = server.connect()
    sock.sendall(b"GET /events HTTP/1.1\r\nHost: d\r\n\r\n")
    assert read_until(sock, b"\r\n\r\n").startswith(b"HTTP/1.1 200 OK")
    server.call(lambda: engine.events.emit("container", "start", "abc", {"image": "i"}))
    event = json.loads(read_until(sock, b"}\n\r\n").split(b"\r\n")[1])
    assert (event["status"], event["id"], event["from"]) == ("start", "abc", "i")
    sock.close()
    _await(lambda: server.call(lambda: engine.events.listeners) == 0)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("since=abc", 'strconv.ParseInt: parsing "abc": invalid syntax'),
        ("since=5&until=2", "`since` time (5) cannot be after `until` time (2)"),
        ("filters={", "invalid filter"),
    ],
)
def test_bad_event_queries(server: Serving, query: str, text: str) -> None:
    assert message(get(server, f"/events?{query}")) == (400, text)


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/swarm", 503),
        ("GET", "/nodes/x", 503),
        ("POST", "/services/create", 503),
        ("GET", "/configs", 503),
        ("POST", "/swarm/leave", 503),
        ("POST", "/swarm/init", 501),
        ("POST", "/build?version=3", 400),
        ("POST", "/plugins/pull", 501),
        ("GET", "/plugins/a/b/json", 404),
        ("POST", "/build/cancel", 400),
    ],
)
def test_what_there_is_not(server: Serving, method: str, target: str, status: int) -> None:
    got, text = message(get(server, target, method))
    assert got == status
    if status == 503 and "leave" not in target:
        assert text.startswith("This node is not a swarm manager. Use")


def test_plugins_are_none(server: Serving) -> None:
    assert get(server, "/plugins")[2] == b"[]\n"


# -- real clients -----------------------------------------------------------------------------


def docker(server: Serving, *arguments: str) -> "subprocess.CompletedProcess[str]":
    require_tool("docker")
    environment = {**os.environ, "DOCKER_HOST": f"unix://{server.path}"}
    return subprocess.run(
        ["docker", *arguments], env=environment, capture_output=True, text=True, timeout=30
    )


def test_the_docker_cli(server: Serving) -> None:
    version = docker(server, "version", "--format", "{{json .Server}}")
    assert json.loads(version.stdout)["Version"] == boxship.__version__
    info = docker(server, "info", "--format", "{{.ID}} {{.Containers}}")
    assert info.stdout == "test-engine 3\n"
    assert docker(server, "info").returncode == 0
    node = docker(server, "node", "ls")
    assert node.returncode == 1 and "This node is not a swarm manager." in node.stderr
    assert docker(server, "plugin", "ls", "-q").stdout == ""
    df = docker(server, "system", "df")
    assert df.returncode == 0, df.stderr


def test_dockers_python_client(server: Serving, engine: SystemEngine) -> None:
    client = docker_client.DockerClient(f"unix://{server.path}", version="auto")
    assert client.ping()
    assert client.version()["ApiVersion"] == "1.51"
    assert client.info()["ID"] == "test-engine"
    stream = client.events(decode=True)
    server.call(lambda: engine.events.emit("container", "start", "abc", {"image": "i"}))
    assert next(stream)["Action"] == "start"
    stream.close()
    client.close()
