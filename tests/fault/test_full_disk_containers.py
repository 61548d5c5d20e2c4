"""Requests on a full disk say so, leave nothing half-made, and work again when there is room."""

import contextlib
import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.api import Api
from support.contexts import context
from support.engines import Engine
from support.waiting import eventually


@pytest.fixture
def data(cramped_mortal: Engine) -> Path:
    """The daemon's data as it sees it."""
    return Path(f"/proc/{cramped_mortal.pid}/root{cramped_mortal.root}/data")


@contextlib.contextmanager
def _filled(data: Path) -> Iterator[None]:
    """No room is left in *data* while this lasts."""
    path = data / "filling"
    try:
        with contextlib.suppress(OSError), path.open("wb", 0) as file:
            while file.write(bytes(1 << 20)):
                pass
        with contextlib.suppress(OSError), path.open("ab", 0) as file:
            while file.write(bytes(512)):
                pass
        assert os.statvfs(data).f_bavail == 0
        yield
    finally:
        path.unlink()


def _archive() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        member = tarfile.TarInfo("large")
        member.size = 100_000
        tar.addfile(member, io.BytesIO(b"x" * member.size))
    return out.getvalue()


def test_requests_that_need_room_name_the_full_disk(cramped_mortal: Engine, data: Path) -> None:
    api = Api(str(cramped_mortal.socket))
    api.create("box")
    before = sorted(os.listdir(data / "containers"))
    body = {"Image": "busybox", "HostConfig": {"NetworkMode": "none"}}
    with _filled(data):
        answers = [
            api("POST", "/containers/create", body, name="other"),
            api("PUT", "/containers/box/archive", _archive(), path="/"),
            api("POST", "/commit", {}, container="box", repo="made"),
            api("POST", "/volumes/create", {"Name": "volume"}),
        ]
        imported = api("POST", "/images/create", _archive(), fromSrc="-", repo="made")
        built = api("POST", "/build", context("FROM busybox\nRUN echo 1 > /f\n"))
    for answer in answers:
        assert answer.status == 500
        assert answer.json["message"] == f"{cramped_mortal.root}/data: no space left on device"
    for answer in (imported, built):
        assert b"no space left on device" in answer.body
    assert sorted(os.listdir(data / "containers")) == before
    eventually(lambda: [*(data / "staging").iterdir()] == [])
    assert api("GET", "/images/made/json").status == 404
    assert api("GET", "/volumes/volume").status == 404
    assert api("POST", "/containers/create", body, name="other").status == 201
    assert api("PUT", "/containers/box/archive", _archive(), path="/").status == 200
    assert api("POST", "/commit", {}, container="box", repo="made").status == 201


def test_containers_that_end_on_a_full_disk_are_removed_all_the_same(
    cramped_mortal: Engine, data: Path
) -> None:
    api = Api(str(cramped_mortal.socket))
    names = [f"box{number}" for number in range(8)]
    for name in names:
        api.run(name, {"AutoRemove": True})
    with _filled(data):
        for name in names:
            api("POST", f"/containers/{name}/kill")
    eventually(lambda: api("GET", "/containers/json", all=1).json == [])
    eventually(lambda: os.listdir(data / "containers") == [])
