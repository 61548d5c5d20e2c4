"""The hub beside those who do nothing else: nginx sends blobs, Debian's docker-registry takes them.

The figures are times over theirs, taken in turn at the same moment; under ``dockerd`` stands 1. All
blobs of the hub are in a private repository and are asked for with a token.
"""

import contextlib
import functools
import http.client
import os
import re
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.figure import Figure, seconds
from support.debian_registry import registry
from support.engines import Engine
from support.hub import HubClient, RunningHub, digest_of, running_hub
from support.requirements import require_tool

_SMALL, _LARGE = 1_000_000, 100_000_000
_CLIENTS, _LOADS = 4, 7
_NAME = "alice/bench"
_NGINX_PORT, _REGISTRY_PORT = 5081, 5082
_NGINX = """
worker_processes auto; pid {root}/pid; error_log {root}/log;
events {{ worker_connections 256; }}
http {{
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000;
    client_body_temp_path {root}/body; proxy_temp_path {root}/p; fastcgi_temp_path {root}/f;
    uwsgi_temp_path {root}/u; scgi_temp_path {root}/s;
    server {{ listen 127.0.0.1:{port}; root {root}/files; }}
}}
"""
_Request = tuple[int, bytes]


@functools.cache
def _content(size: int) -> bytes:
    return os.urandom(size)


@contextlib.contextmanager
def _nginx(size: int) -> Iterator[_Request]:
    require_tool("nginx")
    with tempfile.TemporaryDirectory(prefix="bench-nginx-") as name:
        root = Path(name)
        root.chmod(0o755)
        (root / "files").mkdir()
        (root / "files/blob").write_bytes(_content(size))
        (root / "conf").write_text(_NGINX.format(root=root, port=_NGINX_PORT))
        command = ["nginx", "-c", str(root / "conf"), "-g", "daemon off;"]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            _await(_NGINX_PORT)
            yield _NGINX_PORT, b"GET /blob HTTP/1.1\r\nHost: bench\r\n\r\n"
        finally:
            process.terminate()
            process.wait(20)


@contextlib.contextmanager
def _hub() -> Iterator[tuple[RunningHub, HubClient]]:
    """As it is started by default, and without a log of its accesses, as the others are."""
    processes = ["--processes", str(os.cpu_count() or 1)]
    with (
        tempfile.TemporaryDirectory(prefix="bench-hub-") as root,
        running_hub(Path(root), *processes, users=["alice"], access_log=False) as hub,
    ):
        yield hub, hub.client("alice")


@contextlib.contextmanager
def _filled_hub(size: int) -> Iterator[_Request]:
    with _hub() as (hub, alice):
        digest = alice.push_blob(_NAME, _content(size))
        token = alice.token({"scope": f"repository:{_NAME}:pull"})
        lines = [f"GET /v2/{_NAME}/blobs/{digest} HTTP/1.1", "Host: bench"]
        lines += [f"Authorization: Bearer {token}", "", ""]
        yield hub.port, "\r\n".join(lines).encode()


def _await(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)


def _fetch(sock: socket.socket, request: bytes, buffer: bytearray) -> None:
    sock.sendall(request)
    head = b""
    while b"\r\n\r\n" not in head:
        head += sock.recv(4096)
    lines, _, body = head.partition(b"\r\n\r\n")
    assert lines.startswith(b"HTTP/1.1 200 "), lines
    left = int(lines.lower().partition(b"content-length: ")[2].split()[0]) - len(body)
    while left:
        left -= sock.recv_into(buffer, min(left, len(buffer)))


def _turns(ours: Callable[[], object], theirs: Callable[[], object], times: int) -> float:
    """How many times as long *ours* takes: both in turn, so that other load hits both."""
    ours(), theirs()
    taken = [(seconds(ours), seconds(theirs)) for _ in range(times)]
    mine, others = zip(*taken, strict=True)
    return statistics.median(mine) / statistics.median(others)


def _sends(engine: Engine, size: int) -> float:
    """Over kept connections."""
    if engine.name == "dockerd":
        return 1.0
    buffer = bytearray(1 << 18)
    with contextlib.ExitStack() as stack:
        fetches = []
        for source in (_filled_hub, _nginx):
            port, request = stack.enter_context(source(size))
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", port), 30))
            fetches.append(functools.partial(_fetch, sock, request, buffer))
        return _turns(*fetches, times=min(1000, 1_500_000_000 // size))


def _rate(engine: Engine, size: int) -> float:
    """How many times nginx's rate is ours, with several who fetch at once, as wrk counts it."""
    if engine.name == "dockerd":
        return 1.0
    with contextlib.ExitStack() as stack:
        loads = [_load(*stack.enter_context(source(size))) for source in (_filled_hub, _nginx)]
        rates = [(_transferred(loads[0]), _transferred(loads[1])) for _ in range(_LOADS)]
    mine, others = zip(*rates, strict=True)
    return statistics.median(others) / statistics.median(mine)


def _load(port: int, request: bytes) -> list[str]:
    first, *headers = request.decode().strip().splitlines()
    options = [part for header in headers for part in ("-H", header)]
    url = f"http://127.0.0.1:{port}{first.split()[1]}"
    return ["wrk", "-t1", f"-c{_CLIENTS}", "-d2", *options, url]


def _transferred(command: list[str]) -> float:
    """Requests a second."""
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", text)
    if found is None or "Non-2xx" in text:
        raise RuntimeError(f"wrk: {text}")
    return float(found[1])


@contextlib.contextmanager
def _takers() -> Iterator[list[Callable[[bytes], None]]]:
    """Push to the hub, push to the registry."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-registry-") as root,
        registry(os.getpid(), Path(root), port=_REGISTRY_PORT),
        _hub() as (hub, alice),
    ):
        token = alice.token({"scope": f"repository:{_NAME}:pull,push"})
        headers = {"Authorization": f"Bearer {token}"}
        mine = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=60)
        theirs = http.client.HTTPConnection("127.0.0.1", _REGISTRY_PORT, timeout=60)
        yield [functools.partial(_push, mine, headers), functools.partial(_push, theirs, {})]


def _push(connection: http.client.HTTPConnection, headers: dict[str, str], data: bytes) -> None:
    """As docker does it: POST, PATCH with everything, PUT with the digest."""

    def ask(method: str, path: str, body: bytes | None, expected: int) -> str:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == expected, answer.status
        location = answer.headers["Location"]
        return "/v2/" + location.partition("/v2/")[2]

    location = ask("POST", f"/v2/{_NAME}/blobs/uploads/", b"", 202)
    location = ask("PATCH", location, data, 202)
    separator = "&" if "?" in location else "?"
    ask("PUT", f"{location}{separator}digest={digest_of(data)}", b"", 201)


def _takes(engine: Engine, size: int) -> float:
    """A blob that is new to the other side, the computation of its digest included."""
    if engine.name == "dockerd":
        return 1.0
    content = bytearray(_content(size))

    def fresh() -> bytes:
        content[:8] = os.urandom(8)
        return bytes(content)

    with _takers() as (mine, theirs):
        times = max(7, min(60, 1_000_000_000 // size))
        return _turns(lambda: mine(fresh()), lambda: theirs(fresh()), times)


def _figure(name: str, measure: Callable[[Engine, int], float], size: int, most: float) -> Figure:
    return Figure(name, functools.partial(measure, size=size), unit="x", ceiling=most)


FIGURES = [
    # A rate of 0.8 is a time of 1.25.
    _figure("hub sends 1 MB to 4, over nginx", _rate, _SMALL, 1.25),
    _figure("hub sends 100 MB to 4, over nginx", _rate, _LARGE, 1.25),
    _figure("hub sends 1 MB to one, over nginx", _sends, _SMALL, 1.25),
    _figure("hub sends 100 MB to one, over nginx", _sends, _LARGE, 1.25),
    _figure("hub takes 1 MB, over registry", _takes, _SMALL, 1.0),
    _figure("hub takes 100 MB, over registry", _takes, _LARGE, 1.0),
]
