"""``--icc=false`` and ``--link``: what a link opens between containers that are kept apart."""

import contextlib
import os
import signal
from collections.abc import Iterator

import pytest

from boxship.network import namespace
from boxship.network.namespace import Namespace
from support import engines, inside
from support.engines import Engine
from support.network_ground import rules
from support.requirements import require_root, require_tool

SERVERS = "httpd -p 80; httpd -p 81; exec sleep 1000"


@pytest.fixture(scope="module")
def host() -> Iterator[Namespace]:
    require_root()
    with contextlib.closing(namespace.make()) as made:
        yield made


@pytest.fixture(scope="module")
def daemon(host: Namespace) -> Iterator[Engine]:
    require_tool("docker", "ip", "nft", "busybox")
    with engines.running("boxship", "--icc=false", inside=host) as engine:
        yield engine


@pytest.fixture
def ours(daemon: Engine) -> Iterator[Engine]:
    yield daemon
    daemon.remove_containers()


@pytest.fixture(params=["boxship", "dockerd"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "boxship":
        yield request.getfixturevalue("ours")
        return
    with (
        contextlib.closing(namespace.make()) as made,
        engines.running("dockerd_with_rules", "--icc=false", inside=made) as theirs,
    ):
        yield theirs


def _containers(engine: Engine) -> str:
    """``db`` with two servers, one of them on an exposed port, ``app`` with a link to it, and
    ``other``; the address of ``db``."""
    words = ("--name", "db", "--expose", "80", "busybox", "sh", "-c", SERVERS)
    inside.start(engine, *words)
    inside.start(engine, "--name", "app", "--link", "db", "busybox", "sleep", "1000")
    inside.start(engine, "--name", "other", "busybox", "sleep", "1000")
    return str(inside.inspect(engine, "db")["NetworkSettings"]["IPAddress"])


def _opens(engine: Engine, name: str, address: str, port: int) -> bool:
    done = engine.docker("exec", name, "nc", "-w", "1", address, str(port), check=False)
    return done.returncode == 0


@pytest.mark.needs_dockerd
def test_exposed_ports_for_the_linking_one(engine: Engine) -> None:
    address = _containers(engine)
    assert _opens(engine, "app", address, 80)
    assert not _opens(engine, "app", address, 81)
    assert not _opens(engine, "other", address, 80)
    engine.docker("restart", "-t", "0", "db")
    address = str(inside.inspect(engine, "db")["NetworkSettings"]["IPAddress"])
    assert _opens(engine, "app", address, 80)


def _linked(host: Namespace) -> str:
    """The elements of the table's set."""
    text = rules(host, "ruleset").partition("set linked {")[2].partition("\t}\n")[0]
    return text.partition("elements = {")[2].partition("}")[0].strip()


def test_closed_with_either_of_them(ours: Engine, host: Namespace) -> None:
    address = _containers(ours)
    app = str(inside.inspect(ours, "app")["NetworkSettings"]["IPAddress"])
    assert _linked(host) == f"{app} . {address} . tcp . 80"
    ours.docker("network", "disconnect", "bridge", "db")
    assert _linked(host) == ""
    ours.docker("network", "connect", "bridge", "db")
    assert _linked(host) != ""
    ours.docker("stop", "-t", "0", "db")
    assert _linked(host) == ""
    ours.docker("start", "db")
    assert _linked(host) != ""
    ours.docker("rm", "--link", "/app/db")
    assert _linked(host) == ""


def test_swept_by_the_next_daemon(ours: Engine, host: Namespace) -> None:
    address = _containers(ours)
    ours.stop(signal.SIGKILL)
    assert _linked(host) != ""
    host.run(ours.start)
    assert _opens(ours, "app", address, 80)
    assert not _opens(ours, "other", address, 80)
    ended = inside.pid_of(ours, "db")
    ours.stop(signal.SIGKILL)
    os.kill(ended, signal.SIGKILL)
    host.run(ours.start)
    assert _linked(host) == ""
