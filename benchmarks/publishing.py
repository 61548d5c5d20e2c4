"""Requests through a published port, from another network namespace, by wrk.

nginx of the host serves in the container's network namespace: what differs between engines is how
packets get there. Each is measured by turns with a bare rule of translation, and told by how many
times that takes: so the figures of two engines can be compared, whatever the machine did meanwhile.
"""

import contextlib
import re
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figure import Figure
from boxship.network import namespace
from boxship.network.namespace import Namespace
from support import engines
from support.engines import Engine
from support.network_ground import connect, shell

_SECONDS, _ROUNDS, _CLIENTS = 1, 15, 32
_PORT = 8080
_PACKETS = 30000
_CONFIGURATION = """
daemon off; master_process off; error_log /dev/null; pid {directory}/pid;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000; client_body_temp_path {directory};
  proxy_temp_path {directory}; fastcgi_temp_path {directory}; uwsgi_temp_path {directory};
  scgi_temp_path {directory};
  server {{ listen 80 backlog=4096; location / {{ return 200 "hello"; }} }}
}}
"""
# What is left when everything is taken away that a firewall needs.
_PLAIN = f"""
ip link add br0 type bridge; ip addr add 10.98.0.1/24 dev br0; ip link set br0 up
echo 1 > /proc/sys/net/ipv4/ip_forward
nft add table ip plain
nft 'add chain ip plain pre {{ type nat hook prerouting priority dstnat; }}'
nft add rule ip plain pre meta l4proto '{{' tcp, udp '}}' th dport {_PORT} dnat to 10.98.0.2:80
"""
_BOX = "ip addr add 10.98.0.2/24 dev eth0; ip link set eth0 up; ip route add default via 10.98.0.1"


def _requests(outside: Namespace, close: bool) -> float:
    """Requests a second."""
    command = ["wrk", "-t1", f"-c{_CLIENTS}", f"-d{_SECONDS}"]
    command += ["-H", "Connection: close"] if close else []
    command += [f"http://192.0.2.1:{_PORT}/"]
    text = outside.run(lambda: subprocess.run(command, capture_output=True, text=True).stdout)
    found = re.search(r"Requests/sec:\s+([\d.]+)", text)
    if found is None:
        raise RuntimeError(f"wrk: {text}")
    return float(found[1])


@contextlib.contextmanager
def _served(box: Namespace) -> Iterator[None]:
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "nginx.conf")
        file.write_text(_CONFIGURATION.format(directory=directory))
        server = box.run(lambda: subprocess.Popen(["nginx", "-c", str(file)]))
        full = box.run(lambda: socket.socket(type=socket.SOCK_DGRAM))
        full.bind(("", 80))
        try:
            time.sleep(0.3)
            yield
        finally:
            full.close()
            server.terminate()
            server.wait()


@contextlib.contextmanager
def _published(engine: Engine) -> Iterator[Namespace]:
    """The namespace outside of an engine that publishes the server's port."""
    options = ("--name", "bench-port", "-p", f"{_PORT}:80", "-p", f"{_PORT}:80/udp")
    engine.docker("run", "-d", *options, "busybox", "sleep", "1000")
    pid = int(engine.docker("inspect", "-f", "{{.State.Pid}}", "bench-port").stdout)
    box, host, outside = namespace.of_process(pid), namespace.of_process(engine.pid), None
    try:
        outside = namespace.make()
        connect(host, outside)
        with _served(box):
            yield outside
    finally:
        for each in (box, host, outside):
            if each is not None:
                each.close()
        engine.docker("rm", "-f", "bench-port")


@contextlib.contextmanager
def _plain() -> Iterator[Namespace]:
    host, outside, box = namespace.make(), namespace.make(), namespace.make()
    holder = box.run(lambda: subprocess.Popen(["sleep", "600"]))
    try:
        shell(host, _PLAIN)
        shell(host, f"ip link add v0 master br0 type veth peer name eth0 netns {holder.pid}")
        shell(box, _BOX)
        shell(host, "ip link set v0 up")
        connect(host, outside)
        with _served(box):
            yield outside
    finally:
        holder.kill()
        holder.wait()
        for each in (host, outside, box):
            each.close()


def _beside_plain(engine: Engine, close: bool) -> float:
    """How many times what a bare rule of translation takes for each request."""
    if engine.name == "dockerd":
        with engines.running("dockerd_with_rules") as other:
            return _ratio(other, close)
    return _ratio(engine, close)


def _ratio(engine: Engine, close: bool) -> float:
    """The median of many short rounds, each beside one of the other: what else the machine does
    lasts longer than a round, and meets both."""
    with _published(engine) as published, _plain() as plain:
        _requests(published, close), _requests(plain, close)
        ratios = []
        for number in range(_ROUNDS):
            places = (published, plain) if number % 2 else (plain, published)
            rates = {place: _requests(place, close) for place in places}
            ratios.append(rates[plain] / rates[published])
    return statistics.median(ratios)


def _packet(engine: Engine) -> float:
    """The same for the way of one packet, in CPU time, whose reading is steady."""
    if engine.name == "dockerd":
        with engines.running("dockerd_with_rules") as other:
            return _packet_beside_plain(other)
    return _packet_beside_plain(engine)


def _packet_beside_plain(engine: Engine) -> float:
    with _published(engine) as published, _plain() as plain, contextlib.ExitStack() as stack:
        ours, bare = (stack.enter_context(_sender(each)) for each in (published, plain))
        return statistics.median(_way(ours) / _way(bare) for _ in range(_ROUNDS))


def _sender(outside: Namespace) -> socket.socket:
    made = outside.run(lambda: socket.socket(type=socket.SOCK_DGRAM))
    made.connect(("192.0.2.1", _PORT))
    return made


def _way(sender: socket.socket) -> float:
    """Seconds of CPU: from the sender to a full socket in the container it is the sender's own."""
    start = time.process_time()
    for _ in range(_PACKETS):
        sender.send(b"packet")
    return (time.process_time() - start) / _PACKETS


FIGURES = [
    Figure("packet to a published port to DNAT", _packet, 1.0, "x"),
    Figure("published port to DNAT, kept", lambda e: _beside_plain(e, False), 1.0, "x", 1.1),
    Figure("published port to DNAT, each", lambda e: _beside_plain(e, True), 1.0, "x", 1.1),
]
