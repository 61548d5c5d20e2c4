"""``docker import`` of what the daemon fetches."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.engines import Engine
from support.inside import raw
from support.plain_http import ApiError, Client

_SERVER = (
    "import http.server, functools, sys\n"
    "handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])\n"
    "server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)\n"
    "print(server.server_address[1], flush=True)\n"
    "server.serve_forever()\n"
)


@pytest.fixture
def port(boxship_daemon: Engine, tmp_path: Path) -> Iterator[int]:
    """A web server of *tmp_path* in the daemon's network namespace."""
    enter = ["nsenter", f"--net=/proc/{boxship_daemon.pid}/ns/net"]
    command = [*enter, sys.executable, "-c", _SERVER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def _archive(directory: Path) -> None:
    (directory / "root").mkdir()
    (directory / "root" / "file").write_text("fetched")
    subprocess.run(
        ["tar", "-C", directory / "root", "-czf", directory / "x.tar.gz", "."], check=True
    )


def test_an_archive_from_elsewhere(boxship_daemon: Engine, port: int, tmp_path: Path) -> None:
    _archive(tmp_path)
    address = f"http://127.0.0.1:{port}/x.tar.gz"
    done = boxship_daemon.docker("import", "--change", "CMD x", address, "fetched:1")
    lines = done.stdout.splitlines()
    assert lines[0] == f"Downloading from {address}"
    image = json.loads(boxship_daemon.docker("image", "inspect", "fetched:1").stdout)[0]
    assert lines[-1] == image["Id"]
    assert image["Comment"] == f"Imported from {address}"
    boxship_daemon.docker("create", "--name", "box", "fetched:1")
    assert b"fetched" in raw(boxship_daemon, "cp", "box:/file", "-")
    boxship_daemon.docker("rm", "box")
    boxship_daemon.docker("rmi", "fetched:1")


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("http://127.0.0.1:{port}/missing", "404"),
        ("http://127.0.0.1:{port}/noise", "noise"),
        ("http://127.0.0.1:1/x", "refused"),
    ],
)
def test_what_cannot_be_fetched(
    boxship_daemon: Engine, port: int, tmp_path: Path, address: str, text: str
) -> None:
    (tmp_path / "noise").write_bytes(b"no archive at all" * 100)
    before = boxship_daemon.docker("images", "-aq").stdout
    done = boxship_daemon.docker("import", address.format(port=port), check=False)
    assert done.returncode == 1
    assert text in done.stderr or text == "noise"
    assert boxship_daemon.docker("images", "-aq").stdout == before
    staged = boxship_daemon.root / "data" / "staging"
    assert list(staged.iterdir()) == []


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data://x"])
def test_other_schemes(boxship_daemon: Engine, address: str) -> None:
    text = f'400 b\'{{"message":"cannot import {address}: it is neither an http nor an https URL'
    with (
        Client(boxship_daemon.socket) as client,
        pytest.raises(ApiError, match=re.escape(text)),
    ):
        client.call("POST", f"/images/create?fromSrc={address}")
