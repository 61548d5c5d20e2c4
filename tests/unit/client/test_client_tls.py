"""The client's encrypted socket, against Python's own TLS server."""

import socket
import ssl
import threading
from collections.abc import Iterator

import pytest

from boxship.client.tls import TlsFiles, TlsSocket, wrap
from support.certificates import Certificates, issue


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return issue(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def ends(certificates: Certificates) -> Iterator[tuple[TlsSocket, ssl.SSLSocket]]:
    """A client and a server that have shaken hands."""
    near, far = socket.socketpair()
    far.settimeout(30)
    near.settimeout(30)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.cert("server"), certificates.key("server"))
    served: list[ssl.SSLSocket] = []

    def serve() -> None:
        served.append(context.wrap_socket(far, server_side=True))

    thread = threading.Thread(target=serve)
    thread.start()
    client = wrap(near, "localhost", TlsFiles("", True, ca=certificates.cert("ca")))
    thread.join()
    yield client, served[0]
    client.close()
    served[0].close()


def test_what_arrived_before_the_end_of_our_input_is_kept(
    ends: tuple[TlsSocket, ssl.SSLSocket],
) -> None:
    client, server = ends
    sent = b"".join(b"%07d\n" % number for number in range(2500))
    server.sendall(sent)
    client.shutdown(socket.SHUT_WR)
    server.sendall(b"after")
    assert server.recv(10) == b""
    server.close()
    got = bytearray()
    while data := client.recv(1000):
        got += data
    assert bytes(got) == sent + b"after"


def test_bytes_wait_for_a_peer_that_does_not_read(ends: tuple[TlsSocket, ssl.SSLSocket]) -> None:
    client, server = ends
    client.setblocking(False)
    block = bytes(range(256)) * 256
    taken = 0
    while sent := client.send(block):
        taken += sent
    client.shutdown(socket.SHUT_WR)
    assert not client.flush()
    got = bytearray()
    while data := server.recv(65536):
        got += data
        client.flush()
    assert bytes(got) == (block * (taken // len(block) + 1))[:taken]


def test_an_unknown_authority_is_refused(certificates: Certificates) -> None:
    near, far = socket.socketpair()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.cert("server"), certificates.key("server"))

    def serve() -> None:
        with pytest.raises(ssl.SSLError):
            context.wrap_socket(far, server_side=True)

    thread = threading.Thread(target=serve)
    thread.start()
    with pytest.raises(ssl.SSLCertVerificationError):
        wrap(near, "localhost", TlsFiles("", True, ca=certificates.cert("server")))
    thread.join()
    assert near.fileno() == -1
    far.close()
