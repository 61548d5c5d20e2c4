"""A daemon killed while it connects, disconnects, starts, makes and removes: no address is lost or
given twice, no interface is left, and what containers are said to have is what they have."""

import contextlib
import json
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from boxship.network import namespace
from boxship.network.namespace import Namespace
from support.engines import Engine
from support.leaks import settled
from support.plain_http import ApiError, Client
from support.waiting import eventually

#: The network that all meet on has as many addresses as containers and one that is started anew.
SUBNET = "10.44.0.0/29"
CONTAINERS = 4


@pytest.fixture
def host(mortal: Engine) -> Iterator[Namespace]:
    """The daemon's network namespace, which outlives it; at the end no interface is left in it."""
    mortal.stop()
    made = namespace.make()
    mortal.unshare = ()
    made.run(mortal.start)
    try:
        yield made
        if mortal.process is None:
            made.run(mortal.start)
        mortal.remove_containers()
        mortal.docker("network", "prune", "-f")
        left = settled(lambda: sorted(_interfaces(made) - {"lo", "boxship0"}))
        assert list(left) == []
    finally:
        mortal.stop()
        mortal.unshare = ("--net",)
        made.close()


def _interfaces(inside: Namespace) -> set[str]:
    rows = inside.run(lambda: Path("/proc/thread-self/net/dev").read_text()).splitlines()[2:]
    return {row.partition(":")[0].strip() for row in rows}


def _restart(mortal: Engine, host: Namespace) -> None:
    mortal.stop(signal.SIGKILL)
    host.run(mortal.start)


def _inspect(mortal: Engine, name: str) -> Any:
    return json.loads(mortal.docker("inspect", name).stdout)[0]


def _told(mortal: Engine, name: str) -> set[str]:
    networks = _inspect(mortal, name)["NetworkSettings"]["Networks"]
    return {row["IPAddress"] for row in networks.values() if row["IPAddress"]}


def _held(mortal: Engine, name: str) -> set[str]:
    shown = mortal.docker("exec", name, "ip", "-4", "-o", "addr").stdout
    found = {row.split("inet ")[1].split("/")[0] for row in shown.splitlines()}
    return found - {"127.0.0.1"}


def _record(mortal: Engine, name: str) -> Path:
    identity = _inspect(mortal, name)["Id"]
    return mortal.root / "exec" / "containers" / identity / "network.json"


def _network(mortal: Engine) -> None:
    mortal.docker("network", "create", "--subnet", SUBNET, "net")


def _all_addresses_are_free(mortal: Engine) -> None:
    """So many containers fit as ever."""
    for number in range(CONTAINERS + 1):
        mortal.docker("run", "-d", "--name", f"last{number}", "--network", "net", "busybox", "top")
    full = mortal.docker("run", "--rm", "--network", "net", "busybox", "true", check=False)
    assert "no available IPv4 addresses" in full.stderr


def test_half_a_connection_is_undone(mortal: Engine, host: Namespace) -> None:
    """As the record has it before the interface is made, and after."""
    _network(mortal)
    mortal.docker("run", "-d", "--name", "box", "busybox", "top")
    before = _record(mortal, "box").read_text()
    mortal.docker("network", "connect", "net", "box")
    record = _record(mortal, "box")
    connected = json.loads(record.read_text())
    for made in (True, False):
        mortal.stop(signal.SIGKILL)
        record.write_text(json.dumps(connected | {"changing": "net"}))
        host.run(mortal.start)
        assert "net" not in _inspect(mortal, "box")["NetworkSettings"]["Networks"], made
        assert _held(mortal, "box") == _told(mortal, "box") != set()
    assert (
        json.loads(record.read_text())["endpoints"].keys() == json.loads(before)["endpoints"].keys()
    )
    mortal.docker("rm", "-f", "box")
    _all_addresses_are_free(mortal)


def test_half_a_disconnection_is_completed(mortal: Engine, host: Namespace) -> None:
    """Published ports are then where the default route is."""
    _network(mortal)
    mortal.docker("run", "-d", "--name", "box", "-p", "8099:80", "busybox", "top")
    mortal.docker("network", "connect", "net", "box")
    record = _record(mortal, "box")
    mortal.stop(signal.SIGKILL)
    record.write_text(json.dumps(json.loads(record.read_text()) | {"changing": "bridge"}))
    host.run(mortal.start)
    assert list(_inspect(mortal, "box")["NetworkSettings"]["Networks"]) == ["net"]
    assert _held(mortal, "box") == _told(mortal, "box") == {"10.44.0.2"}
    assert "via 10.44.0.1" in mortal.docker("exec", "box", "ip", "route").stdout
    published = json.loads(record.read_text())["published"]
    assert {row["target"] for row in published} == {"10.44.0.2"}
    _restart(mortal, host)
    assert _held(mortal, "box") == _told(mortal, "box") == {"10.44.0.2"}


def test_a_disconnection_is_complete_when_all_say_so(mortal: Engine, host: Namespace) -> None:
    """The daemon died with the interface taken out, and before the container was saved."""
    _network(mortal)
    mortal.docker("run", "-d", "--name", "box", "--network", "net", "busybox", "top")
    mortal.docker("network", "connect", "bridge", "box")
    record = _record(mortal, "box")
    mortal.docker("network", "disconnect", "net", "box")
    gone = json.loads(record.read_text()) | {"changing": "net"}
    assert "net" not in gone["endpoints"]
    mortal.docker("network", "connect", "net", "box")
    pid = _inspect(mortal, "box")["State"]["Pid"]
    name = json.loads(record.read_text())["interfaces"]["net"]
    mortal.stop(signal.SIGKILL)
    with contextlib.closing(namespace.of_process(pid)) as inside:
        inside.run(lambda: subprocess.run(["ip", "link", "del", name], check=True))
    record.write_text(json.dumps(gone))
    host.run(mortal.start)
    assert list(_inspect(mortal, "box")["NetworkSettings"]["Networks"]) == ["bridge"]
    assert _held(mortal, "box") == _told(mortal, "box") != set()
    mortal.docker("rm", "-f", "box")
    _all_addresses_are_free(mortal)


def test_interfaces_of_networks_that_never_were_are_swept(mortal: Engine, host: Namespace) -> None:
    """Such as a daemon leaves that dies before a network is durable; others' are let be."""
    owner = "boxship " + mortal.docker("info", "-f", "{{.ID}}").stdout.strip()
    mortal.docker("network", "create", "kept")
    kept = {each for each in _interfaces(host) if each.startswith("bx-")}
    mortal.stop(signal.SIGKILL)
    for name, alias in (("bx-half", owner), ("foreign", "somebody"), ("plain", "")):
        script = f"ip link add {name} type bridge; ip link set {name} alias '{alias}'"
        host.run(lambda script=script: subprocess.run(["sh", "-ec", script], check=True))
    host.run(mortal.start)
    assert {"foreign", "plain"} | kept == _interfaces(host) - {"lo", "boxship0"}
    for name in ("foreign", "plain"):
        host.run(lambda name=name: subprocess.run(["ip", "link", "del", name], check=True))


def _join_and_leave(mortal: Engine, name: str, stop: threading.Event, seed: int) -> None:
    chance = random.Random(seed)
    while not stop.is_set():
        try:
            with Client(mortal.socket) as client:
                while not stop.is_set():
                    step = chance.choice((*["connect", "disconnect"] * 5, "restart?t=0"))
                    path = f"/networks/net/{step}"
                    body: dict[str, Any] | None = {"Container": name}
                    if step.startswith("restart"):
                        path, body = f"/containers/{name}/{step}", None
                    with contextlib.suppress(ApiError):
                        client.call("POST", path, body)
        except (OSError, ValueError, IndexError):
            time.sleep(0.02)


def _make_and_remove(mortal: Engine, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            with Client(mortal.socket) as client:
                for number in range(1000):
                    name = f"brief{number % 3}"
                    with contextlib.suppress(ApiError):
                        client.call("POST", "/networks/create", {"Name": name})
                    with contextlib.suppress(ApiError):
                        client.call("DELETE", f"/networks/{name}")
                    if stop.is_set():
                        return
        except (OSError, ValueError, IndexError):
            time.sleep(0.02)


def test_nothing_is_lost_or_left_by_deaths_at_any_time(mortal: Engine, host: Namespace) -> None:
    _network(mortal)
    names = [f"box{number}" for number in range(CONTAINERS)]
    for name in names:
        mortal.docker("run", "-d", "--name", name, "busybox", "top")
    stop = threading.Event()
    workers = [
        threading.Thread(target=_join_and_leave, args=(mortal, name, stop, seed))
        for seed, name in enumerate(names)
    ]
    workers.append(threading.Thread(target=_make_and_remove, args=(mortal, stop)))
    for worker in workers:
        worker.start()
    try:
        chance = random.Random(2026)
        for _ in range(6):
            time.sleep(chance.uniform(0.05, 0.4))
            _restart(mortal, host)
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    given = []
    for name in names:
        if _inspect(mortal, name)["State"]["Running"]:
            told = _told(mortal, name)
            assert _held(mortal, name) == told, name
            given += sorted(told)
    assert len(given) == len(set(given))
    rows = mortal.docker("network", "ls", "-q", "--no-trunc", "-f", "type=custom").stdout.split()
    # An interface goes a little after its network.
    eventually(
        lambda: (
            {each for each in _interfaces(host) if each.startswith("bx-")}
            == {f"bx-{row[:12]}" for row in rows}
        )
    )
    mortal.docker("rm", "-f", *names)
    _all_addresses_are_free(mortal)
