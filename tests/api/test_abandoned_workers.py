"""Work for a build whose client has gone ends, however far it has got."""

import http.client
import socket

from support import engines, leaks
from support.waiting import eventually

_LENGTH = 1 << 20


def _workers(daemon: engines.Engine) -> list[str]:
    return [row for row in leaks.processes(daemon.root) if "boxship-worker" in row]


def test_nobody_reads_on_for_a_client_that_is_gone(boxship_daemon: engines.Engine) -> None:
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(boxship_daemon.socket))
    connection.putrequest("POST", "/build?q=1")
    connection.putheader("Content-Length", str(_LENGTH))
    connection.endheaders(bytes(512))
    eventually(lambda: _workers(boxship_daemon) != [])
    connection.close()
    eventually(lambda: _workers(boxship_daemon) == [])
