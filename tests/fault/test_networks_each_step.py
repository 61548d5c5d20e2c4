"""A daemon that dies in the middle of one request, by the number of the call to the kernel or to
the file system at which it does: the next one finds nothing that it does not know."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxship.kernel import rtnetlink
from boxship.network import namespace
from boxship.network.namespace import Namespace
from support import leaks
from support.engines import Engine
from support.requirements import require_tool
from support.waiting import eventually

#: Messages of netlink, which are most of them, and files that come into their place.
CALLS = "sendto,sendmsg,rename"
ATTEMPTS = 10
BOX = ("--name", "box", "-p", "8099:80", "--network", "n0", "busybox", "top")


@pytest.fixture
def host(mortal: Engine) -> Iterator[Namespace]:
    require_tool("strace", "nft")
    mortal.stop()
    made = namespace.make()
    mortal.unshare = ()
    made.run(mortal.start)
    yield made
    mortal.stop()
    mortal.unshare = ("--net",)
    made.close()


def _links(host: Namespace, *kinds: str) -> set[str]:
    return {each.name for each in rtnetlink.links(host.channel) if each.name.startswith(kinds)}


def _is_traced(engine: Engine) -> bool:
    """All of it, or it has died of work of its own, which may come to as many calls."""
    assert engine.process is not None
    if engine.process.poll() is not None:
        return True
    tasks = Path(f"/proc/{engine.pid}/task").iterdir()
    return all("TracerPid:\t0\n" not in (each / "status").read_text() for each in tasks)


def _trace(engine: Engine, number: int) -> "subprocess.Popen[bytes]":
    """Have every thread traced; one that is born while strace looks for them it does not see."""
    wanted = ["-e", f"trace={CALLS}", "-e", f"inject={CALLS}:signal=SIGKILL:when={number}"]
    command = ["strace", "-f", "-q", "-o", os.devnull, *wanted, "-p", str(engine.pid)]
    for _ in range(ATTEMPTS):
        tracer = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        with contextlib.suppress(AssertionError):
            eventually(lambda: _is_traced(engine), 5)
            return tracer
        tracer.terminate()
        tracer.wait()
    raise AssertionError(f"not all threads were traced, {ATTEMPTS} times")


def _dies_at(engine: Engine, number: int, *request: str) -> None:
    """Each thread counts for itself; the one that speaks to the kernel is the first to be there."""
    tracer = _trace(engine, number)
    try:
        assert engine.docker(*request, check=False).returncode != 0
        assert engine.process is not None
        assert engine.process.wait(30) == -signal.SIGKILL
        engine.process = None
    finally:
        tracer.terminate()
        tracer.wait()


def _known(engine: Engine) -> set[str]:
    custom = ("network", "ls", "-q", "--no-trunc", "-f", "type=custom")
    return {f"bx-{each[:12]}" for each in engine.docker(*custom).stdout.split()}


def test_the_next_daemon_knows_what_there_is(mortal: Engine, host: Namespace) -> None:
    for number, request in (
        (4, ("network", "create", "n1")),
        (12, ("run", "-d", *BOX)),
        (24, ("run", "-d", *BOX)),
    ):
        mortal.docker("network", "create", "n0")
        _dies_at(mortal, number, *request)
        host.run(mortal.start)
        _is_consistent(mortal, host)
        mortal.remove_containers()
        mortal.docker("network", "prune", "-f")
        _is_empty(mortal, host)


def _is_consistent(engine: Engine, host: Namespace) -> None:
    eventually(lambda: _links(host, "bx-") == _known(engine))
    running = engine.docker("ps", "-q").stdout.split()
    eventually(lambda: len(_links(host, "veth")) == len(running))


def _is_empty(engine: Engine, host: Namespace) -> None:
    eventually(lambda: not _links(host, "bx-", "veth"))
    assert list(leaks.settled(lambda: leaks.cgroups(engine.root.name))) == []
    assert list(leaks.settled(lambda: os.listdir(engine.root / "exec/containers"))) == []
    command = ["nft", "list", "ruleset"]
    done = host.run(lambda: subprocess.run(command, capture_output=True, text=True, check=True))
    assert "8099" not in done.stdout
