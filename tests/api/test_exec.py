"""Exec sessions: create, start in all ways, inspect, resize."""

import json
from typing import Any

import pytest
from docker import DockerClient

from support.api import Answer, Api
from support.waiting import eventually


@pytest.fixture
def box(api: Api) -> str:
    return api.run("box", Env=["FROM=container"], WorkingDir="/tmp")


def create(api: Api, box: str, **config: Any) -> str:
    config = {"AttachStdout": True, "AttachStderr": True, **config}
    answer = api("POST", f"/containers/{box}/exec", config)
    assert answer.status == 201, answer
    return str(answer.json["Id"])


def start(api: Api, session: str, **options: Any) -> Answer:
    return api("POST", f"/exec/{session}/start", {"Detach": False, **options})


def run(api: Api, box: str, **config: Any) -> tuple[bytes, int]:
    """Output (payloads of the frames) and exit code."""
    session = create(api, box, **config)
    data = start(api, session).body
    output = b""
    while data:
        length = int.from_bytes(data[4:8], "big")
        output, data = output + data[8 : 8 + length], data[8 + length :]
    eventually(lambda: not api("GET", f"/exec/{session}/json").json["Running"])
    return output, api("GET", f"/exec/{session}/json").json["ExitCode"]


@pytest.mark.parametrize(
    ("config", "output", "code"),
    [
        ({"Cmd": ["echo", "hi"]}, b"hi\n", 0),
        ({"Cmd": ["sh", "-c", "exit 3"]}, b"", 3),
        ({"Cmd": ["pwd"]}, b"/tmp\n", 0),
        ({"Cmd": ["pwd"], "WorkingDir": "/etc"}, b"/etc\n", 0),
        ({"Cmd": ["sh", "-c", "echo $FROM $A"], "Env": ["A=b"]}, b"container b\n", 0),
        ({"Cmd": ["id", "-un"], "User": "guest"}, b"guest\n", 0),
        ({"Cmd": ["sh", "-c", "id -u; id -g"], "User": "12:34"}, b"12\n34\n", 0),
        ({"Cmd": ["sh", "-c", "echo o; echo e >&2"], "AttachStderr": False}, b"o\n", 0),
    ],
)
def test_programs(api: Api, box: str, config: Any, output: bytes, code: int) -> None:
    assert run(api, box, **config) == (output, code)


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"Cmd": ["nosuch"]}, 'exec: "nosuch": executable file not found in $PATH: unknown'),
        ({"Cmd": ["/etc/passwd"]}, 'exec: "/etc/passwd": permission denied: unknown'),
        ({"Cmd": ["id"], "User": "nosuch"}, "unable to find user nosuch: no matching entries"),
    ],
)
def test_programs_that_cannot_be_run(api: Api, box: str, config: Any, text: str) -> None:
    output, code = run(api, box, **config)
    assert text in output.decode()
    assert code == 126


def test_description(api: Api, box: str) -> None:
    session = create(api, box, Cmd=["echo", "a", "b"], User="guest", DetachKeys="ctrl-x,x")
    assert session in api.inspect(box)["ExecIDs"]
    shown = api("GET", f"/exec/{session}/json").json
    assert shown == {
        "ID": session,
        "Running": False,
        "ExitCode": None,
        "ProcessConfig": {
            "tty": False,
            "entrypoint": "echo",
            "arguments": ["a", "b"],
            "privileged": False,
            "user": "guest",
        },
        "OpenStdin": False,
        "OpenStderr": True,
        "OpenStdout": True,
        "CanRemove": False,
        "ContainerID": api.inspect(box)["Id"],
        "DetachKeys": "GHg=",
        "Pid": 0,
    }


def test_refusals(api: Api, box: str) -> None:
    assert api("POST", f"/containers/{box}/exec", {}).message == "No exec command specified"
    assert api("POST", "/containers/nosuch/exec", {"Cmd": ["a"]}).status == 404
    assert api("GET", "/exec/nosuch/json").message == "No such exec instance: nosuch"
    assert api("POST", "/exec/nosuch/start", {}).status == 404
    assert api("POST", f"/containers/{box}/exec", b"{", {"Content-Type": "application/json"}
               ).status == 400  # fmt: skip
    bad = api("POST", f"/containers/{box}/exec", {"Cmd": ["a"], "DetachKeys": "bogus"})
    assert (bad.status, bad.message) == (400, "Invalid escape keys (bogus) provided")


def test_states(api: Api, box: str) -> None:
    identity = api.inspect(box)["Id"]
    api("POST", "/containers/box/pause")
    paused = api("POST", "/containers/box/exec", {"Cmd": ["a"]})
    assert (paused.status, paused.message) == (
        409,
        "Container box is paused, unpause the container before exec",
    )
    api("POST", "/containers/box/unpause")
    session = create(api, box, Cmd=["sleep", "100"])
    assert start(api, session, Detach=True).status == 200
    api("POST", "/containers/box/kill")
    api.wait(box)
    ended = api("GET", f"/exec/{session}/json").json
    assert (ended["Running"], ended["ExitCode"]) == (False, 137)
    stopped = api("POST", "/containers/box/exec", {"Cmd": ["a"]})
    assert (stopped.status, stopped.message) == (409, f"container {identity} is not running")


def test_a_session_runs_once(api: Api, box: str) -> None:
    session = create(api, box, Cmd=["sleep", "0.3"])
    assert start(api, session, Detach=True).status == 200
    running = start(api, session, Detach=True)
    assert running.status == 409
    assert running.message == f"Error: Exec command {session} is already running"
    eventually(lambda: not api("GET", f"/exec/{session}/json").json["Running"])
    again = start(api, session, Detach=True)
    assert again.message == f"Error: Exec command {session} has already run"
    attached = start(api, session, Detach=False)
    assert attached.status == 200
    assert attached.body[8:].decode() == f"{again.message}\r\n"


def test_detached_failures_are_answers(api: Api, box: str) -> None:
    session = create(api, box, Cmd=["nosuch"])
    answer = start(api, session, Detach=True)
    assert answer.status == 400
    assert "executable file not found" in answer.message


def test_resize(api: Api, box: str) -> None:
    session = create(api, box, Cmd=["sleep", "100"], Tty=True)
    assert start(api, session, Detach=True, Tty=True).status == 200
    assert api("POST", f"/exec/{session}/resize", h=20, w=60).status == 200
    assert api("POST", f"/exec/{session}/resize", h="x", w=60).status == 400


def test_a_terminal_of_a_given_size(api: Api, box: str) -> None:
    config = {"Cmd": ["sh", "-c", "stty size </dev/tty"], "Tty": True, "ConsoleSize": [21, 63]}
    session = create(api, box, **config)
    assert start(api, session, Tty=True).body == b"21 63\r\n"


def test_privileges(api: Api, box: str) -> None:
    command = ["grep", "CapEff", "/proc/self/status"]
    plain, _ = run(api, box, Cmd=command)
    privileged, _ = run(api, box, Cmd=command, Privileged=True)
    assert int(privileged.split()[1], 16) > int(plain.split()[1], 16)


def test_docker_for_python(client: DockerClient) -> None:
    box = client.containers.run("busybox", "sleep 1000", detach=True)
    done = box.exec_run(["sh", "-c", "echo o; echo e >&2; exit 3"], demux=True)
    assert (done.exit_code, done.output) == (3, (b"o\n", b"e\n"))
    session = client.api.exec_create(box.id, "cat", stdin=True)
    stream = client.api.exec_start(session, socket=True)
    stream._sock.sendall(b"through\n")
    stream._sock.shutdown(1)
    data = b""
    while piece := stream._sock.recv(4096):
        data += piece
    assert data[8:] == b"through\n"
    stream.close()
    eventually(lambda: not client.api.exec_inspect(session)["Running"])
    assert json.dumps(client.api.exec_inspect(session)["ExitCode"]) == "0"
