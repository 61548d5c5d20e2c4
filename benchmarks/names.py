"""How long a container waits for the address of another one, by the network's own resolver."""

import socket
import statistics
import time

from benchmarks.figure import Figure
from boxship.network import namespace
from support import inside
from support.dns import A, question, read
from support.engines import Engine

_NETWORK, _NAME = "bench-names", "bench-named"
_QUERIES = 3000
_RESOLVER = ("127.0.0.11", 53)


def _ask(sock: socket.socket, query: bytes) -> bytes:
    sock.sendto(query, _RESOLVER)
    return sock.recv(512)


def _times() -> list[float]:
    """Of one query after the other, each on a socket of its own as libraries do."""
    taken = []
    for number in range(_QUERIES):
        query = question(_NAME, A, number)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(5)
            start = time.perf_counter()
            answer = _ask(sock, query)
            taken.append(time.perf_counter() - start)
        assert read(answer).values, "the name is not resolved"
    return taken


def slowest_of_a_hundred(engine: Engine) -> float:
    """The 99th percentile."""
    engine.docker("network", "create", _NETWORK)
    try:
        inside.start(engine, "--network", _NETWORK, "--name", _NAME, "busybox", "sleep", "1000")
        asking = inside.start(engine, "--network", _NETWORK, "busybox", "sleep", "1000")
        joined = namespace.of_process(inside.pid_of(engine, asking))
        try:
            taken = joined.run(_times)
        finally:
            joined.close()
    finally:
        engine.remove_containers()
        engine.docker("network", "rm", _NETWORK)
    return statistics.quantiles(taken, n=100)[98]


FIGURES = [
    Figure("a container's name: 99th percentile", slowest_of_a_hundred, ceiling=0.001),
]
