"""What ``boxship build`` sends to a daemon that is no Boxship."""

import io
import socket
import tarfile
from pathlib import Path

import pytest

from boxship.cli.main import main
from support.canned import Canned, serving


@pytest.mark.parametrize("flags", [[], ["--compress"]])
def test_the_archive_is_compressed_when_asked(tmp_path: Path, flags: list[str]) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "f").write_bytes(bytes(1 << 20))
    sent = bytearray()

    def other_daemon(canned: Canned, sock: socket.socket) -> None:
        canned.head(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\nContent-Length: 0\r\n\r\n")
        canned.head(sock)
        with sock.makefile("rb") as reader:
            while size := int(reader.readline(), 16):
                sent.extend(reader.read(size))
                reader.readline()
            reader.readline()
        result = b'{"aux":{"ID":"sha256:1"}}'
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(result) + result)

    with serving(other_daemon) as canned:
        assert main(["-H", canned.host, "build", *flags, str(tmp_path)]) == 0
    assert "POST" in canned.heads[1] and "/build" in canned.heads[1]
    assert (len(sent) < 1 << 16) == bool(flags)
    with tarfile.open(fileobj=io.BytesIO(sent), mode="r:gz" if flags else "r:") as tar:
        assert {"Dockerfile", "f"} <= {name.removeprefix("./") for name in tar.getnames()}


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["-o", "x", "--ssh", "default"], "--output and --ssh need a Boxship daemon"),
        (["--check"], "--check need a Boxship daemon"),
    ],
)
def test_what_the_classic_api_cannot_say_is_refused(
    tmp_path: Path, flags: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")

    def other_daemon(canned: Canned, sock: socket.socket) -> None:
        canned.head(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\nContent-Length: 0\r\n\r\n")

    with serving(other_daemon) as canned:
        assert main(["-H", canned.host, "build", *flags, str(tmp_path)]) == 1
    assert said in capsys.readouterr().err
    assert len(canned.heads) == 1
