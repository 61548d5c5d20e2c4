"""Published ports while daemons, proxies and containers end, all in one network namespace."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxship.network import namespace
from boxship.network.namespace import Namespace
from support import engines, leaks
from support.engines import Engine
from support.network_ground import ask, connect
from support.requirements import require_root, require_tool
from support.waiting import eventually

WEB = ("sh", "-c", "mkdir /w; hostname > /w/index.html; exec httpd -f -p 80 -h /w")


@pytest.fixture
def host() -> Iterator[Namespace]:
    require_root()
    made = namespace.make()
    yield made
    made.close()


@pytest.fixture
def engine(host: Namespace) -> Iterator[Engine]:
    """A daemon in the namespace *host*, whose successors live there too."""
    require_tool("docker", "unshare", "busybox", "ip", "nft")
    root = Path(tempfile.mkdtemp(prefix="bx-", dir="/tmp"))
    made = engines.boxship(root)
    made.unshare = ()
    try:
        start(host, made)
        made.load_busybox()
        yield made
    finally:
        try:
            if made.process is None:
                start(host, made)
            made.remove_containers()
        finally:
            made.stop()
            leaks.remove_cgroups(root.name)
            shutil.rmtree(root, ignore_errors=True)


def start(host: Namespace, engine: Engine) -> None:
    host.run(engine.start)


def _output(host: Namespace, *command: str) -> str:
    return host.run(lambda: subprocess.run(command, capture_output=True, text=True).stdout)


def _get(host: Namespace, place: str) -> str:
    return _output(host, "busybox", "wget", "-T2", "-qO-", f"http://{place}/").strip()


def _serves(host: Namespace, name: str, *places: str) -> bool:
    return all(_get(host, place) == name for place in places)


def _proxies(host: Namespace) -> list[int]:
    """Those of the daemon in this namespace."""
    own = host.run(lambda: os.readlink("/proc/thread-self/ns/net"))
    return [int(row.split()[0]) for row in leaks.processes(Path("/nowhere"), own) if "proxy" in row]


def _published(host: Namespace) -> bool:
    return "10.44.0." in _output(host, "nft", "list", "ruleset")


def _web(engine: Engine, *options: str) -> None:
    """A web server named web, on a network of its own."""
    engine.docker("network", "create", "--subnet", "10.44.0.0/24", "apart")
    command = ("run", "-d", "--name", "web", "--hostname", "web", "--network", "apart")
    engine.docker(*command, *options, "busybox", *WEB)


PLACES = ("127.0.0.1:8080", "[::1]:8080", "10.44.0.1:8080")


def test_ports_outlive_the_daemon(host: Namespace, engine: Engine) -> None:
    _web(engine, "-p", "8080:80")
    shown = engine.docker("port", "web").stdout
    assert shown == "80/tcp -> 0.0.0.0:8080\n80/tcp -> [::]:8080\n"
    eventually(lambda: _serves(host, "web", *PLACES))
    (proxy,) = _proxies(host)
    for sig in (signal.SIGKILL, signal.SIGTERM):
        engine.stop(sig)
        assert _serves(host, "web", *PLACES)
        start(host, engine)
        assert _serves(host, "web", *PLACES)
        assert engine.docker("port", "web").stdout == shown
    assert _proxies(host) == [proxy]
    taken = engine.docker("run", "-d", "-p", "8080:80", "busybox", "true", check=False)
    assert "address already in use" in taken.stderr or "already allocated" in taken.stderr
    engine.docker("rm", "-f", "web")
    assert [_get(host, place) for place in PLACES] == ["", "", ""]
    engine.docker("run", "-d", "--name", "web", "-p", "8080:80", "busybox", *WEB)


def test_ports_end_with_their_container(host: Namespace, engine: Engine) -> None:
    _web(engine, "-p", "8080:80")
    eventually(lambda: _serves(host, "web", "[::1]:8080"))
    pid = int(engine.docker("inspect", "-f", "{{.State.Pid}}", "web").stdout)
    engine.stop(signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    # No daemon is there to tell: what holds the port of ::1 ends by itself.
    eventually(lambda: _proxies(host) == [])
    assert host.run(lambda: ask("::1", 8080)) == "ConnectionRefusedError"
    start(host, engine)
    elements = _output(host, "nft", "list", "ruleset")
    assert "8080" not in elements
    assert host.run(lambda: ask("127.0.0.1", 8080)) == "ConnectionRefusedError"


def test_a_proxy_that_dies_is_replaced(host: Namespace, engine: Engine) -> None:
    _web(engine, "-p", "8080:80")
    eventually(lambda: _serves(host, "web", "[::1]:8080"))
    (proxy,) = _proxies(host)
    os.kill(proxy, signal.SIGKILL)
    eventually(lambda: _serves(host, "web", "[::1]:8080"))
    (second,) = _proxies(host)
    assert second != proxy
    # The next daemon did not bind the port, and can bind it when it must.
    engine.stop(signal.SIGKILL)
    start(host, engine)
    os.kill(second, signal.SIGKILL)
    eventually(lambda: _serves(host, "web", "[::1]:8080"))


def test_a_port_is_free_when_its_container_is_gone(host: Namespace, engine: Engine) -> None:
    """However long the process takes that has held it."""
    _web(engine, "-p", "8080:80")
    (proxy,) = _proxies(host)
    os.kill(proxy, signal.SIGSTOP)
    command = ["docker", "-H", engine.host, "rm", "-f", "web"]
    removal = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    with pytest.raises(subprocess.TimeoutExpired):
        removal.wait(0.5)
    os.kill(proxy, signal.SIGCONT)
    assert removal.wait(30) == 0
    engine.docker("run", "-d", "--name", "web", "-p", "8080:80", "busybox", *WEB)


def test_a_daemon_with_nothing_to_do_leaves_nothing(host: Namespace, engine: Engine) -> None:
    _web(engine, "-p", "8080:80")
    outside = namespace.make()
    connect(host, outside)
    eventually(lambda: _get(outside, "192.0.2.1:8080") == "web")
    engine.docker("rm", "-f", "web")
    assert "apart" in engine.docker("network", "ls").stdout
    engine.stop()
    outside.close()
    assert _output(host, "nft", "list", "ruleset") == ""
    eventually(lambda: _output(host, "ip", "-o", "link").count("\n") == 1)
    eventually(lambda: _proxies(host) == [])
    # It comes back with the next one, ports included.
    start(host, engine)
    engine.docker(
        "run",
        "-d",
        "--name",
        "web",
        "--hostname",
        "web",
        "--network",
        "apart",
        "-p",
        "8080:80",
        "busybox",
        *WEB,
    )
    eventually(lambda: _serves(host, "web", *PLACES))


def test_without_rules_a_process_carries_all_ports(host: Namespace, engine: Engine) -> None:
    engine.stop()
    engine.command += ["--iptables=false", "--ip6tables=false"]
    start(host, engine)
    _web(engine, "-p", "8080:80")
    eventually(lambda: _serves(host, "web", *PLACES))
    assert _output(host, "nft", "list", "ruleset") == ""
    engine.docker("rm", "-f", "web")
    assert [_get(host, place) for place in PLACES] == ["", "", ""]


def test_without_a_process_rules_carry_what_they_can(host: Namespace, engine: Engine) -> None:
    engine.stop()
    engine.command += ["--userland-proxy=false", "--ip=127.0.0.1"]
    start(host, engine)
    _web(engine, "-p", "8080:80")
    assert engine.docker("port", "web").stdout == "80/tcp -> 0.0.0.0:8080\n"
    eventually(lambda: _serves(host, "web", "127.0.0.1:8080", "10.44.0.1:8080"))
    assert _proxies(host) == []
    engine.docker("run", "-d", "--name", "near", "-p", "8081:80", "busybox", "sleep", "100")
    assert engine.docker("port", "near").stdout == "80/tcp -> 127.0.0.1:8081\n"


def test_a_port_that_cannot_be_had_leaves_nothing(host: Namespace, engine: Engine) -> None:
    engine.docker("network", "create", "--subnet", "10.44.0.0/24", "apart")
    before = _output(host, "nft", "list", "ruleset"), _output(host, "ss", "-Hltun")
    options = ("--name", "late", "--network", "apart", "-p", "7001:1", "-p", "7002:2/udp")
    wrong = (("-p", "192.0.2.77:7003:3"), ("-p", "[2001:db8::77]:7003:3"))
    for each in wrong:
        done = engine.docker("run", "-d", *options, *each, "busybox", "true", check=False)
        assert done.returncode == 125
        assert "bind: cannot assign requested address" in done.stderr
        after = _output(host, "nft", "list", "ruleset"), _output(host, "ss", "-Hltun")
        assert after == before
        assert engine.docker("network", "inspect", "-f", "{{.Containers}}", "apart").stdout == (
            "map[]\n"
        )
        engine.docker("rm", "late")


def _server() -> socket.socket:
    server = socket.socket(type=socket.SOCK_DGRAM)
    server.bind(("0.0.0.0", 9))
    server.settimeout(10)
    return server


def _client() -> socket.socket:
    client = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    client.settimeout(10)
    client.connect(("::1", 9000))
    return client


def test_datagrams_to_the_loopback_of_ipv6(host: Namespace, engine: Engine) -> None:
    _web(engine, "-p", "9000:9/udp")
    pid = int(engine.docker("inspect", "-f", "{{.State.Pid}}", "web").stdout)
    box = namespace.of_process(pid)

    server = box.run(_server)
    clients = [host.run(_client) for _ in range(2)]
    for number, client in enumerate(clients):
        client.send(b"to %d" % number)
        data, peer = server.recvfrom(100)
        assert data == b"to %d" % number
        server.sendto(b"answer to %d" % number, peer)
    for number, client in enumerate(clients):
        assert client.recv(100) == b"answer to %d" % number
        client.close()
    server.close()
    box.close()
