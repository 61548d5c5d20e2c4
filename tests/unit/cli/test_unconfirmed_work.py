"""A command has succeeded when the daemon says so, not when its answer ends without an error."""

import json
import socket
from pathlib import Path

import pytest

from boxship.cli.errors import UNCONFIRMED
from boxship.cli.main import main
from boxship.cli.progress import is_imported, is_loaded, is_pulled, is_pushed
from support.canned import Canned, serving

SILENT = [{"status": "Working", "id": "layer", "progressDetail": {"current": 1}}]
FULL = [{"errorDetail": {"message": "no space left"}, "error": "no space left"}]
COMMANDS = [
    ["load", "-i", "ARCHIVE"],
    ["load", "-q", "-i", "ARCHIVE"],
    ["import", "ARCHIVE", "one:latest"],
    ["pull", "one"],
    ["pull", "-q", "one"],
    ["push", "one"],
    ["push", "-q", "one"],
    ["build", "CONTEXT"],
    ["build", "-q", "CONTEXT"],
    ["capture", "/bin/true"],
]


def _body(data: bytes) -> bytes:
    kind = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
    return kind + str(len(data)).encode() + b"\r\n\r\n" + data


def _outcome(words: list[str], data: bytes, place: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run a command against a daemon whose one answer is *data*."""
    monkeypatch.setenv("DOCKER_CONFIG", str(place))
    monkeypatch.setenv("DOCKER_API_VERSION", "1.45")
    (place / "archive").write_bytes(b"archive")
    (place / "context").mkdir()
    (place / "context" / "Dockerfile").write_text("FROM scratch\n")
    known = {"ARCHIVE": str(place / "archive"), "CONTEXT": str(place / "context")}

    def talk(canned: Canned, sock: socket.socket) -> None:
        head = canned.head(sock)
        if head.startswith("HEAD"):
            sock.sendall(b"HTTP/1.1 200 OK\r\nServer: Other/1\r\nContent-Length: 0\r\n\r\n")
            head = canned.head(sock)
        if "chunked" in head.lower():
            received = b""
            while not received.endswith(b"0\r\n\r\n"):
                received += sock.recv(65536)
        sock.sendall(_body(data))

    with serving(talk) as canned:
        return main(["-H", canned.host, *(known.get(word, word) for word in words)])


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_an_answer_without_a_result_is_a_failure(
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    data = b"".join(json.dumps(document).encode() + b"\n" for document in SILENT)
    assert _outcome(words, data, tmp_path, monkeypatch) == 1
    assert UNCONFIRMED in capfd.readouterr().err


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_full_disk_is_reported(
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    data = b"".join(json.dumps(document).encode() + b"\n" for document in FULL)
    assert _outcome(words, data, tmp_path, monkeypatch) == 1
    captured = capfd.readouterr()
    assert "no space left" in captured.err and "Captured" not in captured.out


@pytest.mark.parametrize("data", [b"", b"{}", b"null"])
def test_a_commit_without_an_image_is_a_failure(
    data: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert _outcome(["commit", "box"], data, tmp_path, monkeypatch) == 1
    assert UNCONFIRMED in capfd.readouterr().err


def test_results_of_each_kind_are_recognized() -> None:
    assert is_loaded({"stream": "Loaded image: one:latest\n"})
    assert is_loaded({"stream": "Loaded image ID: sha256:00\n"})
    assert is_imported({"status": "sha256:00"})
    assert is_pulled({"status": "Status: Image is up to date for one:latest"})
    assert is_pushed({"progressDetail": {}, "aux": {"Tag": "1", "Digest": "sha256:00"}})
    assert is_pushed({"status": "1: digest: sha256:00 size: 3"})
    for document in (*SILENT, {"stream": "Step 1"}, {"aux": None}, {}):
        assert not any(known(document) for known in (is_loaded, is_imported, is_pulled, is_pushed))
