"""Names are resolved while daemons and the process that answers die and come back."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from boxship.network import namespace
from boxship.network.dns import redirect
from boxship.sandbox import messages
from support import dns, inside
from support.engines import Engine
from support.waiting import eventually


@pytest.fixture
def asked(mortal: Engine) -> Callable[[str], list[str]]:
    """Addresses of a name as ``one`` sees them; ``two`` is on the same network."""
    mortal.docker("network", "create", "net")
    # Nobody answers there, and at once.
    words = ("--network", "net", "--dns", "127.1.1.1")
    for name in ("one", "two"):
        inside.start(mortal, *words, "--name", name, "busybox", "sleep", "1000")
    pid = inside.pid_of(mortal, "one")

    def ask(name: str) -> list[str]:
        joined = namespace.of_process(pid)
        try:
            return joined.run(lambda: dns.ask_udp(dns.question(name)).addresses)
        except ConnectionRefusedError:
            return []
        finally:
            joined.close()

    return ask


def resolver(engine: Engine) -> int:
    return dns.resolver_pid(engine.root / "exec")


def address(engine: Engine, name: str) -> str:
    return str(inside.inspect(engine, name)["NetworkSettings"]["Networks"]["net"]["IPAddress"])


def test_without_a_daemon_and_with_the_next_one(
    mortal: Engine, asked: Callable[[str], list[str]]
) -> None:
    found, first = address(mortal, "two"), resolver(mortal)
    mortal.stop(signal.SIGKILL)
    assert asked("two") == [found]
    mortal.start()
    assert (resolver(mortal), asked("two")) == (first, [found])
    mortal.docker("rename", "two", "renamed")
    assert (asked("renamed"), asked("two")) == ([found], [])
    inside.start(mortal, "--network", "net", "--name", "three", "busybox", "sleep", "1000")
    assert asked("three") == [address(mortal, "three")]


def test_one_that_is_killed_is_replaced_and_told_everything(
    mortal: Engine, asked: Callable[[str], list[str]]
) -> None:
    found, first = address(mortal, "two"), resolver(mortal)
    os.kill(first, signal.SIGKILL)
    eventually(lambda: asked("two") == [found])
    assert resolver(mortal) not in (0, first)


def test_both_die(mortal: Engine, asked: Callable[[str], list[str]]) -> None:
    found, first = address(mortal, "two"), resolver(mortal)
    mortal.stop(signal.SIGKILL)
    os.kill(first, signal.SIGKILL)
    mortal.start()
    assert asked("two") == [found]


def test_it_ends_with_its_containers_when_no_daemon_is_there(
    mortal: Engine, asked: Callable[[str], list[str]]
) -> None:
    pids = [inside.pid_of(mortal, name) for name in ("one", "two")]
    first = resolver(mortal)
    mortal.stop(signal.SIGKILL)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: not Path(f"/proc/{first}").exists())
    mortal.start()
    mortal.docker("start", "one", "two")
    assert resolver(mortal)


def test_a_resolver_of_a_container_that_never_ran_is_swept(
    mortal: Engine, asked: Callable[[str], list[str]]
) -> None:
    """The daemon died between opening it and the start, as here another one pretends."""
    made = namespace.make()
    fds = redirect.install(made)
    spec = {"networks": [], "links": {}, "servers": [], "forward": False, "qualified": False}
    opening = {"op": "open", "container": "f" * 64, "spec": spec}
    with dns.connected(mortal.root / "exec") as channel:
        messages.send(channel, {"requests": [opening]}, fds)
    for fd in fds:
        os.close(fd)
    query = dns.question("nobody")
    assert made.run(lambda: dns.ask_udp(query)).code == 2
    mortal.stop(signal.SIGKILL)
    mortal.start()
    with pytest.raises(ConnectionRefusedError):
        made.run(lambda: dns.ask_udp(query))
    made.close()
    assert asked("two") == [address(mortal, "two")]


def test_a_start_that_fails_leaves_nobody_to_resolve_for(mortal: Engine) -> None:
    """What was ready for a program that cannot run keeps no process alive."""
    mortal.docker("network", "create", "net")
    failed = mortal.docker("run", "-d", "--network", "net", "busybox", "/nothing", check=False)
    assert failed.returncode == 127
    first = resolver(mortal)
    mortal.stop(signal.SIGKILL)
    eventually(lambda: not first or not Path(f"/proc/{first}").exists())
    mortal.start()
