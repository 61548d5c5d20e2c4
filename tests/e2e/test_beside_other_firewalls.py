"""dockerd, ufw's rules and two daemons of ours in one network namespace: all of them work."""

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from boxship.network import namespace
from boxship.network.namespace import Namespace
from support import engines, ufw
from support.engines import Engine
from support.network_ground import connect
from support.plain_http import Client
from support.requirements import require_root, require_tool
from support.terminals import PROGRAM
from support.waiting import eventually

WEB = ("sh", "-c", "mkdir /w; hostname > /w/index.html; exec httpd -f -p 80 -h /w")


@dataclass
class Place:
    """A host with all of them, and one beside it."""

    host: Namespace
    outside: Namespace
    dockerd: Engine
    ours: tuple[Engine, Engine]

    @property
    def all(self) -> tuple[Engine, ...]:
        return (self.dockerd, *self.ours)


def _run(inside: Namespace, *command: str, text: str = "") -> str:
    done = inside.run(
        lambda: subprocess.run(command, input=text, capture_output=True, text=True, timeout=30)
    )
    return done.stdout


def _get(inside: Namespace, place: str) -> str:
    return _run(inside, "busybox", "wget", "-T2", "-qO-", f"http://{place}/").strip()


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    require_root()
    require_tool("docker", "dockerd", "unshare", "busybox", "ip", "nft", "iptables")
    host, outside = namespace.make(), namespace.make()
    try:
        with contextlib.ExitStack() as stack:
            first = stack.enter_context(engines.running("boxship", inside=host))
            dockerd = stack.enter_context(engines.running("dockerd_with_rules", inside=host))
            second = stack.enter_context(engines.running("boxship", inside=host))
            connect(host, outside)
            _run(host, "iptables-restore", "-n", text=ufw.RULES)
            _run(host, "ip6tables-restore", "-n", text=ufw.RULES6)
            assert "-P INPUT DROP" in _run(host, "iptables", "-S")
            yield Place(host, outside, dockerd, (first, second))
        left = _run(host, "iptables-save") + _run(host, "nft", "list", "tables")
        assert "boxship" not in left
    finally:
        host.close()
        outside.close()


@pytest.fixture
def webs(place: Place) -> Iterator[dict[str, int]]:
    """A web server of each daemon, by its name, on the port that it is published on."""
    ports = {}
    for number, engine in enumerate(place.all):
        name = f"web{number}"
        ports[name] = 8080 + number
        options = ("--name", name, "--hostname", name, "-p", f"{ports[name]}:80")
        engine.docker("run", "-d", *options, "busybox", *WEB)
    yield ports
    for engine in place.all:
        engine.remove_containers()


def test_all_of_them_publish(place: Place, webs: dict[str, int]) -> None:
    for name, port in webs.items():
        for inside, address in (
            (place.outside, "192.0.2.1"),
            (place.host, "192.0.2.1"),
            (place.host, "127.0.0.1"),
            (place.host, "[::1]"),
        ):
            eventually(lambda i=inside, a=f"{address}:{port}", n=name: _get(i, a) == n)


def test_all_of_them_reach_the_outside(place: Place, webs: dict[str, int], tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("outside")
    server = place.outside.run(
        lambda: subprocess.Popen(["busybox", "httpd", "-f", "-p", "80", "-h", str(tmp_path)])
    )
    try:
        eventually(lambda: _get(place.outside, "127.0.0.1") == "outside")
        for name, engine in zip(webs, place.all, strict=True):
            command = ("wget", "-T5", "-qO-", "http://192.0.2.2/")
            assert engine.docker("exec", name, *command).stdout == "outside"
    finally:
        server.kill()
        server.wait()


def test_containers_of_one_bridge_meet(place: Place, webs: dict[str, int]) -> None:
    """Frames between two ports of a bridge go through chains of hook forward, where it is so."""
    for name, engine in zip(webs, place.all, strict=True):
        template = "{{.NetworkSettings.IPAddress}}"
        address = engine.docker("inspect", "-f", template, name).stdout.strip()
        command = ("run", "--rm", "busybox", "wget", "-T5", "-qO-", f"http://{address}/")
        assert engine.docker(*command).stdout.strip() == name


def _marked(place: Place) -> list[str]:
    return [rule for rule in _run(place.host, "iptables", "-S").splitlines() if "boxship" in rule]


def test_one_rule_of_each_daemon(place: Place, webs: dict[str, int]) -> None:
    """Where dockerd has others' rules be; ufw's chains come after it."""
    rules = _marked(place)
    assert len(rules) == 2 and len(set(rules)) == 2
    assert all(rule.startswith("-A DOCKER-USER -m mark") for rule in rules)
    assert _run(place.host, "iptables", "-S", "DOCKER-USER").splitlines()[-1].endswith("RETURN")
    for engine in place.ours:
        with Client(engine.socket) as client:
            firewall = client.call("GET", "/info")["Firewall"]
        # dockerd leaves IPv6 alone: there ufw is asked.
        assert sorted(firewall["Rules"]) == ["dockerd DOCKER-USER", "ufw ufw6-user-forward"]
        assert firewall["Bypassed"] == ["ip filter INPUT", "ip6 filter INPUT"]
        assert firewall["Obstacles"] == []


def test_the_user_is_told(place: Place, webs: dict[str, int]) -> None:
    engine = place.ours[0]
    done = engine.docker("create", "-p", "8090:80", "busybox")
    assert "WARNING: Published ports are reached past this host's firewall" in done.stderr
    local = engine.docker("create", "-p", "127.0.0.1:8090:80", "busybox")
    assert local.stderr == ""
    with Client(engine.socket) as client:
        shown = client.call("GET", "/containers/web1/json")["NetworkSettings"]["Reach"]
        (row,) = client.call("GET", "/containers/json")
    past = "everybody, past this host's firewall"
    assert shown == row["Reach"] == {"80/tcp": [past, past]}
    listed = subprocess.run(
        [*PROGRAM, "-H", engine.host, "ps", "--format", "{{.Reach}}"],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert listed.stdout == f"{past}\n"


def test_what_others_reload_is_open_again(place: Place) -> None:
    """Last, since dockerd does not put back what is flushed."""
    names = {"web1": 8081, "web2": 8082}
    for (name, port), engine in zip(names.items(), place.ours, strict=True):
        options = ("--name", name, "--hostname", name, "-p", f"{port}:80")
        engine.docker("run", "-d", *options, "busybox", *WEB)
    for command in (
        ("iptables", "-F", "DOCKER-USER"),
        ("iptables", "-F", "ufw-user-forward"),
        ("nft", "flush", "ruleset"),
    ):
        _run(place.host, *command)
        _run(place.host, "iptables-restore", "-n", text=ufw.RULES)
        eventually(lambda: len(_marked(place)) == 2)
        for name, port in names.items():
            eventually(lambda n=name, p=port: _get(place.outside, f"192.0.2.1:{p}") == n)
    assert all(rule.startswith("-A ufw-user-forward") for rule in _marked(place))
