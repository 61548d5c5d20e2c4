"""Contexts that arrive as descriptors: those of odd things, and clients that break the rules."""

import array
import contextlib
import json
import os
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from support import engines
from support.waiting import eventually

_KIND = "application/vnd.boxship.build.v2+json"
_TEXT = "FROM scratch\nCOPY f /\n"
Last = dict[str, Any]


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "f").write_text("1")
    fd = os.open(tmp_path, os.O_RDONLY)
    yield fd
    os.close(fd)


def _post(engine: engines.Engine, body: Any, upgrade: str = "boxship-build") -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(20)
    sock.connect(engine.host.removeprefix("unix://"))
    data = json.dumps(body).encode()
    head = f"POST /build HTTP/1.1\r\nHost: x\r\nContent-Type: {_KIND}\r\nConnection: Upgrade\r\n"
    head += f"Upgrade: {upgrade}\r\nContent-Length: {len(data)}\r\n\r\n"
    sock.sendall(head.encode() + data)
    return sock


def _until(sock: socket.socket, mark: bytes) -> bytes:
    data = b""
    while mark not in data:
        piece = sock.recv(1)
        assert piece, data
        data += piece
    return data


def _build(
    engine: engines.Engine, descriptors: Sequence[int], answer: str = "{}\n", **members: Any
) -> Last:
    """The last document, {} when the daemon hung up without one."""
    given = {"Attributes": {}, "Definition": {"Text": _TEXT}, "Descriptors": len(descriptors)}
    with contextlib.closing(_post(engine, given | members)) as sock:
        _until(sock, b'"ready":true}\n')
        for fd in descriptors:
            sock.sendmsg([b"."], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])
        last: Last = {}
        with sock.makefile("rb") as lines:
            for line in lines:
                document = json.loads(line)
                if "ask" in document:
                    sock.sendall(answer.encode())
                elif "status" not in document:
                    last = document
        return last


def _works(engine: engines.Engine, directory: int) -> None:
    assert "result" in _build(engine, [directory], Directories={"context": 0})


def test_a_directory(boxship_daemon: engines.Engine, directory: int) -> None:
    _works(boxship_daemon, directory)


def test_descriptors_that_are_no_directories(
    boxship_daemon: engines.Engine, directory: int, tmp_path: Path
) -> None:
    ours, theirs = socket.socketpair()
    (tmp_path / "link").symlink_to("/")
    odd = [
        os.open(tmp_path / "f", os.O_RDONLY),
        os.open("/dev/zero", os.O_RDONLY),
        os.memfd_create("odd"),
        os.open(tmp_path / "link", os.O_PATH | os.O_NOFOLLOW),
        *os.pipe(),
        ours.detach(),
        theirs.detach(),
    ]
    try:
        for fd in odd:
            error = _build(boxship_daemon, [fd], Directories={"context": 0})["error"]
            assert error["message"] == "what was handed over as context is no directory"
    finally:
        for fd in odd:
            os.close(fd)
    _works(boxship_daemon, directory)


def test_a_directory_that_is_gone(
    boxship_daemon: engines.Engine, directory: int, tmp_path: Path
) -> None:
    (tmp_path / "gone").mkdir()
    fd = os.open(tmp_path / "gone", os.O_RDONLY)
    try:
        (tmp_path / "gone").rmdir()
        assert "error" in _build(boxship_daemon, [fd], Directories={"context": 0})
    finally:
        os.close(fd)
    _works(boxship_daemon, directory)


def test_links_lead_nowhere_but_into_the_context(
    boxship_daemon: engines.Engine, directory: int, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("of the host")
    context = tmp_path / "context"
    context.mkdir()
    (context / "f").symlink_to(tmp_path / "secret")
    (context / "up").symlink_to("..")
    for source in ("f", "up/secret", "../secret"):
        fd = os.open(context, os.O_RDONLY)
        definition = {"Text": f"FROM scratch\nCOPY {source} /\n"}
        try:
            last = _build(boxship_daemon, [fd], Directories={"context": 0}, Definition=definition)
        finally:
            os.close(fd)
        assert "COPY failed" in last["error"]["message"], source


@pytest.mark.parametrize(
    "members",
    [
        {"Directories": {"context": 7}},
        {"Directories": {"context": -1}},
        {"Directories": {"other": 0}},
        {"Archive": 9, "Attributes": {"context": "http://buildkit-session/x"}},
        {"Directories": {"context": 0}, "Exporters": [{"Type": "tar", "Descriptor": 4}]},
        {"Directories": {"context": 0}, "Exporters": [{"Type": "tar", "Descriptor": 0}]},
        {"Directories": {"context": 0}, "Exporters": [{"Type": "none"}]},
        {"Directories": {"context": 0}, "Attributes": {"boxship.memory": "-5"}},
        {"Directories": {"context": 0}, "Attributes": {"requestid": "frontend.none"}},
    ],
)
def test_numbers_and_names_of_nothing(
    boxship_daemon: engines.Engine, directory: int, members: dict[str, Any]
) -> None:
    assert _build(boxship_daemon, [directory], **members)["error"]["code"] == 1
    _works(boxship_daemon, directory)


def test_a_result_that_cannot_be_written(
    boxship_daemon: engines.Engine, directory: int, tmp_path: Path
) -> None:
    fd = os.open(tmp_path / "f", os.O_RDONLY)
    exporters = [{"Type": "tar", "Descriptor": 1}]
    try:
        last = _build(
            boxship_daemon, [directory, fd], Directories={"context": 0}, Exporters=exporters
        )
    finally:
        os.close(fd)
    assert last["error"]["message"] == "bad file descriptor"


def test_a_store_whose_links_lead_out(
    boxship_daemon: engines.Engine, directory: int, tmp_path: Path
) -> None:
    """Neither is anything read by way of them, nor written."""
    (tmp_path / "out").mkdir()
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "blobs").symlink_to(tmp_path / "out")
    fd = os.open(tmp_path / "store", os.O_RDONLY)
    attrs = {"dest": "x", "src": "x", "digest": "sha256:" + "0" * 64}
    given = {
        "Directories": {"context": 0},
        "Stores": {"local:x": 1},
        "CacheExports": [{"Type": "local", "Attrs": attrs}],
    }
    imports = json.dumps([{"Type": "local", "Attrs": attrs}])
    try:
        last = _build(boxship_daemon, [directory, fd], **given)
        assert "error" in last, last
        given = {**given, "CacheExports": [], "Attributes": {"cache-imports": imports}}
        assert "result" in _build(boxship_daemon, [directory, fd], **given)
    finally:
        os.close(fd)
    assert not [*(tmp_path / "out").iterdir()]


def test_more_descriptors_than_there_may_be(boxship_daemon: engines.Engine, directory: int) -> None:
    for count in (-1, 65, 1 << 40):
        sock = _post(boxship_daemon, {"Attributes": {}, "Descriptors": count})
        with contextlib.closing(sock):
            _until(sock, b"\r\n\r\n")
            assert sock.recv(1) == b""
    _works(boxship_daemon, directory)


@pytest.mark.parametrize("answer", ["[]\n", "\n", "no JSON\n", '{"username": 5}\n'])
def test_answers_that_are_none_end_the_build(
    boxship_daemon: engines.Engine, directory: int, answer: str
) -> None:
    definition = {"Text": "FROM 127.0.0.1:1/nothing/here\n"}
    assert _build(boxship_daemon, [directory], answer, Definition=definition) == {}
    _works(boxship_daemon, directory)


@pytest.mark.parametrize(
    "body", [[], {"Attributes": {"a": 1}}, {}, {"Attributes": {}, "Secrets": 1}]
)
def test_requests_that_are_none(boxship_daemon: engines.Engine, body: Any) -> None:
    with contextlib.closing(_post(boxship_daemon, body)) as sock:
        assert b" 400 " in _until(sock, b"\r\n")
    with contextlib.closing(_post(boxship_daemon, {"Attributes": {}}, "websocket")) as sock:
        assert b" 400 " in _until(sock, b"\r\n")


def test_nothing_is_kept_open(boxship_daemon: engines.Engine, directory: int) -> None:
    def count() -> int:
        return len(os.listdir(f"/proc/{boxship_daemon.pid}/fd"))

    _works(boxship_daemon, directory)
    before = count()
    for _ in range(5):
        _works(boxship_daemon, directory)
        _build(boxship_daemon, [directory], Directories={"context": 3})
    eventually(lambda: count() <= before + 2)
