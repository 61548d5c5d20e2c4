"""TLS termination: certificates, and half-closing in both directions."""

import queue
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from boxship.api.server import App
from boxship.base.errors import InvalidParameter
from boxship.wire.exchange import Exchange
from boxship.wire.peer import Peer
from boxship.wire.tls import TlsFiles
from support.certificates import Certificates, issue
from support.requirements import require_tool
from support.serving import Serving, serving
from support.system_engine import SystemEngine

GET = b"GET / HTTP/1.1\r\nHost: d\r\n\r\n"


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return issue(tmp_path_factory.mktemp("certificates"))


class Taker:
    def __init__(self) -> None:
        self.taken: queue.Queue[socket.socket] = queue.Queue()
        self.peers: list[Peer] = []

    async def __call__(self, exchange: Exchange) -> None:
        self.peers.append(exchange.peer)
        if exchange.head.path == "/attach":
            connection = await exchange.hijack([("Upgrade", "tcp")], [])
            sock, received = connection.detach_socket()
            assert received == b""
            sock.settimeout(10)
            self.taken.put(sock)
        else:
            await exchange.respond(200, [], await exchange.body.read_all(1 << 20) or b"hello")


@pytest.fixture
def taker() -> Taker:
    return Taker()


@pytest.fixture
def server(taker: Taker, tmp_path: Path) -> Iterator[Serving]:
    with serving(taker, tmp_path) as running:
        yield running


def listen(server: Serving, context: ssl.SSLContext) -> int:
    listener = socket.create_server(("127.0.0.1", 0))
    port: int = listener.getsockname()[1]
    server.call(lambda: server.server.listen(listener, context))
    return port


@pytest.fixture
def port(server: Serving, certificates: Certificates) -> int:
    """Of a listener that verifies its clients."""
    files = TlsFiles(
        cert=certificates.cert("server"),
        key=certificates.key("server"),
        ca=certificates.cert("ca"),
        verify=True,
    )
    return listen(server, files.context())


class Client:
    """TLS over memory buffers: Python's own TLS sockets cannot half-close."""

    def __init__(self, port: int, certificates: Certificates, name: str | None = "client") -> None:
        context = ssl.create_default_context(cafile=certificates.cert("ca"))
        if name is not None:
            context.load_cert_chain(certificates.cert(name), certificates.key(name))
        self.sock = socket.create_connection(("127.0.0.1", port), 10)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname="localhost")
        self._complete(self.tls.do_handshake)

    def _complete(self, step: Callable[[], bytes | None]) -> bytes:
        while True:
            try:
                result = step()
                self.sock.sendall(self._outgoing.read())
                return result or b""
            except ssl.SSLWantReadError:
                self.sock.sendall(self._outgoing.read())
                data = self.sock.recv(65536)
                if data:
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()

    def send(self, data: bytes) -> None:
        self.tls.write(data)
        self.sock.sendall(self._outgoing.read())

    def send_end(self) -> None:
        """A close_notify alert; the TCP connection stays open, as Go's CloseWrite leaves it."""
        with pytest.raises(ssl.SSLWantReadError):
            self.tls.unwrap()
        self.sock.sendall(self._outgoing.read())

    def read_all(self) -> bytes:
        """Until the server's close_notify; a bare end of file is an error."""
        parts = []
        try:
            while part := self._complete(lambda: self.tls.read(65536)):
                parts.append(part)
        except ssl.SSLZeroReturnError:
            pass
        return b"".join(parts)

    def read_until(self, mark: bytes) -> bytes:
        data = b""
        while not data.endswith(mark):
            data += self._complete(lambda: self.tls.read(1))
        return data


def test_requests_and_the_clients_name(port: int, certificates: Certificates, taker: Taker) -> None:
    client = Client(port, certificates)
    client.send(GET)
    assert client.read_until(b"hello").startswith(b"HTTP/1.1 200 OK")
    assert (taker.peers[0].kind, taker.peers[0].subject) == ("tls", "client")


def test_a_large_body_goes_there_and_back(port: int, certificates: Certificates) -> None:
    client = Client(port, certificates)
    body = bytes(range(256)) * 4000
    head = f"POST / HTTP/1.1\r\nHost: d\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    client.send(head.encode() + body)
    assert client.read_all().endswith(b"\r\n\r\n" + body)


def test_a_client_that_ends_its_side_gets_its_answer(port: int, certificates: Certificates) -> None:
    client = Client(port, certificates)
    client.send(GET)
    client.send_end()
    assert client.read_all().endswith(b"hello")


def test_each_way_of_a_hijacked_stream_ends_alone(
    port: int, certificates: Certificates, taker: Taker
) -> None:
    client = Client(port, certificates)
    client.send(b"POST /attach HTTP/1.1\r\nHost: d\r\n\r\n")
    client.read_until(b"\r\n\r\n")
    ours = taker.taken.get(timeout=10)
    client.send(b"in")
    client.send_end()
    got = b""
    while part := ours.recv(100):
        got += part
    assert got == b"in"
    ours.sendall(bytes(2_000_000))
    ours.shutdown(socket.SHUT_WR)
    assert client.read_all() == bytes(2_000_000)
    ours.close()


def test_the_other_way_round(port: int, certificates: Certificates, taker: Taker) -> None:
    client = Client(port, certificates)
    client.send(b"POST /attach HTTP/1.1\r\nHost: d\r\n\r\n")
    client.read_until(b"\r\n\r\n")
    ours = taker.taken.get(timeout=10)
    ours.sendall(b"out")
    ours.shutdown(socket.SHUT_WR)
    assert client.read_all() == b"out"
    client.send(b"late")
    assert ours.recv(100) == b"late"
    ours.close()


def test_a_client_that_vanishes_ends_the_stream(
    port: int, certificates: Certificates, taker: Taker
) -> None:
    client = Client(port, certificates)
    client.send(b"POST /attach HTTP/1.1\r\nHost: d\r\n\r\n")
    client.read_until(b"\r\n\r\n")
    ours = taker.taken.get(timeout=10)
    client.sock.close()
    assert ours.recv(100) == b""
    ours.close()


@pytest.mark.parametrize("name", [None, "stranger"])
def test_clients_without_our_signature_are_refused(
    port: int, certificates: Certificates, taker: Taker, name: str | None
) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)):
        client = Client(port, certificates, name)
        client.send(GET)
        client.read_all()
        raise ConnectionError("closed without an alert")
    assert taker.peers == []


def test_without_verification_any_client_is_served(
    server: Serving, certificates: Certificates
) -> None:
    files = TlsFiles(cert=certificates.cert("server"), key=certificates.key("server"))
    client = Client(listen(server, files.context()), certificates, None)
    client.send(GET)
    client.read_until(b"hello")


def test_plain_http_is_told_so(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), 10) as sock:
        sock.sendall(GET)
        assert b"Client sent an HTTP request to an HTTPS server." in sock.recv(1000)


def test_noise_is_dropped_and_others_are_served(port: int, certificates: Certificates) -> None:
    with socket.create_connection(("127.0.0.1", port), 10) as sock:
        sock.sendall(bytes(100))
        assert len(sock.recv(100)) <= 7  # an alert at most
    client = Client(port, certificates)
    client.send(GET)
    client.read_until(b"hello")


def test_threads_end_with_their_connections(port: int, certificates: Certificates) -> None:
    client = Client(port, certificates)
    client.send(GET)
    client.read_until(b"hello")
    client.sock.close()
    for thread in threading.enumerate():
        if thread.name == "tls":
            thread.join(5)
            assert not thread.is_alive()


def test_broken_files_are_refused(certificates: Certificates) -> None:
    with pytest.raises(InvalidParameter, match="could not load"):
        TlsFiles(cert="/nowhere", key="/nowhere").context()
    with pytest.raises(InvalidParameter, match="could not load"):
        TlsFiles(cert=certificates.cert("server"), key=certificates.key("client")).context()
    with pytest.raises(InvalidParameter, match="CA"):
        TlsFiles(
            cert=certificates.cert("server"), key=certificates.key("server"), verify=True
        ).context()


def test_the_docker_cli(tmp_path: Path, certificates: Certificates) -> None:
    require_tool("docker")
    with serving(App(SystemEngine()), tmp_path) as server:
        files = TlsFiles(
            certificates.cert("server"), certificates.key("server"), certificates.cert("ca"), True
        )
        host = f"tcp://localhost:{listen(server, files.context())}"
        identity = [f"--tlscert={certificates.cert('client')}"]
        identity += [f"--tlskey={certificates.key('client')}"]
        verify = ["docker", "-H", host, "--tlsverify", f"--tlscacert={certificates.cert('ca')}"]
        ask = ["version", "--format", "{{.Server.APIVersion}}"]
        known = subprocess.run([*verify, *identity, *ask], capture_output=True, text=True)
        assert known.stdout == "1.51\n", known.stderr
        bare = subprocess.run(["docker", "-H", host, *ask], capture_output=True, text=True)
        assert "Client sent an HTTP request to an HTTPS server." in bare.stderr
