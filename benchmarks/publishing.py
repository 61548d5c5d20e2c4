"""Requests through a published port, from another network namespace, by wrk.

nginx of the host serves in the container's network namespace: what differs between engines is how
packets get there.
"""

import contextlib
import re
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

_SECONDS, _ROUNDS, _CLIENTS = 2, 5, 32
_PORT = 8080
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
nft add rule ip plain pre tcp dport {_PORT} dnat to 10.98.0.2:80
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
        try:
            time.sleep(0.3)
            yield
        finally:
            server.terminate()
            server.wait()


@contextlib.contextmanager
def _published(engine: Engine) -> Iterator[Namespace]:
    """The namespace outside of an engine that publishes the server's port."""
    options = ("--name", "bench-port", "-p", f"{_PORT}:80")
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


def _best(outside: Namespace, close: bool) -> float:
    return max(_requests(outside, close) for _ in range(_ROUNDS))


def _request(engine: Engine, close: bool) -> float:
    """Seconds for each request."""
    if engine.name == "dockerd":
        with engines.running("dockerd_with_rules") as other, _published(other) as outside:
            return 1 / _best(outside, close)
    with _published(engine) as outside:
        return 1 / _best(outside, close)


def _beside_plain(engine: Engine, close: bool) -> float:
    """How many times what a bare rule of translation would take."""
    if engine.name == "dockerd":
        with engines.running("dockerd_with_rules") as other:
            return _ratio(other, close)
    return _ratio(engine, close)


def _ratio(engine: Engine, close: bool) -> float:
    """In turns, so that what else the machine does meets both."""
    ours, bare = 0.0, 0.0
    with _published(engine) as published, _plain() as plain:
        for _ in range(_ROUNDS):
            ours = max(ours, _requests(published, close))
            bare = max(bare, _requests(plain, close))
    return bare / ours


FIGURES = [
    Figure("published port, keep-alive", lambda e: _request(e, False), 1.0, unit="us"),
    Figure("published port, connection each", lambda e: _request(e, True), 1.0, unit="us"),
    Figure("the same to plain DNAT, kept", lambda e: _beside_plain(e, False), None, "x", 1.1),
    Figure("the same to plain DNAT, each", lambda e: _beside_plain(e, True), None, "x", 1.1),
]
