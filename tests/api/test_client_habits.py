"""What clients written beside dockerd rely on without saying so."""

import asyncio
import io
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import docker as docker_py
import pytest

from boxship.base.times import now_ns
from boxship.engine.containers.logs import _first_words
from boxship.engine.containers.store import Live
from support.api import Api
from support.waiting import eventually

HOUR = 3600 * 1_000_000_000


@pytest.fixture
def network(api: Api) -> Iterator[str]:
    name = "net-of-habits"
    yield name
    api.clean()
    api("DELETE", f"/networks/{name}")


@pytest.mark.parametrize("has_terminal", [True, False])
@pytest.mark.parametrize("wants_raw", [True, False])
def test_the_start_of_a_session_says_how_its_stream_reads(
    api: Api, has_terminal: bool, wants_raw: bool
) -> None:
    box = api.run()
    config = {"Cmd": ["printf", "words"], "Tty": has_terminal, "AttachStdout": True}
    session = api("POST", f"/containers/{box}/exec", config).json["Id"]
    read = api("POST", f"/exec/{session}/start", {"Tty": wants_raw}).body
    assert read == (b"words" if wants_raw else b"\x01\0\0\0\0\0\0\x05words")


def test_a_failure_to_run_is_told_as_the_start_of_the_session_wants(api: Api) -> None:
    box = api.run()
    config = {"Cmd": ["/none"], "Tty": True, "AttachStdout": True}
    session = api("POST", f"/containers/{box}/exec", config).json["Id"]
    assert api("POST", f"/exec/{session}/start", {"Tty": False}).body[:1] == b"\x01"


def test_the_log_of_an_ended_container_by_attaching(client: docker_py.DockerClient) -> None:
    made = client.api.create_container("busybox", ["echo", "words"])
    client.api.start(made)
    client.api.wait(made)
    for _ in range(10):  # the client loses what it reads along with the head of the answer
        assert client.api.attach(made, stream=False, logs=True) == b"words\n"


@pytest.mark.parametrize("before", [b"", b"words\n"])
def test_logs_and_stream_of_what_will_be_started(
    client: docker_py.DockerClient, before: bytes
) -> None:
    made = client.api.create_container("busybox", ["echo", "words"])
    if before:
        client.api.start(made)
        client.api.wait(made)
    stream = client.api.attach_socket(made, {"stdout": 1, "stream": 1, "logs": 1})
    raw = cast(socket.socket, stream._sock)
    frame = b"\x01\0\0\0\0\0\0\x06words\n"
    data = b""
    if before:
        data = raw.recv(100)
        assert data == frame
    client.api.start(made)
    while piece := raw.recv(100):
        data += piece
    stream.close()
    assert data == frame * (2 if before else 1)


@pytest.mark.parametrize("state", ["created", "running", "exited"])
def test_attaching_to_nothing_gives_nothing(api: Api, state: str) -> None:
    box = api.create(Cmd=["true"] if state == "exited" else ["sleep", "1000"])
    if state != "created":
        api.start(box)
    if state == "exited":
        api.wait(box)
    answer = api("POST", f"/containers/{box}/attach")
    assert (answer.status, answer.body) == (200, b"")


async def _is_over_before_its_log_is_read(started_at: int) -> bool:
    loop = asyncio.get_running_loop()
    shim = SimpleNamespace(exited=loop.create_future())
    container = SimpleNamespace(state=SimpleNamespace(started_at=started_at))
    loop.call_later(0.01, shim.exited.set_result, None)
    await _first_words(cast(Live, SimpleNamespace(shim=shim, container=container)), HOUR)
    return bool(shim.exited.done())


def test_a_short_program_may_end_before_its_log_is_read() -> None:
    assert asyncio.run(_is_over_before_its_log_is_read(now_ns()))
    assert not asyncio.run(_is_over_before_its_log_is_read(now_ns() - 2 * HOUR))


def test_a_container_may_end_while_it_is_committed(api: Api) -> None:
    for _ in range(15):
        box = api.run(Cmd=["true"])
        answer = api("POST", "/commit", container=box)
        assert answer.status == 201, answer
        api("DELETE", f"/images/{answer.json['Id']}", force=1)


def test_without_ipv6_its_subnet_may_be_written_as_an_address(api: Api, network: str) -> None:
    row = {"Subnet": "2001:db8:5::1/64", "Gateway": "2001:db8:5::ffff"}
    body = {"Name": network, "IPAM": {"Config": [row]}}
    assert api("POST", "/networks/create", {**body, "EnableIPv6": True}).status == 400
    assert api("POST", "/networks/create", body).status == 201
    box = api.run()
    api("POST", "/networks/none/disconnect", {"Container": box})
    wish = {"IPAMConfig": {"IPv6Address": "2001:db8:5::f00d"}}
    joined = api("POST", f"/networks/{network}/connect", {"Container": box, "EndpointConfig": wish})
    assert joined.status == 200, joined
    shown = api.inspect(box)["NetworkSettings"]["Networks"][network]
    assert shown["IPAMConfig"] == wish["IPAMConfig"] and shown["GlobalIPv6Address"] == ""


def _built(client: docker_py.DockerClient, dockerfile: str, **options: Any) -> list[Any]:
    file = io.BytesIO(dockerfile.encode())
    return [*client.api.build(fileobj=file, decode=True, rm=True, **options)]


def test_what_a_step_writes_to_standard_error_is_red(client: docker_py.DockerClient) -> None:
    source = "FROM busybox\nRUN echo plain; echo wrong >&2\n"
    said = [line.get("stream") for line in _built(client, source, nocache=True)]
    assert "plain\n" in said and "\x1b[91mwrong\n\x1b[0m" in said


def test_images_to_take_layers_from_replace_the_cache(client: docker_py.DockerClient) -> None:
    source = "FROM busybox\nENV HABIT=1\nRUN touch /one\nRUN touch /two\n"
    counts = []
    try:
        for cache_from in (None, None, ["habit:1"], ["nosuchtag"]):
            said = _built(client, source, tag="habit:1", cache_from=cache_from)
            counts.append(sum("Using cache" in line.get("stream", "") for line in said))
    finally:
        client.images.remove("habit:1", force=True)
    assert counts[1:] == [3, 3, 0]


def test_a_container_that_is_paused_is_not_healthy(api: Api) -> None:
    check = {"Test": ["CMD", "true"], "Interval": 10**8, "StartPeriod": 3600 * 10**9}
    box = api.run(Healthcheck=check)  # probed each interval while it is young, too
    _becomes(api, box, "healthy")
    api("POST", f"/containers/{box}/pause")
    assert api.inspect(box)["State"]["Health"]["Status"] == "unhealthy"
    api("POST", f"/containers/{box}/unpause")
    _becomes(api, box, "healthy")
    api("POST", f"/containers/{box}/stop", t=0)
    slow = api.inspect(box)["State"]["Health"]
    assert slow["Status"] == "unhealthy" and slow["Log"]


def test_results_of_probes_outlive_a_restart(api: Api) -> None:
    box = api.run(Healthcheck={"Test": ["CMD-SHELL", "hostname"], "Interval": 3 * 10**8})
    _becomes(api, box, "healthy")
    api("POST", f"/containers/{box}/kill")
    before = api.inspect(box)["State"]["Health"]["Log"][-1]
    api.start(box)
    assert before in api.inspect(box)["State"]["Health"]["Log"]


def _becomes(api: Api, box: str, health: str) -> None:
    eventually(lambda: api.inspect(box)["State"]["Health"]["Status"] == health)


def test_one_kill_is_one_event(api: Api) -> None:
    box = api.run(StopSignal="SIGKILL")
    began = now_ns() // 10**9
    api("POST", f"/containers/{box}/stop", t=1)
    wanted = {"container": [box], "event": ["kill"]}
    told = api("GET", "/events", since=began, until=now_ns() // 10**9 + 1, filters=wanted)
    assert len(told.body.splitlines()) == 1


@pytest.mark.parametrize("version", ["1.24", "1.39", "1.41", "1.44"])
def test_clients_of_every_version_run_containers(api: Api, version: str) -> None:
    body = {"Image": "busybox", "Cmd": ["true"], "HostConfig": {"NetworkMode": "none"}}
    made = api("POST", f"/v{version}/containers/create", body)
    assert made.status == 201, made
    box = made.json["Id"]
    assert api("POST", f"/v{version}/containers/{box}/start").status == 204
    assert api("POST", f"/v{version}/containers/{box}/wait").json["StatusCode"] == 0
    assert api("GET", f"/v{version}/containers/{box}/json").json["HostConfig"]["ConsoleSize"] == [
        0,
        0,
    ]


def test_disk_usage_describes_containers_as_the_version_does(api: Api) -> None:
    api.run(Cmd=["true"])
    for version, is_known in (("1.47", False), ("1.48", True)):
        rows = api("GET", f"/v{version}/system/df").json["Containers"]
        networks = rows[0]["NetworkSettings"]["Networks"]
        assert ("GwPriority" in networks["none"]) == is_known
