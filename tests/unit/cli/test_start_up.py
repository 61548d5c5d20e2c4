"""What the CLI imports: its start is most of a short command's time."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from support.canned import Canned, serving

# Each of these costs milliseconds, or pulls in something that does.
HEAVY = {
    "argparse",
    "asyncio",
    "calendar",
    "collections",
    "concurrent.futures",
    "ctypes",
    "dataclasses",
    "datetime",
    "decimal",
    "email",
    "enum",
    "functools",
    "hashlib",
    "http.client",
    "importlib.metadata",
    "inspect",
    "json",
    "ipaddress",
    "logging",
    "msgspec",
    "pathlib",
    "random",
    "re",
    "secrets",
    "selectors",
    "shutil",
    "socket",
    "ssl",
    "subprocess",
    "tempfile",
    "textwrap",
    "threading",
    "typing",
    "urllib.parse",
}
SCRIPT = """
import sys
from boxship.cli.main import main
code = main(sys.argv[1:])
sys.stdout.flush()
print("\\n" + repr(sorted(sys.modules)), file=sys.stderr)
sys.exit(code)
"""


def modules_of(canned: Canned, *words: str) -> tuple[str, set[str]]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, "-H", canned.host, *words], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, set(json.loads(done.stderr.splitlines()[-1].replace("'", '"')))


def answering(document: object) -> "type[Answering]":
    class Prepared(Answering):
        body = json.dumps(document).encode()

    return Prepared


class Answering:
    """Negotiation and one answer on one connection."""

    body = b""

    def __new__(cls, canned: Canned, sock: socket.socket) -> "Answering":  # type: ignore[misc]
        canned.head(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\nApi-Version: 1.51\r\nContent-Length: 0\r\n\r\n")
        canned.head(sock)
        size = len(cls.body)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + cls.body)
        return object.__new__(cls)


@pytest.mark.parametrize(
    ("words", "document", "ours"),
    [
        (["version"], {"Components": []}, {"version"}),
        (["ps"], [], {"ps"}),
    ],
)
def test_short_commands_import_little(words: list[str], document: object, ours: set[str]) -> None:
    with serving(answering(document)) as canned:
        _, modules = modules_of(canned, *words)
    baseline = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"], capture_output=True, text=True
    )
    assert modules & HEAVY - set(baseline.stdout.split()) == set()
    commands = {name for name in modules if name.startswith("boxship.cli.commands.")}
    assert commands == {f"boxship.cli.commands.{name}" for name in ours}
    assert len({name for name in modules if name.startswith("boxship.")}) <= 40


def test_builds_import_little(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")

    def daemon(canned: Canned, sock: socket.socket) -> None:
        canned.head(sock)
        head = b"HTTP/1.1 200 OK\r\nApi-Version: 1.51\r\nServer: Boxship/1\r\n"
        sock.sendall(head + b"Content-Length: 0\r\n\r\n")
        asked = canned.head(sock)
        body = int(asked.partition("Content-Length: ")[2].partition("\r\n")[0])
        sock.recv(body, socket.MSG_WAITALL)
        sock.sendall(b'HTTP/1.1 101 UPGRADED\r\n\r\n{"ready":true}\n')
        assert sock.recv(1) == b"."
        sock.sendall(b'{"status":{}}\n{"result":{"containerimage.digest":"sha256:1"}}\n')

    with serving(daemon) as canned:
        shown, modules = modules_of(canned, "build", "-q", str(tmp_path))
    assert shown == "sha256:1\n"
    baseline = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"], capture_output=True, text=True
    )
    assert modules & HEAVY - set(baseline.stdout.split()) == set()
