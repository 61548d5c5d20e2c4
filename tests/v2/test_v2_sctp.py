"""Published ports of SCTP, by rules of the kernel and, from ::1, by the proxy."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from boxship.network import namespace
from boxship.network.namespace import Namespace
from support.engines import Engine
from support.network_ground import PATIENCE, connect

SCTP = 132
WORDS = (b"one", b"two", b"three")
#: Of messages, in bytes.
SIZES = [1 + number * 37 % 1400 for number in range(2000)]
FULL = threading.Event()


def opened(family: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM, SCTP)
    made.settimeout(PATIENCE * 4)
    return made


def serve(port: int, talk: Callable[[socket.socket], None]) -> socket.socket:
    """A server for one connection after the other, until its process ends."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, SCTP)
    listener.bind(("0.0.0.0", port))
    listener.listen(5)

    def work() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    talk(connection)

    threading.Thread(target=work, daemon=True).start()
    return listener


def echo(connection: socket.socket) -> None:
    while data := connection.recv(1000):
        connection.send(data)


def speak(connection: socket.socket) -> None:
    """More than the way to who does not listen has room for; once it is full, that is told."""
    for size in SIZES:
        try:
            connection.send(bytes(size), socket.MSG_DONTWAIT)
        except BlockingIOError:
            FULL.set()
            connection.send(bytes(size))
    FULL.set()


@pytest.fixture
def published(clean_boxship: Engine) -> Iterator[Engine]:
    """An echo server on 5000/sctp of the container ``box``, published as 5001."""
    words = ("run", "-d", "--name", "box", "-p", "5001:5000/sctp", "-p", "5002:5002/sctp")
    clean_boxship.docker(*words, "busybox", "sleep", "1000")
    pid = clean_boxship.docker("inspect", "-f", "{{.State.Pid}}", "box").stdout
    inside = namespace.of_process(int(pid))
    servers = (inside.run(lambda: serve(5000, echo)), inside.run(lambda: serve(5002, speak)))
    try:
        yield clean_boxship
    finally:
        for each in servers:
            each.close()
        inside.close()


def answers(inside: Namespace, address: str) -> list[bytes]:
    """To messages that are sent at once, one by one as they come back."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with inside.run(lambda: opened(family)) as client:
        client.connect((address, 5001))
        for word in WORDS:
            client.send(word)
        return [client.recv(1000) for _ in WORDS]


def test_messages_pass_from_everywhere(published: Engine) -> None:
    host, outside = namespace.of_process(published.pid), namespace.make()
    try:
        connect(host, outside)
        for inside, address in (
            (outside, "192.0.2.1"),
            (host, "192.0.2.1"),
            (host, "127.0.0.1"),
            (host, "::1"),
            (outside, "2001:db8::1"),
        ):
            assert answers(inside, address) == [*WORDS], address
    finally:
        outside.close()
        host.close()


def test_a_taken_port_is_refused_and_given_back(published: Engine) -> None:
    again = ("run", "--rm", "-p", "5001:5000/sctp", "busybox", "true")
    refused = published.docker(*again, check=False)
    assert "port is already allocated" in refused.stderr
    # One of another protocol is another port.
    published.docker("run", "--rm", "-p", "5001:5000", "-p", "5001:5000/udp", "busybox", "true")
    published.docker("rm", "-f", "box")
    published.docker(*again)


def test_the_proxy_keeps_messages_apart(published: Engine) -> None:
    """Also those that wait, since their receiver lets them."""
    host = namespace.of_process(published.pid)
    try:
        with host.run(lambda: opened(socket.AF_INET6)) as client:
            client.connect(("::1", 5002))
            assert FULL.wait(60)
            assert [len(client.recv(1 << 16)) for _ in SIZES] == SIZES
    finally:
        host.close()
