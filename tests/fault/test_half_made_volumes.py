"""The daemon dies while a container with volumes is made: what is half-made is gone afterwards."""

import io
import os
import signal
import subprocess
import tarfile
from pathlib import Path

import pytest

from support.engines import Engine
from support.waiting import eventually

FILES = 4000
FULL = {f"file{number}" for number in range(FILES)}
IMAGE = ("--change", "VOLUME /declared", "--change", 'CMD ["/bin/true"]')


@pytest.fixture
def crowded(mortal: Engine) -> Engine:
    """An image ``crowded`` whose ``/stuff`` and ``/declared`` take a while to copy."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for directory in ("stuff", "declared"):
            for number in range(FILES):
                member = tarfile.TarInfo(f"{directory}/file{number}")
                member.size = 1
                tar.addfile(member, io.BytesIO(b"x"))
    command = ["docker", "-H", mortal.host, "import", *IMAGE, "-", "crowded"]
    subprocess.run(command, input=data.getvalue(), check=True, capture_output=True)
    return mortal


def _volumes(engine: Engine) -> Path:
    return engine.root / "data" / "volumes"


def _kill_while_filling(engine: Engine, *arguments: str, volume: str = "*") -> None:
    """Start ``docker create`` and kill the daemon when the first file of a volume is there."""
    command = ["docker", "-H", engine.host, "create", *arguments, "crowded"]
    pending = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    eventually(lambda: any(_volumes(engine).glob(f"{volume}/*/file0")))
    engine.stop(signal.SIGKILL)
    assert pending.wait() != 0
    engine.start()


def _names(engine: Engine) -> list[str]:
    return engine.docker("volume", "ls", "-q").stdout.split()


def test_a_volume_without_a_name_goes(crowded: Engine) -> None:
    _kill_while_filling(crowded)
    assert _names(crowded) == []
    assert os.listdir(_volumes(crowded)) == []
    assert crowded.docker("ps", "-aq").stdout == ""
    assert os.listdir(crowded.root / "data" / "containers") == []


def test_a_volume_with_a_name_is_empty_and_is_filled_by_the_next(crowded: Engine) -> None:
    _kill_while_filling(crowded, "-v", "named:/stuff", "-v", "rest:/declared", volume="named")
    named = _volumes(crowded) / "named"
    assert os.listdir(named) == ["_data"]
    assert os.listdir(named / "_data") == []
    crowded.docker("create", "--name", "again", "-v", "named:/stuff", "crowded")
    assert set(os.listdir(named / "_data")) == FULL
    crowded.docker("rm", "-v", "again")
    assert "named" in _names(crowded)


def test_a_volume_in_use_is_filled_where_it_is(crowded: Engine) -> None:
    crowded.docker("volume", "create", "used")
    crowded.docker("run", "-d", "--name", "first", "-v", "used:/u", "busybox", "sleep", "1000")
    crowded.docker("create", "-v", "used:/stuff", "-v", "/declared", "crowded")
    seen = crowded.docker("exec", "first", "ls", "/u").stdout.split()
    assert set(seen) == FULL
