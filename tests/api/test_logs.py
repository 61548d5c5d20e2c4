"""GET /containers/{id}/logs: frames, selection, following, what is told of each line."""

import contextlib
import re
import socket
import threading
from pathlib import Path

import pytest
from docker import DockerClient

from support.api import Api
from support.hijacked import Hijacked, frames
from support.waiting import eventually

STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z ")


def _input(api: Api, identity: str) -> socket.socket:
    return Hijacked(Path(api.path), f"/containers/{identity}/attach?stdin=1&stream=1").socket


@pytest.fixture
def talker(api: Api) -> str:
    """A container that has said four things, the last without an end of line."""
    script = "echo one; read go; echo two >&2; read go; echo three; printf rest"
    options = {"labels": "team", "env": "STAGE", "tag": "{{.Name}}"}
    identity = api.run(
        "talker",
        host={"LogConfig": {"Type": "json-file", "Config": options}},
        Cmd=["sh", "-c", script],
        Labels={"team": "blue", "other": "x"},
        Env=["STAGE=test"],
        OpenStdin=True,
    )
    # Nobody knows of two pipes into which something was written first.
    with contextlib.closing(_input(api, identity)) as stdin:
        for said in (1, 2):
            eventually(lambda s=said: len(ask(api, identity, stdout=1, stderr=1)) == s)
            stdin.sendall(b"\n")
        api.wait(identity)
    return identity


def ask(api: Api, name: str, **query: object) -> list[tuple[int, bytes]]:
    answer = api("GET", f"/containers/{name}/logs", **query)
    assert answer.status == 200, answer
    return frames(answer.body)


def test_one_frame_a_line(api: Api, talker: str) -> None:
    assert ask(api, talker, stdout=1) == [(1, b"one\n"), (1, b"three\n"), (1, b"rest")]
    assert ask(api, talker, stderr=1) == [(2, b"two\n")]
    both = ask(api, talker, stdout=1, stderr=1)
    assert both == [(1, b"one\n"), (2, b"two\n"), (1, b"three\n"), (1, b"rest")]


@pytest.mark.parametrize(
    ("tail", "lines"), [("0", 0), ("1", 1), ("2", 2), ("99", 4), ("all", 4), ("-5", 4), ("x", 4)]
)
def test_tail(api: Api, talker: str, tail: str, lines: int) -> None:
    assert len(ask(api, talker, stdout=1, stderr=1, tail=tail)) == lines


def test_times_limit_and_stamp(api: Api, talker: str) -> None:
    stamped = ask(api, talker, stdout=1, stderr=1, timestamps=1)
    assert all(STAMP.match(text) for _, text in stamped)
    assert ask(api, talker, stdout=1, since=99999999999) == []
    assert ask(api, talker, stdout=1, until=1) == []
    assert len(ask(api, talker, stdout=1, since="1.5")) == 3
    bad = api("GET", f"/containers/{talker}/logs", stdout=1, since="x")
    assert bad.status == 400


def test_since_takes_fractions(api: Api, talker: str) -> None:
    stamp = api.inspect(talker)["State"]["FinishedAt"]
    assert stamp
    second = ask(api, talker, stderr=1, timestamps=1)[0][1].split()[0].decode()
    whole = api("GET", f"/containers/{talker}/logs", stdout=1, since=to_seconds(second))
    assert [text for _, text in frames(whole.body)] == [b"three\n", b"rest"]


def to_seconds(stamp: str) -> str:
    from datetime import UTC, datetime

    head, fraction = stamp[:-1].split(".")
    moment = datetime.fromisoformat(head).replace(tzinfo=UTC)
    return f"{int(moment.timestamp())}.{fraction}"


def test_details(api: Api, talker: str) -> None:
    assert ask(api, talker, stdout=1, details=1)[0] == (
        1,
        b"STAGE=test,tag=talker,team=blue one\n",
    )


def test_a_stream_has_to_be_chosen(api: Api, talker: str) -> None:
    answer = api("GET", f"/containers/{talker}/logs")
    assert answer.status == 400
    assert answer.message == "Bad parameters: you must choose at least one stream"


def test_media_types(api: Api, talker: str) -> None:
    terminal = api.run(Tty=True, Cmd=["sh", "-c", "echo a; echo b >&2"])
    api.wait(terminal)
    raw = api("GET", f"/containers/{terminal}/logs?stdout=1")
    assert raw.body == b"a\r\nb\r\n"
    assert raw.headers["content-type"] == "application/vnd.docker.raw-stream"
    framed = api("GET", f"/containers/{talker}/logs?stdout=1")
    assert framed.headers["content-type"] == "application/vnd.docker.multiplexed-stream"
    old = api("GET", f"/v1.41/containers/{talker}/logs?stdout=1")
    assert old.headers["content-type"] == "application/vnd.docker.raw-stream"


def test_following_ends_with_the_container(api: Api) -> None:
    identity = api.run(Cmd=["sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.2; done"])
    assert ask(api, identity, stdout=1, follow=1) == [(1, b"1\n"), (1, b"2\n"), (1, b"3\n")]


def test_following_begins_at_the_tail(api: Api, client: DockerClient) -> None:
    identity = api.run(Cmd=["sh", "-c", "echo old; echo last; read go; echo new"], OpenStdin=True)
    eventually(lambda: len(ask(api, identity, stdout=1)) == 2)
    told = client.containers.get(identity).logs(stream=True, follow=True, tail=1)
    assert next(told) == b"last\n"
    with contextlib.closing(_input(api, identity)) as stdin:
        stdin.sendall(b"\n")
        assert list(told) == [b"new\n"]


def test_following_several_at_once_sees_all(api: Api) -> None:
    identity = api.run(Cmd=["sh", "-c", "for i in $(seq 2000); do echo line $i; done"])
    results: list[int] = []
    readers = [
        threading.Thread(target=lambda: results.append(len(ask(api, identity, stdout=1, follow=1))))
        for _ in range(3)
    ]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert results == [2000, 2000, 2000]


def test_no_log_cannot_be_read(api: Api) -> None:
    identity = api.run(host={"LogConfig": {"Type": "none"}}, Cmd=["true"])
    answer = api("GET", f"/containers/{identity}/logs?stdout=1")
    assert (answer.status, answer.message) == (
        501,
        "configured logging driver does not support reading",
    )


def test_a_container_that_never_ran_has_said_nothing(api: Api) -> None:
    assert ask(api, api.create(), stdout=1, stderr=1) == []
