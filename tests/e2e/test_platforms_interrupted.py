"""Builds for several platforms whose client goes away: all of them end, and nothing stays."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support import engines, leaks
from support.buildkit_client import Client, client_in
from support.waiting import eventually

_BOXSHIP = str(Path(sys.executable).with_name("boxship"))
_BOTH = ("--platform", "linux/amd64,linux/arm64")
_MOUNTS = (
    "--mount=type=cache,target=/c,id=$TARGETARCH --mount=type=tmpfs,target=/t "
    "--mount=target=/m,rw --mount=type=secret,id=s"
)
# It will not end by being asked to, and has children that left it.
_LONG = "trap '' INT TERM HUP; (setsid sleep 1000 &) ; sleep 1000 & wait"
_FROM = "FROM --platform=$BUILDPLATFORM busybox"
_APART = f"{_FROM}\nARG TARGETARCH\nRUN {_MOUNTS} {_LONG}\n"
# One of them makes what the other one waits for.
_TOGETHER = f"{_FROM}\nRUN {_MOUNTS} {_LONG}\n"
_PLACES = (
    "staging/*", "containers/*", "layers/*/*", "blobs/*/*", "build/mounts/*", "build/contexts/*",
)  # fmt: skip


@pytest.fixture
def here(boxship_daemon: engines.Engine, tmp_path: Path) -> Iterator[Client]:
    with client_in(boxship_daemon, tmp_path) as client:
        client.write(secret="s")
        yield client


def _programs(here: Client) -> set[str]:
    return {one for one in leaks.processes(here.engine.root) if one.endswith(" sleep")}


def _held(here: Client) -> set[str]:
    """What the daemon has, once its cache is emptied, besides what it keeps for later."""
    root = here.engine.root
    here.docker("builder", "prune", "-af")
    files = {str(path) for place in _PLACES for path in (root / "data").glob(place)}
    groups = {str(path) for path in leaks.cgroups(root.name)}
    containers = {*here.docker("ps", "-aq").split()}
    return files | groups | _programs(here) | containers | {*leaks.mounts(root)}


@contextmanager
def _nothing_stays(here: Client) -> Iterator[None]:
    here.docker("run", "--rm", "busybox", "true")
    before = _held(here)
    descriptors = Path(f"/proc/{here.engine.pid}/fd")
    number = len([*descriptors.iterdir()])
    yield
    eventually(lambda: _held(here) <= before)
    eventually(lambda: len([*descriptors.iterdir()]) <= number)


def _interrupt(here: Client, command: list[str], number: int, steps: int) -> None:
    """Start a build, wait until that many *steps* run, and let its client go."""
    words = [*command, *_BOTH, "--progress", "plain", "--no-cache", "--secret", "id=s,src=secret"]
    with subprocess.Popen(
        [*words, "."],
        cwd=here.directory,
        env=here.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as build:
        eventually(lambda: len(_programs(here)) >= steps * 2)
        build.send_signal(number)
        assert build.wait(30) != 0


_CLIENTS = {"docker": ["docker", "buildx", "build"], "boxship": [_BOXSHIP, "build"]}


@pytest.mark.parametrize(
    ("source", "steps", "number", "client"),
    [
        (_APART, 2, signal.SIGINT, "docker"),
        (_APART, 2, signal.SIGKILL, "boxship"),
        (_TOGETHER, 1, signal.SIGKILL, "docker"),
        (_TOGETHER, 1, signal.SIGINT, "boxship"),
    ],
    ids=["apart-docker", "apart-boxship", "together-docker", "together-boxship"],
)
def test_steps_of_all_platforms_end(
    here: Client, source: str, steps: int, number: signal.Signals, client: str
) -> None:
    here.write(Dockerfile=source)
    with _nothing_stays(here):
        _interrupt(here, _CLIENTS[client], number, steps)
