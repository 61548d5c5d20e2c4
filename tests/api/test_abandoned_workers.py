"""Work for a build whose client has gone ends, whatever its files make of it."""

import http.client
import io
import socket
import tarfile

from support import engines, leaks
from support.contexts import add_file
from support.waiting import eventually

# It takes a regular expression longer than anybody waits to see that the name does not match.
_PATTERN, _NAME = "*a" * 20 + "*b", "a" * 200


def _workers(daemon: engines.Engine) -> list[str]:
    return [row for row in leaks.processes(daemon.root) if "boxship-worker" in row]


def test_nobody_waits_for_a_pattern_without_end(boxship_daemon: engines.Engine) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        add_file(tar, "Dockerfile", b"FROM busybox\nCOPY . /x\n")
        add_file(tar, ".dockerignore", _PATTERN.encode())
        add_file(tar, _NAME, b"")
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(boxship_daemon.socket))
    connection.request("POST", "/build?q=1", out.getvalue())
    eventually(lambda: _workers(boxship_daemon) != [])
    connection.close()
    eventually(lambda: _workers(boxship_daemon) == [])
