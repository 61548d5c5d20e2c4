"""The container list: who is in it, in what order, and each row (dockerd 26 as the reference)."""

import json
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from boxship.base.errors import InvalidParameter, NotFound
from boxship.engine.containers.container import Container, MountPoint, State
from boxship.engine.containers.list_filters import Lookups
from boxship.engine.containers.summary import command_text, rows, select
from boxship.types.container_config import ContainerConfig
from boxship.types.host_config import HostConfig
from boxship.types.networking import EndpointSettings

SECOND = 1_000_000_000
NOW = 1_000_000 * SECOND
BUSYBOX, OTHER = "sha256:" + "b" * 64, "sha256:" + "0" * 64


def make(number: int, state: State, network: str = "none", **config: Any) -> Container:
    config.setdefault("image", "busybox")
    return Container(
        id=f"{number:x}" * 64,
        name=f"f{number}",
        created=(1000 + number) * SECOND,
        image_id=BUSYBOX,
        config=ContainerConfig(**config),
        host_config=HostConfig(network_mode=network),
        endpoints={network: EndpointSettings(network_id=f"{network}-id")},
        path="sleep",
        args=["1000"],
        state=state,
    )


def up(**more: Any) -> State:
    return State(status="running", pid=5, started_at=NOW - 180 * SECOND, **more)


def ended(code: int) -> State:
    return State(
        status="exited", exit_code=code, started_at=NOW - 99 * SECOND, finished_at=NOW - 5 * SECOND
    )


F1 = make(1, up(), labels={"a": "b", "c": "d"})
F2 = make(2, State(), network="bridge", exposed_ports={"80/tcp": {}, "53/udp": {}})
F3 = make(3, ended(3))
F4 = make(4, up())
F4.state.status = "paused"
F4.mounts = [
    MountPoint(
        type="volume",
        name="vol1",
        source="/volumes/vol1",
        destination="/data",
        driver="local",
        mode="z",
    ),
    MountPoint(type="bind", source="/usr", destination="/mnt", propagation="rprivate"),
]
F5 = make(5, up(health={"Status": "healthy", "FailingStreak": 0, "Log": []}))
F6 = make(6, up(), network="bridge", exposed_ports={"80/tcp": {}, "9000/tcp": {}, "x": {}})
F6.tags = {
    "ports": {
        "80/tcp": [
            {"HostIp": "0.0.0.0", "HostPort": "8080"},
            {"HostIp": "::", "HostPort": "8080"},
        ]
    }
}
F7 = make(7, ended(0), image="gone")
F7.image_id = OTHER
ALL = [F3, F1, F7, F2, F6, F5, F4]


def find_container(reference: str) -> Container:
    for each in ALL:
        if reference.removeprefix("/") in (each.name, each.id):
            return each
    raise NotFound(f"No such container: {reference}")


def find_image(reference: str) -> str | None:
    return BUSYBOX if reference in ("busybox", "busybox:latest", "bbbb") else None


LOOKUPS = Lookups(container=find_container, image=find_image)


def names(filters: Any = None, show_all: bool = True, limit: int = 0) -> str:
    found = select(ALL, LOOKUPS, filters, show_all, limit)
    return " ".join(each.name for each in found)


EVERYTHING = "f7 f6 f5 f4 f3 f2 f1"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, EVERYTHING),
        ({"status": ["running"]}, "f6 f5 f1"),
        ({"status": ["exited", "created"]}, "f7 f3 f2"),
        ({"status": ["paused"]}, "f4"),
        ({"status": []}, EVERYTHING),
        ({"status": {"running": False}}, "f6 f5 f1"),
        ({"exited": ["3"]}, "f3"),
        ({"exited": ["0"]}, "f7"),
        ({"exited": ["3", "0"]}, "f7 f3"),
        ({"exited": ["-1"]}, ""),
        ({"name": ["f"]}, EVERYTHING),
        ({"name": [""]}, EVERYTHING),
        ({"name": ["/f1"]}, "f1"),
        ({"name": ["^/f1$"]}, "f1"),
        ({"name": ["^f1$"]}, "f1"),
        ({"name": ["f1|f2"]}, "f2 f1"),
        ({"name": ["F1"]}, ""),
        ({"name": ["["]}, ""),
        ({"id": ["3"]}, "f3"),
        ({"id": ["^3"]}, ""),
        ({"label": ["a"]}, "f1"),
        ({"label": ["a=b"]}, "f1"),
        ({"label": ["a=x"]}, ""),
        ({"label": ["a", "c=d"]}, "f1"),
        ({"label": ["a", "z"]}, ""),
        ({"label": [""]}, ""),
        ({"ancestor": ["busybox"]}, "f6 f5 f4 f3 f2 f1"),
        ({"ancestor": ["bbbb"]}, "f6 f5 f4 f3 f2 f1"),
        ({"ancestor": ["nope"]}, ""),
        ({"ancestor": ["nope", "busybox"]}, "f6 f5 f4 f3 f2 f1"),
        ({"before": ["f3"]}, "f2 f1"),
        ({"since": ["f3"]}, "f7 f6 f5 f4"),
        ({"since": ["/f3"], "before": ["f6"]}, "f5 f4"),
        ({"volume": ["vol1"]}, "f4"),
        ({"volume": ["/data"]}, "f4"),
        ({"volume": ["/usr"]}, "f4"),
        ({"volume": ["vo"]}, ""),
        ({"network": ["bridge"]}, "f6 f2"),
        ({"network": ["bridge-i"]}, "f6 f2"),
        ({"network": ["none"]}, "f7 f5 f4 f3 f1"),
        ({"network": ["non"]}, "f7 f5 f4 f3 f1"),
        ({"network": ["nope"]}, ""),
        ({"publish": ["8080"]}, "f6"),
        ({"publish": ["8000-9000/tcp"]}, "f6"),
        ({"publish": ["80"]}, ""),
        ({"publish": ["8080/udp"]}, ""),
        ({"expose": ["80"]}, "f6"),
        ({"expose": ["9000/tcp"]}, "f6"),
        ({"expose": ["53/udp"]}, ""),
        ({"health": ["healthy"]}, "f5"),
        ({"health": ["none"]}, "f7 f6 f4 f3 f2 f1"),
        ({"health": ["starting"]}, ""),
        ({"is-task": ["true"]}, ""),
        ({"is-task": ["false"]}, EVERYTHING),
        ({"isolation": ["hyperv"]}, EVERYTHING),
        ({"name": ["f1", "f3"], "status": ["exited"]}, "f3"),
    ],
)
def test_filters_pick_what_dockerd_picks(filters: Any, expected: str) -> None:
    assert names(filters) == expected


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"status": ["x"]}, "invalid filter 'status=x'"),
        ({"status": ["RUNNING"]}, "invalid filter 'status=RUNNING'"),
        (
            {"exited": ["x"]},
            "invalid filter 'exited=x': strconv.Atoi: parsing \"x\": invalid syntax",
        ),
        ({"health": ["bogus"]}, "unrecognized filter value for health: bogus"),
        ({"is-task": ["x"]}, "invalid filter 'is-task=[x]'"),
        ({"bogus": ["x"]}, "invalid filter 'bogus'"),
        ({"bogus": []}, "invalid filter 'bogus'"),
        ({"Status": ["running"]}, "invalid filter 'Status'"),
        (
            {"publish": ["x"]},
            'error while looking up for publish x: strconv.ParseUint: parsing "x": invalid syntax',
        ),
        (
            {"publish": [""]},
            "error while looking up for publish : Empty string specified for ports.",
        ),
        ({"before": ["nope"]}, "No such container: nope"),
        ({"since": [""]}, "No such container: "),
    ],
)
def test_filters_refuse_in_dockerds_words(filters: Any, message: str) -> None:
    with pytest.raises((InvalidParameter, NotFound)) as error:
        names(filters)
    assert str(error.value) == message


def test_stopped_containers_show_only_when_asked_for() -> None:
    assert names(show_all=False) == "f6 f5 f4 f1"
    assert names({"exited": ["3"]}, show_all=False) == ""
    assert names({"status": ["exited"]}, show_all=False) == "f7 f3"
    assert names(show_all=False, limit=3) == "f7 f6 f5"
    assert names(show_all=False, limit=100) == EVERYTHING
    assert names(show_all=False, limit=-1) == "f6 f5 f4 f1"


def encoded(containers: Iterable[Container], **more: Any) -> list[dict[str, Any]]:
    decoded: list[dict[str, Any]] = json.loads(
        msgspec.json.encode(rows(containers, NOW, find_image, **more))
    )
    return decoded


def test_a_row_has_dockers_keys_in_dockers_order() -> None:
    row = encoded([F4])[0]
    assert list(row) == [
        "Id",
        "Names",
        "Image",
        "ImageID",
        "Command",
        "Created",
        "Ports",
        "Labels",
        "State",
        "Status",
        "HostConfig",
        "NetworkSettings",
        "Mounts",
    ]
    assert row["Names"] == ["/f4"]
    assert row["Created"] == 1004
    assert (row["State"], row["Status"]) == ("paused", "Up 3 minutes (Paused)")
    assert (row["Labels"], row["Ports"]) == ({}, [])
    assert row["Mounts"] == [
        {
            "Type": "volume",
            "Name": "vol1",
            "Source": "/volumes/vol1",
            "Destination": "/data",
            "Driver": "local",
            "Mode": "z",
            "RW": True,
            "Propagation": "",
        },
        {
            "Type": "bind",
            "Source": "/usr",
            "Destination": "/mnt",
            "Mode": "",
            "RW": True,
            "Propagation": "rprivate",
        },
    ]
    assert row["NetworkSettings"]["Networks"]["none"]["IPAMConfig"] is None


def test_an_image_that_lost_its_name_shows_its_id() -> None:
    assert [row["Image"] for row in encoded([F1, F7])] == ["busybox", OTHER]


def test_sizes_show_only_when_asked_for() -> None:
    row = encoded([F1], sizes={F1.id: (0, 123)})[0]
    assert "SizeRw" not in row and row["SizeRootFs"] == 123


def test_ports_published_and_exposed() -> None:
    assert encoded([F6])[0]["Ports"] == [
        {"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
        {"IP": "::", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
        {"PrivatePort": 9000, "Type": "tcp"},
    ]


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (
            ["-c", "sleep 1000", "a'b", "x$y", 'q"z', "", "a\nb"],
            "sh -c 'sleep 1000' a'b x$y q\"z  a\nb",
        ),
        (["-c", "exit 3"], "sh -c 'exit 3'"),
        ([], "sh"),
    ],
)
def test_commands_are_quoted_as_dockerd_quotes(args: list[str], text: str) -> None:
    assert command_text("sh", args) == text
